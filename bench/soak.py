"""A million charges through kill -9, again and again, and the ledger is whole: `make soak`."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from bench.ours import TAKEN, start
from bench.run import Processes, Run, run_of
from bench.servers import OURS, servers
from services.accounting.verify import verify

DEADLINE_S = 1_800.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Kills the worker at random moments until all is taken; 0 if the ledger is exact after that."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--jobs", type=int, default=800_000, help="different jobs, of 1.27 lines on average")
    asked = parser.parse_args(arguments)
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    with servers(asked.jobs, 100) as running, run_of(running, "soak", 0, OURS) as run:
        began_s = time.monotonic()
        kills = _through_kills(run)
        report = verify(run.url)
        said = (
            f"{report.jobs:,} jobs, {report.lines:,} charges, {kills} kills, {time.monotonic() - began_s:.0f} s: "
        )
        is_exact = report.ok and (report.jobs, report.lines) == (run.content.jobs, run.content.lines_posted)
        sys.stdout.write(said + ("exact, and verify is clean\n" if is_exact else f"WRONG: {report.findings}\n"))
        return 0 if is_exact else 1


def _through_kills(run: Run) -> int:
    """How often the worker was killed before it had taken everything."""
    chance, kills, give_up_s = random.Random(4), 0, time.monotonic() + DEADLINE_S
    while run.scalar(TAKEN) < run.content.records:
        folder_of_this_life = Processes(run.folder)
        try:
            start(run, folder_of_this_life, kills, "bench.worker")
            before, dies_s = run.scalar(TAKEN), 0.0
            while (taken := run.scalar(TAKEN)) < run.content.records:
                if taken > before and not dies_s:
                    dies_s = time.monotonic() + chance.uniform(0.1, 3.0)
                if dies_s and time.monotonic() > dies_s:
                    kills += 1
                    break
                if time.monotonic() > give_up_s:
                    raise RuntimeError(f"{taken} of {run.content.records} after {DEADLINE_S:.0f} s")
                time.sleep(0.05)
        finally:
            folder_of_this_life.close(gently=False)
    return kills


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
