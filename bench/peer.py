"""A peer's run: its process in its own environment, measured from its first commit to its last."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from bench.measure import Reading
from bench.peers.spec import VARIABLE, Spec
from bench.run import DEADLINE_S, ROOT, Processes, Result, Run, result
from bench.servers import PEERS
from services.accounting.rollups import ROLLUPS, moved_on, summed
from services.accounting.verify import verify

PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
POLL_S: Final = 0.005


class Peer(NamedTuple):
    """One peer: its program, the schema it fills, and whether it keeps the rollups as well."""

    module: str
    schema: str = "accounting"
    rollups: bool = False


PEER: Final = {
    "a": Peer("quix_sink", schema="peers"),
    "b": Peer("faust_batch", rollups=True),
    "c": Peer("faust_event"),
    "d": Peer("faststream_batch", rollups=True),
}


def measure(run: Run, peer: Peer) -> Result:
    """Runs it until it has written all records, and checks that all rows are there.

    The clock runs from the first commit to the last one, so that no peer's start counts against it.
    """
    spec = _spec(run)
    told = run.folder / "spec.json"
    told.write_bytes(msgspec.json.encode(spec))
    told.chmod(0o600)
    processes = Processes(run.folder)
    progress = Path(spec.progress)
    progress.touch(mode=0o600)
    try:
        argv = [str(PYTHON), "-m", f"bench.peers.{peer.module}"]
        meters = run.meters([processes.start(f"peer-{run.pipeline}", argv, {VARIABLE: str(told)})])
        first: Reading | None = None
        before, give_up_s, next_memory_s = 0, time.monotonic() + DEADLINE_S, 0.0
        while True:
            done, at_s = _last_line(progress)
            if done and first is None:
                first, before = meters.read(at_s), done
            if done >= run.content.records and first:
                last = meters.read(at_s)
                break
            if time.monotonic() > next_memory_s:
                meters.watch_memory()
                processes.check()
                next_memory_s = time.monotonic() + 0.2
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"{run.pipeline} stands at {done} of {run.content.records}")
            time.sleep(POLL_S)
        meters.watch_memory()
    finally:
        processes.close(gently=False)
    _check(run, peer)
    jobs = run.content.jobs * (run.content.records - before) / run.content.records
    return result(run, jobs, first, last, max(meters.peak_rss_bytes))


def _spec(run: Run) -> Spec:
    parts = urlsplit(run.url)
    return Spec(
        host=parts.hostname or "",
        port=parts.port or 0,
        user=parts.username or "",
        password=unquote(parts.password or ""),
        database=run.database,
        bootstrap=run.servers.kafka.bootstrap,
        topic=f"{PEERS}jobs.v1",
        group=f"bench-{run.pipeline}-{run.number}",
        records=run.content.records,
        roll_up=[moved_on(each, summed(each, "pg_temp.staged_charge")) for each in ROLLUPS],
        progress=str(run.folder / "progress"),
    )


def _last_line(progress: Path) -> tuple[int, float]:
    """How many records were done, and when; whole lines only."""
    with progress.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - 200))
        lines = file.read().split(b"\n")
    if len(lines) < 2:
        return 0, 0.0
    done, at_s = lines[-2].split()
    return int(done), float(at_s)


def _check(run: Run, peer: Peer) -> None:
    """Every job and line once; rollups, where it keeps them, as the ledger's own check counts them."""
    assert run.scalar(f"SELECT count(*) FROM {peer.schema}.job") == run.content.jobs
    assert run.scalar(f"SELECT count(*) FROM {peer.schema}.charge") == run.content.lines_posted
    if peer.rollups:
        wrong = [each for each in verify(run.url).findings if each.check.startswith("rollup") and each.wrong]
        assert not wrong, wrong
