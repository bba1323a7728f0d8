"""`/v1/{projects,customers,departments,budgets}/import`, `/export` and `/import-template`: their files as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Final

from aiohttp import web
from msgspec import Meta, Struct

from services.accounting.budgets.store import Budgets
from services.accounting.csvfile import BOM, lines_of, write_table
from services.accounting.projects.import_files import FileKind, ReadFile, cells_of, read_file, template
from services.accounting.projects.imports import Asked, Imported, Imports, OnError
from services.accounting.projects.store import Projects
from shared.http.routes import Answer, Call, Route

CSV: Final = "text/csv"
EXPORT_PAGE: Final = 1_000
MAX_ERRORS: Final = 1_000
KINDS: Final[tuple[FileKind, ...]] = ("project", "customer", "department", "budget")


class FileImportQuery(Struct, frozen=True):
    """How to take the file.

    Attributes:
        dry_run: says what would be done, and does nothing.
        on_error: `refuse` takes all lines or none, `skip` takes the good ones.
        deactivate_missing: makes inactive what the file does not name; nothing is ever deleted.
    """

    dry_run: bool = False
    on_error: OnError = "refuse"
    deactivate_missing: bool = False


class FileExportQuery(Struct, frozen=True):
    """Which are exported; all of them without."""

    q: Annotated[str, Meta(max_length=200)] | None = None
    active: bool | None = None


class LineError(Struct, frozen=True):
    """One wrong place of a file; without column it is the whole line."""

    line: int
    column: str
    detail: str


class ImportResult(Struct, frozen=True, kw_only=True):
    """What an import did, or would do on a dry run.

    Attributes:
        lines: how many the file has below its heading.
        rejected: of them those with an error.
        encoding, separator, decimal_mark: what the file was found to be written with.
        errors: by line, the first 1,000; `errors_left_off` counts the others.
    """

    dry_run: bool
    lines: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    deactivated: int
    encoding: str
    separator: str
    decimal_mark: str
    errors: list[LineError]
    errors_left_off: int


class ImportApi:
    """The routes of files."""

    def __init__(self, projects: Projects, budgets: Budgets) -> None:
        self._projects, self._budgets = projects, budgets
        self._imports = Imports(projects)

    def routes(self) -> list[Route]:
        """All of them; they come before those with a code in their path."""
        return [route for kind in KINDS for route in self._of(kind)]

    def _of(self, kind: FileKind) -> list[Route]:
        many = f"/v1/{kind}s"
        return [
            Route(method="POST", path=f"{many}/import", handler=partial(self._import, kind), query=FileImportQuery,
                  parse=partial(_read, kind), body=str, content_types=(CSV,), answer=ImportResult,
                  summary=f"Import {kind}s from CSV: all lines or none, or only the good ones, or on trial."),
            Route(method="GET", path=f"{many}/export", handler=partial(self._export, kind), query=FileExportQuery,
                  answers_with=(CSV,), answer=str, summary=f"Export {kind}s as CSV, as an import takes it."),
            Route(method="GET", path=f"{many}/import-template", handler=partial(_template, kind),
                  answers_with=(CSV,), answer=str, summary=f"A file for {kind}s with one line as an example."),
        ]  # fmt: skip

    async def _import(self, kind: FileKind, call: Call) -> ImportResult:
        del kind
        query: FileImportQuery = call.query
        done = await self._imports.run(
            call.body,
            Asked(call.actor, query.dry_run, query.on_error, query.deactivate_missing),
        )
        return _result(call.body, done, dry_run=query.dry_run)

    async def _export(self, kind: FileKind, call: Call) -> web.StreamResponse:
        answer = web.StreamResponse(headers=_file_headers(f"{kind}s.csv"))
        pages = self._budget_pages(call.query) if kind == "budget" else self._project_pages(kind, call.query)
        columns, _ = template(kind)
        is_first = True
        async for page in pages:
            text = "".join(lines_of(columns, (cells_of(kind, each) for each in page), heading=is_first))
            if is_first:
                await answer.prepare(call.request)
            await answer.write(((BOM if is_first else "") + text).encode())
            is_first = False
        await answer.write_eof()
        return answer

    async def _project_pages(self, kind: Any, query: FileExportQuery) -> AsyncIterator[list[Any]]:
        after = None
        while True:
            page = await self._projects.page(
                kind, limit=EXPORT_PAGE, after=after, search=query.q, active=query.active
            )
            yield page
            if len(page) < EXPORT_PAGE:
                return
            after = page[-1].sort_key("code")

    async def _budget_pages(self, query: FileExportQuery) -> AsyncIterator[list[Any]]:
        after = 0
        while True:
            page = await self._budgets.page(after=after, limit=EXPORT_PAGE, owner=query.q, active=query.active)
            yield page
            if len(page) < EXPORT_PAGE:
                return
            after = page[-1].id


def _read(kind: FileKind, raw: bytes, content_type: str) -> ReadFile:
    del content_type
    return read_file(kind, raw)


async def _template(kind: FileKind, call: Call) -> Answer:
    del call
    columns, example = template(kind)
    headers = _file_headers(f"{kind}s-template.csv")
    return Answer(write_table(columns, [example]), headers=headers, content_type=CSV)


def _result(file: ReadFile, done: Imported, *, dry_run: bool) -> ImportResult:
    return ImportResult(
        dry_run=dry_run,
        lines=file.lines,
        new=done.new,
        changed=done.changed,
        unchanged=done.unchanged,
        rejected=done.rejected,
        deactivated=done.deactivated,
        encoding=file.encoding,
        separator=file.separator,
        decimal_mark=file.mark,
        errors=[LineError(*each) for each in done.faults[:MAX_ERRORS]],
        errors_left_off=max(0, len(done.faults) - MAX_ERRORS),
    )


def _file_headers(name: str) -> dict[str, str]:
    return {"Content-Type": f"{CSV}; charset=utf-8", "Content-Disposition": f'attachment; filename="{name}"'}
