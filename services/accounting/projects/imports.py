"""Takes files of projects, customers, departments and budgets in: all at once, set by set, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct
from psycopg import AsyncConnection

from services.accounting.books import assignments
from services.accounting.books.loader import QUERIES as PRICE_QUERIES
from services.accounting.csvfile import Fault
from services.accounting.pricing.entries import Book
from services.accounting.projects.import_files import COLUMNS, ReadFile
from services.accounting.projects.store import Projects
from shared import sqlfile
from shared.errors import Reject
from shared.http.problems import FieldError, Invalid
from shared.postgres import classified

QUERIES: Final = sqlfile.load("services.accounting.projects", "queries_imports.sql")
OnError = Literal["refuse", "skip"]
PRICE: Final[Book] = "price"


class Asked(NamedTuple):
    """How a file is to be taken.

    Attributes:
        dry_run: only says what would be done.
        on_error: whether one bad line refuses the whole file, or is skipped.
        deactivate_missing: whether what the file does not name is made inactive. Nothing is ever deleted.
    """

    by: str
    dry_run: bool = False
    on_error: OnError = "refuse"
    deactivate_missing: bool = False


class Imported(Struct, frozen=True):
    """What was done, or would be on a dry run."""

    new: int
    changed: int
    unchanged: int
    rejected: int
    deactivated: int
    faults: list[Fault]


class Imports:
    """Imports into PostgreSQL; each is one transaction."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    async def run(self, file: ReadFile, asked: Asked) -> Imported:
        """Takes a file.

        Raises:
            Invalid: it could not be read to its end, or it has bad lines and none may be skipped.
            Reject: it has bad lines or none at all, and what it does not name would be made inactive.
        """
        if not file.is_whole:
            raise invalid(file.faults)
        if asked.deactivate_missing and not file.lines:
            raise Reject(
                f"The file has no lines, so that all {file.kind}s would become inactive: is it the right one?",
                pointer="deactivate_missing",
            )
        with classified():
            async with (
                self._projects.pool.connection() as connection,
                connection.transaction(force_rollback=asked.dry_run),
            ):
                done = await _take(connection, file, asked)
        if not asked.dry_run and file.kind != "budget":
            self._projects.news.set()
            await self._projects.settle()
        return done


def invalid(faults: Sequence[Fault]) -> Invalid:
    """The refusal that points at the lines."""
    return Invalid([FieldError(fault.place, fault.detail) for fault in faults])


async def _take(connection: AsyncConnection[Any], file: ReadFile, asked: Asked) -> Imported:
    of_what = "budgets" if file.kind == "budget" else "projects"
    terms = {"kind": file.kind, "given": list(file.columns), "by": asked.by}
    # The assignments first, as whoever assigns locks what it is for afterwards: nobody waits in a circle.
    await assignments.lock(connection)
    await _stage(connection, of_what, file)
    await connection.execute(QUERIES[f"lock_{of_what}"], terms)
    await connection.execute(QUERIES[f"fill_{of_what}"], terms)
    lists = await _Lists.read(connection, file) if "price_list" in file.columns else _Lists({}, {})
    faults = sorted([*file.faults, *await _lacking(connection, of_what), *lists.faults])
    bad = {fault.line for fault in faults}
    if faults and not asked.dry_run and asked.on_error == "refuse":
        raise invalid(faults)
    if faults and asked.deactivate_missing:
        raise Reject(
            f"{len(bad)} lines are bad, so that it is not sure what the file does not name: mend them, or leave "
            f"deactivate_missing out. The first is {faults[0].place}: {faults[0].detail}.",
            pointer="deactivate_missing",
        )
    await connection.execute(QUERIES["leave_out"], {"lines": sorted(bad)})
    relisted = lists.without(bad)
    row = await (
        await connection.execute(QUERIES[f"count_{of_what}"], {**terms, "relisted": list(relisted)})
    ).fetchone()
    new, changed, staged = row or (0, 0, 0)
    deactivated = await _apply(connection, of_what, terms, relisted, asked)
    return Imported(new, changed, staged - new - changed, len(bad), deactivated, faults)


async def _stage(connection: AsyncConnection[Any], of_what: str, file: ReadFile) -> None:
    await connection.execute(QUERIES[f"stage_{of_what}"])
    names = [each.name for each in COLUMNS[file.kind]]
    columns = ", ".join(["line", *("amount_micro" if name == "amount" else name for name in names)])
    # The names of columns are ours, never the file's.
    statement = f"COPY pg_temp.staged ({columns}) FROM STDIN".encode()
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in file.rows:
            await copy.write_row(row)
    await connection.execute("ANALYZE pg_temp.staged")


async def _lacking(connection: AsyncConnection[Any], of_what: str) -> list[Fault]:
    cursor = await connection.execute(QUERIES[f"lacking_{of_what}"])
    return [Fault(*row) for row in await cursor.fetchall()]


class _Lists(NamedTuple):
    """Price lists that the file names and that are to be others than they are: line and name by code."""

    wanted: dict[str, tuple[int, str | None]]
    wrong: dict[str, str]

    @classmethod
    async def read(cls, connection: AsyncConnection[Any], file: ReadFile) -> _Lists:
        """Compares what the file says with what counts now."""
        assert file.kind != "budget"  # noqa: S101 - budgets have no column price_list
        cursor = await connection.execute(QUERIES["lists_of_projects"])
        told = {code: (line, name) for line, code, name in await cursor.fetchall()}
        now = await assignments.current(connection, PRICE, file.kind, list(told))
        wanted = {code: each for code, each in told.items() if each[1] != now.get(code)}
        names = {name for _, name in wanted.values() if name}
        return cls(wanted, await assignments.wrong_lists(connection, PRICE, names))

    @property
    def faults(self) -> list[Fault]:
        """Lines whose list can't be."""
        return [
            Fault(line, "price_list", self.wrong[name])
            for line, name in self.wanted.values()
            if name in self.wrong
        ]

    def without(self, bad: Collection[int]) -> dict[str, str | None]:
        """The list by code, of good lines."""
        return {code: name for code, (line, name) in self.wanted.items() if line not in bad}


async def _apply(
    connection: AsyncConnection[Any],
    of_what: str,
    terms: dict[str, Any],
    relisted: dict[str, str | None],
    asked: Asked,
) -> int:
    """Writes what is staged; answers how many were made inactive."""
    await connection.execute(QUERIES[f"apply_{of_what}"], terms)
    if of_what == "projects":
        await connection.execute(QUERIES["finish_projects"], terms)
    if relisted:
        await assignments.assign_all(connection, PRICE, terms["kind"], relisted, by=asked.by)
    deactivated = 0
    if asked.deactivate_missing:
        deactivated = (await connection.execute(QUERIES[f"deactivate_{of_what}"], terms)).rowcount
    if terms["kind"] == "project":
        await connection.execute(PRICE_QUERIES["count_up_revision"])
    return deactivated
