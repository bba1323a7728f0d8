"""Measures re-rating: a what-if on one core, and a month re-priced by new entries beside an UPDATE in place.

    make bench-rerate ARGS="--jobs 630000 --rounds 3"

Both ways of re-pricing read and price the lines by the same code, and end with the same sums, which is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

import psutil
import psycopg

from bench import ledger_rows
from bench.measure import Meters
from bench.servers import POSTGRES
from deploy.local.guard import guard_of_this_process
from deploy.local.postgres import PostgresServer
from services.accounting.amend import open_staging
from services.accounting.books.store import PriceBooks
from services.accounting.filters import LineFilters, Where
from services.accounting.pricelist.toml_text import from_toml
from services.accounting.rerate.changes import Changes
from services.accounting.rerate.effect import Effect
from services.accounting.rerate.lists import compiled, load_lists
from services.accounting.rerate.post import roll_up
from services.accounting.rerate.prices import Repricer
from services.accounting.rerate.question import AsIf
from services.accounting.rerate.read import Reader, load_names
from services.accounting.rerate.reprice import Repricing, RuleNumbers, compared_with_booked, reprice
from services.accounting.rerate.session import nobody, opened
from services.accounting.rerate.stage import stage_changes
from services.accounting.rerate.what_if import Replay, replay
from services.accounting.verify import verify
from shared.migrate import migrate
from shared.periods import parse_period
from shared.postgres import open_pool

TEMPLATE: Final = "rerate_template"
PERIOD: Final = "2026-01"
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
TARGETS: Final = {"what-if": 300_000}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    way: str
    lines: int
    seconds: float
    client_cpu_s: float
    server_cpu_s: float
    wal_bytes: int


class Bench:
    """A running server with a filled template."""

    def __init__(self, server: PostgresServer, jobs: int) -> None:
        self._server = server
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        url = server.url_of(TEMPLATE)
        migrate(url)
        ledger_rows.fill(url, ledger_rows.Spec(jobs=jobs, first_month=START.date(), months=1))
        asyncio.run(self._publish(url))
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM accounting.charge").fetchone()
        assert row
        self.lines: int = row[0]

    @staticmethod
    async def _publish(url: str) -> None:
        """Other rates, as the next version of both lists: nearly every amount changes."""
        pool = await open_pool(url, name="bench")
        try:
            books = PriceBooks(pool, ZoneInfo("UTC"))
            for text in ledger_rows.price_lists(more="7"):
                prices = from_toml(text, currency="EUR")
                await books.put_draft(prices)
                await books.publish(prices.name, by="bench")
        finally:
            await pool.close()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh copy of the template, with nothing left to write."""
        self._execute(f"CREATE DATABASE rerate TEMPLATE {TEMPLATE}")
        self._execute("CHECKPOINT")
        os.sync()
        try:
            yield self._server.url_of("rerate")
        finally:
            self._execute("DROP DATABASE rerate WITH (FORCE)")

    def measure(self, way: str, url: str) -> Measured:
        """One run of one way."""
        assert self._server.pid
        with psycopg.connect(url, autocommit=True) as connection:
            meters = Meters(self._server.pid, connection, [os.getpid()])
            first = meters.read()
            asyncio.run(WAYS[way](url))
            at_s = time.monotonic()
            # What a session used is known once the server has seen it end.
            time.sleep(0.2)
            last = meters.read(at_s)
        return Measured(
            way,
            self.lines,
            last.at_s - first.at_s,
            last.client_cpu_s - first.client_cpu_s,
            last.server_cpu_s - first.server_cpu_s,
            last.wal_bytes - first.wal_bytes,
        )

    @contextmanager
    def one_core(self) -> Iterator[None]:
        """This process and new sessions of the server share one core."""
        assert self._server.pid
        for pid in (os.getpid(), self._server.pid):
            psutil.Process(pid).cpu_affinity([0])
        try:
            yield
        finally:
            for pid in (os.getpid(), self._server.pid):
                psutil.Process(pid).cpu_affinity(list(range(psutil.cpu_count() or 1)))


async def what_if(url: str) -> None:
    """The newest price list against what is booked, with sums by everything."""
    pool = await open_pool(url, name="bench")
    version = await PriceBooks(pool, ZoneInfo("UTC")).get("bench-price")
    await pool.close()
    asked = Replay(
        filters=LineFilters(),
        period=parse_period(PERIOD, now=NOW, timezone="UTC"),
        prices=compiled(version),
        where=AsIf(),
    )
    told = await replay(url, await load_lists(url), asked, timezone="UTC")
    assert told.total.changed > 0


async def new_entries(url: str) -> None:
    """Re-prices the month as the service does."""
    asked = Repricing(filters=LineFilters(period=PERIOD), actor="bench", reason="other rates")
    [month] = await reprice(url, await load_lists(url), asked, now=NOW, timezone="UTC", progress=nobody)
    assert month.correction_no


async def in_place(url: str) -> None:
    """Prices the month the same way, updates the charges, and moves the sums on by the same code."""
    lists, changes, numbers = await load_lists(url), Changes(), RuleNumbers(url)
    async with opened(url, is_snapshot=True) as source, opened(url) as target:
        names = await load_names(source)
        repricer = Repricer(lists.book, names, lists.customers)
        reader = Reader(source, Where("true", {}), names, repricer.needs, states=True)
        effect = Effect(())
        async for lines in reader.read(START, END):
            priced = repricer.price(lines)
            effect.add(priced.lines, *compared_with_booked(priced), month=0)
            changes.add(priced, await numbers.of(repricer))
        for table in ("charge", "charge_2026_01"):
            await target.execute(f"ALTER TABLE ONLY accounting.{table} DISABLE TRIGGER USER".encode())
        await open_staging(target)
        await stage_changes(target, changes)
        await target.execute("ANALYZE pg_temp.staged_amendment")
        await target.execute(_UPDATE)
        await roll_up(target, changes.columns())
        await target.commit()
    numbers.close()


_UPDATE: Final = """
UPDATE accounting.charge AS c SET cost_micro = s.cost_micro, price_micro = s.price_micro,
    cost_rule_no = s.cost_rule_no, price_rule_no = s.price_rule_no,
    unpriced_lines = (s.cost_micro IS NULL OR s.price_micro IS NULL)::integer
FROM pg_temp.staged_amendment AS s
WHERE c.entry_id = s.charge_entry_id AND c.line = s.line AND c.occurred_at = s.occurred_at
    AND c.occurred_at >= '2026-01-01 00:00:00+00' AND c.occurred_at < '2026-02-01 00:00:00+00'
"""
WAYS: Final = {"what-if": what_if, "new entries": new_entries, "in place": in_place}


def _sums(url: str) -> Sequence[object]:
    """What both ways must agree on."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT project_no, sum(cost_micro), sum(price_micro), sum(unpriced_lines) "
            "FROM accounting.rollup_project GROUP BY 1 ORDER BY 1"
        ).fetchall()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=786_000, help="jobs of the month; each has 1.27 lines")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="inkmeter-bench-"))
    folder.chmod(0o755)
    results: list[Measured] = []
    try:
        with PostgresServer(folder / "postgres", settings=POSTGRES) as server:
            bench = Bench(server, asked.jobs)
            for number in range(1, asked.rounds + 1):
                sums = []
                for way in WAYS:
                    with bench.database() as _:
                        url = server.url_of("rerate")
                        if way == "what-if":
                            with bench.one_core():
                                results.append(bench.measure(way, url))
                        else:
                            results.append(bench.measure(way, url))
                            sums.append(_sums(url))
                            if way == "new entries" and number == 1:
                                report = verify(url)
                                assert report.ok, report.findings
                    print(f"round {number}: {results[-1]}", flush=True)
                    time.sleep(0.5)
                assert sums[0] == sums[1], "both ways of re-pricing must come to the same sums"
    finally:
        guard_of_this_process().close()
        shutil.rmtree(folder, ignore_errors=True)
    print(table(results))
    return 0


def table(results: Sequence[Measured]) -> str:
    """Markdown: one row per way, then the ratios."""
    lines = [
        "| way | lines/s | s | client us/line | server us/line | WAL B/line |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    by = {way: [each for each in results if each.way == way] for way in WAYS}
    for way, some in by.items():
        count = some[0].lines
        seconds = median(each.seconds for each in some)
        client, server = (
            median(getattr(each, f"{side}_cpu_s") for each in some) / count * 1e6 for side in ("client", "server")
        )
        wal = median(each.wal_bytes for each in some) / count
        lines.append(
            f"| {way} | {count / seconds:,.0f} | {seconds:.1f} | {client:.1f} | {server:.1f} | {wal:,.0f} |"
        )
    cpu = median(each.lines / (each.client_cpu_s + each.server_cpu_s) for each in by["what-if"])
    pairs = list(zip(by["in place"], by["new entries"], strict=True))
    walls = [old.seconds / new.seconds for old, new in pairs]
    cpus = [(old.client_cpu_s + old.server_cpu_s) / (new.client_cpu_s + new.server_cpu_s) for old, new in pairs]
    target = f"(target: {TARGETS['what-if']:,} on one core)"
    lines += ["", f"What-if: {cpu:,.0f} lines a second of processor time, client and server together {target}."]
    spread = f"{median(walls):.2f} in time ({min(walls):.2f}-{max(walls):.2f})"
    lines.append(f"In place / new entries: {spread}, {median(cpus):.2f} in processor time (target: 6).")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
