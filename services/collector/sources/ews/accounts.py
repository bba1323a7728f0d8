"""The forms of accounting on the web pages: a table, and an XML file whose meaning a mapping file says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from services.collector.sources.ews.jobs import Told, read_jobs
from services.collector.sources.ews.options import Options, options_of
from services.collector.sources.ews.table import read_rows
from services.collector.sources.ews.words import habits_of
from services.collector.sources.mapping import Mapping, load_mapping, map_whole
from services.collector.sources.mapping.loading import MAX_MAPPING_BYTES
from shared.errors import Reject
from shared.events.jobs import JobCompleted, PrinterRef

__all__ = ["Accounts", "AccountsTable", "AccountsXml", "Told"]

TABLE: Final = "/hp/device/webAccess/accounting.xls?cost=y"
XML: Final = "/hp/device/webAccess/open_accounting.xml"
MAX_REASON: Final = 500
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
FIRST_PERIOD: Final = timedelta(days=90)
"""How far back the XML file is asked for at first."""


class Accounts(Protocol):
    """One form of accounting; pure but for the files that say how it is read."""

    def path(self, since: datetime | None, now: datetime) -> str:
        """Where it is fetched; `since` is the moment from which jobs may be new, None for all."""
        ...

    def read(self, body: bytes) -> Told:
        """What it tells.

        Raises:
            Reject: it is no such thing.
        """
        ...


@dataclass(frozen=True, slots=True)
class AccountsTable:
    """The table of the page, which is also what `accounting.xls` holds."""

    options: Options
    printer: PrinterRef

    def path(self, since: datetime | None, now: datetime) -> str:
        """See Accounts; the table always comes whole."""
        del since, now
        return TABLE

    def read(self, body: bytes) -> Told:
        """See Accounts."""
        rows = read_rows(body)
        if not rows:
            raise Reject("there is no table in it")
        habits = habits_of(self.options.language, (cell for row in rows for cell in row.cells))
        return read_jobs(rows, self.options.layouts, habits, self.options.zone, self.printer)


@dataclass(frozen=True, slots=True)
class AccountsXml:
    """The file `open_accounting.xml`: no public source says what its elements mean, so that a mapping must."""

    mapping: Mapping
    options: Options
    printer: PrinterRef

    def path(self, since: datetime | None, now: datetime) -> str:
        """See Accounts; days are those of the device, and one more on either side."""
        day = timedelta(days=1)
        first = ((since or now - FIRST_PERIOD) - day).astimezone(self.options.zone)
        last = (now + day).astimezone(self.options.zone)
        return f"{XML}?startDate={first:%d/%m/%Y}&endDate={last:%d/%m/%Y}"

    def read(self, body: bytes) -> Told:
        """See Accounts."""
        jobs: list[JobCompleted] = []
        refused: list[str] = []
        mapped = map_whole(self.mapping, body).mapped
        for each in mapped:
            if each.job is None:
                refused.append(f"{each.place}: {'; '.join(map(str, each.faults))}"[:MAX_REASON])
            else:
                jobs.append(replace(each.job, printer=self.printer))
        ordered = sorted(jobs, key=lambda job: job.completed_at)
        return Told(tuple(ordered), tuple(refused), len(mapped))


def accounts_at(address: str, printer: PrinterRef, mappings: Path | None) -> Accounts:
    """The form of accounting that an address asks for: the XML file if it names a mapping, else the table.

    Raises:
        Reject: an option has no such value, or there is no such mapping.
    """
    options = options_of(address, printer.model)
    name = dict(parse_qsl(urlsplit(address).query)).get("mapping")
    if not name:
        return AccountsTable(options, printer)
    try:
        return AccountsXml(_mapping(name, mappings), options, printer)
    except Reject as error:
        raise Reject(error.reason, pointer="/address") from error


def _mapping(name: str, folder: Path | None) -> Mapping:
    if folder is None:
        raise Reject(f"the mapping {name!r} can't be read: INKMETER_MAPPINGS names no folder of mapping files")
    if not _NAME.fullmatch(name):
        raise Reject(f"{name[:80]!r} is no name of a mapping file: letters, digits, dots and dashes only")
    file = folder / f"{name}.toml"
    try:
        mapping = load_mapping(file.read_bytes()[: MAX_MAPPING_BYTES + 1])
    except OSError as error:
        raise Reject(f"the mapping file {file} can't be read: {error.strerror or error}") from error
    if mapping.format != "xml":
        raise Reject(
            f"the mapping file {file} is for {mapping.format} files; open_accounting.xml needs one for xml"
        )
    return mapping
