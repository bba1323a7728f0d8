"""The ledger's own workers: one or two processes, from the lease of their partitions to the last commit."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from statistics import median

from bench.measure import Reading
from bench.run import DEADLINE_S, Processes, Result, Run, result
from bench.servers import OURS
from deploy.local.ports import free_port
from services.accounting.verify import verify

POLL_S = 0.02


def measure(run: Run, workers: int, module: str = "bench.worker", *, is_new: bool = True) -> Result:
    """Runs so many workers until they have taken all records, and checks what they posted if all of it is new.

    The clock starts when the first partition is leased, which is when the first worker begins to read, and ends
    when the offsets, which move in each batch's transaction, say that all records are in: the first batch counts.
    """
    processes = Processes(run.folder)
    relayed_s = 0.0
    try:
        pids = [start(run, processes, at, module) for at in range(workers)]
        meters = run.meters(pids)
        wait(run, processes, f"SELECT count(*) FROM accounting.offsets WHERE topic = '{TOPIC}'", 1)
        first, next_memory_s = meters.read(), 0.0
        committed: list[tuple[int, float]] = []
        rss: list[tuple[float, int]] = []
        while (taken := run.scalar(TAKEN)) < run.content.records:
            if taken and not committed:
                committed.append((taken, time.monotonic()))
            if time.monotonic() > next_memory_s:
                rss.append((taken / run.content.records, meters.watch_memory()))
                processes.check()
                next_memory_s = time.monotonic() + 0.2
            if time.monotonic() - first.at_s > DEADLINE_S:
                raise RuntimeError(f"{run.pipeline} stands at {taken} of {run.content.records}")
            time.sleep(POLL_S)
        last: Reading = meters.read()
        rss.append((1.0, meters.watch_memory()))
        if run.pipeline == "service":
            wait(run, processes, RELAYED, 1, within_s=DEADLINE_S)
            relayed_s = time.monotonic() - first.at_s
        processes.close(gently=True)
    finally:
        processes.close(gently=False)
    if is_new:
        _check(run, workers)
    done = result(run, run.content.jobs, first, last, max(meters.peak_rss_bytes))
    done = replace(
        done,
        relayed_jobs_per_s=run.content.jobs / relayed_s if relayed_s else 0.0,
        rss_growth=_growth(rss),
    )
    if not committed:
        return done
    taken, at_s = committed[0]
    rest = run.content.jobs * (run.content.records - taken) / run.content.records
    return replace(done, steady_jobs_per_s=rest / (last.at_s - at_s))


def _growth(rss: list[tuple[float, int]]) -> float:
    """The median of the last quarter over that of the first one, which begins when there is a first batch."""
    early = [size for share, size in rss if 0 < share <= QUARTER]
    late = [size for share, size in rss if share >= 1 - QUARTER]
    return median(late) / median(early) if early else 0.0


QUARTER = 0.25
TOPIC = f"{OURS}jobs.v1"
TAKEN = f"SELECT coalesce(sum(next_offset), 0) FROM accounting.offsets WHERE topic = '{TOPIC}'"
RELAYED = f"""
SELECT (count(*) = 0)::integer
FROM accounting.offsets AS o LEFT JOIN accounting.relay_cursor AS c USING (topic, partition)
WHERE topic = '{TOPIC}' AND coalesce(c.next_offset, 0) < o.next_offset
"""


def start(run: Run, processes: Processes, at: int, module: str) -> int:
    data = run.folder / f"worker-{at}"
    data.mkdir()
    token = run.folder / "token"
    token.write_text("0" * 32)
    token.chmod(0o600)
    port = free_port()
    return processes.start(
        f"{run.pipeline}-{at}",
        [sys.executable, "-m", *module.split()],
        {
            "INKMETER_KAFKA_BOOTSTRAP": run.servers.kafka.bootstrap,
            "INKMETER_DATABASE_URL": run.url,
            "INKMETER_TOPIC_PREFIX": OURS,
            "INKMETER_DATA_DIR": str(data),
            "INKMETER_TOKEN_FILE": str(token),
            "INKMETER_HTTP_PORT": str(port),
        },
    )


def wait(run: Run, processes: Processes, query: str, at_least: int, *, within_s: float = 60.0) -> None:
    give_up_s = time.monotonic() + within_s
    while run.scalar(query) < at_least:
        processes.check()
        if time.monotonic() > give_up_s:
            raise RuntimeError(f"{run.pipeline}: {query} stays below {at_least}")
        time.sleep(POLL_S / 4)


def _check(run: Run, workers: int) -> None:
    """The ledger must be whole, and every line priced in both books."""
    report = verify(run.url)
    assert report.ok, report.findings
    assert (report.jobs, report.lines) == (run.content.jobs, run.content.lines_posted), report
    assert run.scalar("SELECT coalesce(sum(unpriced_lines), 0) FROM accounting.charge") == 0
    if workers > 1:
        shares = run.scalar("SELECT count(DISTINCT xmin::text) FROM accounting.offsets WHERE topic <> ''")
        assert shares >= workers, "one worker has done all"
