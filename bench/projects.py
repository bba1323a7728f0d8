"""Measures the search among 100,000 projects, and an import of 50,000 lines: `python -m bench.projects`.

The search is shown beside a sequential scan for the same, the import beside the same projects put one by one.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from deploy.local.guard import guard_of_this_process
from deploy.local.postgres import PostgresServer
from services.accounting.projects.import_files import read_file
from services.accounting.projects.imports import Asked, Imports
from services.accounting.projects.store import Projects, Sort
from shared.migrate import migrate
from shared.postgres import Pool, open_pool

TIMES: Final = 7
LINES: Final = 50_000
PUT_ONE_BY_ONE: Final = 500
FILL: Final = """
INSERT INTO accounting.project (kind, code, name)
SELECT 'customer', 'C-' || n, (ARRAY['Stadt','Kreis','Reederei','Werft'])[1 + n % 4] || ' '
    || (ARRAY['Kiel','Lübeck','Flensburg','Rostock','Husum'])[1 + n / 4 % 5] || ' ' || n
FROM generate_series(1, 2000) AS n;
INSERT INTO accounting.project (kind, code, name, customer)
SELECT 'project', 'P-' || lpad(n::text, 6, '0'),
    (ARRAY['Brücke','Tunnel','Hafen','Schleuse','Schule','Rathaus','Kai','Deich'])[1 + (n * 7) % 8] || ' '
    || (ARRAY['Nord','Süd','Ost','West','Mitte'])[1 + (n * 3) % 5] || ' ' || md5(n::text),
    'C-' || (1 + n * 13 % 2000)
FROM generate_series(1, %(projects)s) AS n;
"""
SEARCHES: Final[tuple[tuple[str, str | None], ...]] = (
    ("no search", None),
    ("a whole code", "p-098765"),
    ("the beginning of many codes", "P-09"),
    ("a part that few names have", "c4ca4238"),
    ("a part that no name has", "zzzzzz"),
    ("a word that every eighth name has", "brucke"),
    ("two words together", "hafen ost"),
    ("two letters", "b4"),
    ("two letters that no name has", "zz"),
    ("a customer's name", "werft lubeck 7"),
)
SORTS: Final[tuple[Sort, ...]] = ("code", "name", "changed_at")


async def measure(pool: Pool) -> list[tuple[str, Sort, float, float]]:
    """Each search in each order: the median by the indexes, and without any, in ms."""
    projects = Projects(pool)
    rows = []
    for name, text in SEARCHES:
        for sort in SORTS:

            async def ask(text: str | None = text, sort: Sort = sort) -> Any:
                return await projects.page("project", limit=50, sort=sort, search=text)

            ours = await _median_ms(ask)
            await _index_scans(pool, on=False)
            scan = await _median_ms(ask)
            await _index_scans(pool, on=True)
            rows.append((name, sort, ours, scan))
    return rows


async def _index_scans(pool: Pool, *, on: bool) -> None:
    async with pool.connection() as connection:
        for setting in ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan"):
            await connection.execute(f"SET {setting} = {'on' if on else 'off'}")


async def _median_ms(ask: Callable[[], Awaitable[Any]]) -> float:
    await ask()
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - started) * 1_000)
    return median(times)


def table(rows: list[tuple[str, Sort, float, float]]) -> str:
    """Markdown: each search as a part of what a sequential scan takes for it."""
    lines = ["| search | order | sequential scan / ours | ours, ms |", "|---|---|---:|---:|"]
    lines += [f"| {name} | {sort} | {scan / ours:.1f} | {ours:.1f} |" for name, sort, ours, scan in rows]
    worst = max(ours for _, _, ours, _ in rows)
    return "\n".join([*lines, "", f"The slowest takes {worst:.1f} ms, which must be less than 50."])


def import_file() -> bytes:
    """A file with one bad line in a hundred."""
    lines = [f"N-{n};Projekt Brücke {n};{'?' if n % 100 == 0 else 'ja'}" for n in range(LINES)]
    return "\n".join(["code;name;billable", *lines]).encode()


async def measure_import(pool: Pool) -> str:
    """Markdown: lines per second of each way, as a ratio to putting one by one."""
    projects = Projects(pool)
    raw = import_file()
    started = time.perf_counter()
    file = read_file("project", raw)
    read_s = time.perf_counter() - started
    asked = Asked("bench", on_error="skip")
    took = []
    for _ in range(2):
        started = time.perf_counter()
        await Imports(projects).run(file, asked)
        took.append(time.perf_counter() - started)
    started = time.perf_counter()
    for number in range(PUT_ONE_BY_ONE):
        await projects.put("project", f"O-{number}", {"name": f"Projekt Brücke {number}"})
    one_by_one = (time.perf_counter() - started) / PUT_ONE_BY_ONE * LINES
    lines = ["| 50,000 lines, 1 % of them bad | seconds | one by one / this |", "|---|---:|---:|"]
    rows = (
        ("read and checked", read_s),
        ("all new: compared and written", took[0]),
        ("again: compared, nothing written", took[1]),
        ("one by one, from 500", one_by_one),
    )
    lines += [f"| {name} | {seconds:.1f} | {one_by_one / seconds:.1f} |" for name, seconds in rows]
    return "\n".join(lines)


async def _run(url: str, projects: int) -> str:
    pool = await open_pool(url, name="bench", max_size=1)
    try:
        async with pool.connection() as connection:
            for statement in FILL.replace("%(projects)s", str(projects)).split(";\n")[:-1]:
                await connection.execute(statement.encode())
            await connection.execute("ANALYZE accounting.project")
            await connection.execute("SELECT accounting.settle_project_words()")
        return "\n\n".join([table(await measure(pool)), await measure_import(pool)])
    finally:
        await pool.close()


def main() -> int:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.projects", description=__doc__.partition("\n")[0] if __doc__ else None
    )
    parser.add_argument("--projects", type=int, default=100_000)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="inkmeter-bench-"))
    folder.chmod(0o755)
    try:
        with PostgresServer(folder / "postgres") as postgres:
            url = postgres.url_of("postgres")
            migrate(url)
            sys.stdout.write(asyncio.run(_run(url, asked.projects)) + "\n")
    finally:
        guard_of_this_process().close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
