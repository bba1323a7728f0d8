"""Measures the ledger beside a limit and beside other stream processors, round by round: `make bench-ledger`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from bench import limit, ours, peer
from bench.run import ROOT, Result, run_of
from bench.servers import OURS, PEERS, Servers, servers
from bench.table import NAMES, table

ORDER: Final = ("ours-1", "l1", "ours-2", "service", "a", "d", "b", "c")
"""One round."""
SETTLE_S: Final = 1.0
WARM_UP: Final = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table, and keeps every round in bench/results/."""
    asked = _arguments(arguments)
    # However it is told to end, it ends in order: servers stopped, folder gone.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    # Topics that were made a moment ago have no leader yet: the producer tries again, and says so every time.
    results: list[Result] = []
    with servers(asked.jobs, asked.peer_jobs) as running:
        _say(f"Kafka and PostgreSQL run; in Kafka: {running.contents}")
        _measure(running, "ours-1", WARM_UP)
        for number in range(1, asked.rounds + 1):
            for name in asked.only:
                done = _measure(running, name, number)
                results.append(done)
                _say(f"round {number}: {NAMES[name]}: {done.jobs_per_s:,.0f} jobs/s in {done.seconds:.2f} s")
        kept = _keep(results, running, asked)
    _say("")
    _say(table(results))
    _say(f"\nEvery round: {kept.relative_to(ROOT)}")
    return 0


def _measure(running: Servers, name: str, number: int) -> Result:
    """One run of one pipeline; the warm-up also writes the rows for L1."""
    is_peer = name in peer.PEER
    with run_of(running, name, number, PEERS if is_peer else OURS) as run:
        time.sleep(SETTLE_S)
        if is_peer:
            return peer.measure(run, peer.PEER[name])
        if name == "l1":
            return limit.measure(run, running.folder)
        if name == "service":
            return ours.measure(run, 1, "services.cli run accounting")
        done = ours.measure(run, 2 if name == "ours-2" else 1)
        if number == WARM_UP:
            limit.keep_rows(run, running.folder)
        return done


def _keep(results: Sequence[Result], running: Servers, asked: argparse.Namespace) -> Path:
    """Writes the raw rounds as JSON."""
    now = datetime.now(UTC)
    content = {
        "measured_at": now.isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "jobs": asked.jobs,
        "peer_jobs": asked.peer_jobs,
        "contents": {prefix: asdict(each) for prefix, each in running.contents.items()},
        "results": [asdict(each) for each in results],
    }
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"ledger-{now:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200_000, help="different jobs for the ledger and L1")
    parser.add_argument("--peer-jobs", type=int, default=60_000, help="different jobs for each peer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(ORDER), help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="one small round, to see that all of it works")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.jobs, asked.peer_jobs, asked.rounds = 20_000, 6_000, 1
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(NAMES):
        parser.error(f"there is no pipeline {', '.join(sorted(unknown))}, only: {', '.join(NAMES)}")
    return asked


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
