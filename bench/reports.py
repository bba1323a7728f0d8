"""Measures summaries from the sums beside the same answers by GROUP BY on the ledger: `make bench-reports`."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg

from bench.ledger_rows import Spec, fill
from bench.report_queries import FIRST_MONTH, REPORTS, Report
from bench.servers import POSTGRES
from deploy.local.guard import guard_of_this_process
from deploy.local.postgres import PostgresServer
from shared.migrate import migrate

LINES: Final = 10_000_000
ROUNDS: Final = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Fills a ledger, asks every question both ways, and prints the ratios; 1 if two answers differ."""
    asked = _arguments(arguments)
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    with filled_ledger(asked.lines * 100 // 127) as url, psycopg.connect(url) as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        measured = [(report, *_measure(connection, report, asked.rounds)) for report in REPORTS]
    _say("")
    _say(table(measured))
    return 0 if all(same for *_, same in measured) else 1


@contextmanager
def filled_ledger(jobs: int) -> Iterator[str]:
    """A PostgreSQL of its own with a ledger of one year, 1.27 lines a job; gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="inkmeter-bench-"))
    folder.chmod(0o755)
    try:
        with PostgresServer(folder / "postgres", settings=POSTGRES) as server:
            url = server.url_of("postgres")
            migrate(url)
            began = time.perf_counter()
            fill(url, Spec(jobs=jobs, first_month=FIRST_MONTH))
            with psycopg.connect(url) as connection:
                [[lines]] = connection.execute("SELECT count(*) FROM accounting.charge").fetchall()
            _say(f"{lines:,} lines of {jobs:,} jobs, with all sums, made in {time.perf_counter() - began:.0f} s")
            yield url
    finally:
        guard_of_this_process().close()
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    connection: psycopg.Connection[tuple[Any, ...]], report: Report, rounds: int
) -> tuple[list[float], list[float], bool]:
    """Seconds by sums and by lines, round by round in turn, and whether the answers are identical."""
    by_sums, by_lines = [], []
    same = True
    for number in range(rounds + 1):
        sums_s, one = _timed(connection, report.sums)
        lines_s, other = _timed(connection, report.lines)
        same &= one == other
        if number:  # the first round warms the cache
            by_sums.append(sums_s)
            by_lines.append(lines_s)
    ratio = median(by_lines) / median(by_sums)
    _say(f"{report.name}: {ratio:,.0f} x, {len(one):,} rows{'' if same else ', ANSWERS DIFFER'}")
    return by_sums, by_lines, same


def _timed(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> tuple[float, list[tuple[Any, ...]]]:
    began = time.perf_counter()
    rows = connection.execute(query.encode()).fetchall()
    seconds = time.perf_counter() - began
    connection.rollback()
    return seconds, sorted(rows)


def table(measured: Sequence[tuple[Report, list[float], list[float], bool]]) -> str:
    """Markdown: one row per question."""
    lines = [
        "| summary | from the sums | from the lines | ratio | min-max | target | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for report, by_sums, by_lines, same in measured:
        ratio = median(by_lines) / median(by_sums)
        ratios = [line / total for line, total in zip(by_lines, by_sums, strict=True)]
        word = "reached" if ratio >= report.at_least else "not reached"
        lines.append(
            f"| {report.name} | {median(by_sums) * 1_000:,.1f} ms | {median(by_lines) * 1_000:,.0f} ms "
            f"| {ratio:,.0f} | {min(ratios):,.0f}-{max(ratios):,.0f} | >= {report.at_least:g} "
            f"| {word if same else 'ANSWERS DIFFER'} |"
        )
    return "\n".join(lines)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="lines of the ledger, over one year")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
