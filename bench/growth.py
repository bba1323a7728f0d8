"""How the ledger's cost grows: its rate into an empty and a full one, and its memory: `make bench-growth`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from statistics import median

from bench import ours
from bench.events import MONTHS
from bench.ledger_rows import Spec, fill
from bench.run import Result, Run, run_of
from bench.servers import OURS, servers
from shared.migrate import migrate

AT_LEAST = 0.65
AT_MOST_GROWN = 1.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures into an empty and into a full ledger in turn, and prints both ratios with their targets."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="jobs to be posted")
    parser.add_argument("--full", type=int, default=10_000_000, help="jobs that are there already")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    with servers(asked.jobs, 100) as running:
        running.execute("CREATE DATABASE full_ledger")
        url = running.postgres.url_of("full_ledger")
        migrate(url)
        fill(url, Spec(jobs=asked.full, first_month=date(2025, 3, 1)))
        into: dict[str, list[Result]] = {"empty": [], "full": []}
        for number in range(asked.rounds):
            for name, template in (("empty", None), ("full", "full_ledger")):
                with run_of(running, f"{name}-ledger", number, OURS, template=template) as run:
                    _months(run)
                    into[name].append(ours.measure(run, 1, is_new=name == "empty"))
                    sys.stdout.write(f"{name}: {into[name][-1].jobs_per_s:,.0f} jobs/s\n")
                    sys.stdout.flush()
    sys.stdout.write(_table(into) + "\n")
    return 0


def _months(run: Run) -> None:
    for month in MONTHS:
        run.connection.execute("SELECT accounting.make_month(%s)", [month])


def _table(into: dict[str, list[Result]]) -> str:
    rates = {name: median(each.jobs_per_s for each in some) for name, some in into.items()}
    ratio, grown = rates["full"] / rates["empty"], median(each.rss_growth for each in into["empty"])
    lines = ["| | measured | target | |", "|---|---:|---:|---|"]
    word = "reached" if ratio >= AT_LEAST else "not reached"
    lines.append(f"| rate into the full ledger / into an empty one | {ratio:.2f} | >= {AT_LEAST} | {word} |")
    word = "reached" if grown <= AT_MOST_GROWN else "not reached"
    lines.append(f"| memory, last quarter of the events / first | {grown:.2f} | <= {AT_MOST_GROWN} | {word} |")
    return "\n".join(lines)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
