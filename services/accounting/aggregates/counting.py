"""Counts a batch of charges into cells and densities, apart from where those are kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.accounting.aggregates import norms
from services.accounting.aggregates.alerts import Limits, much_cancelled, unusual_density
from services.accounting.aggregates.cells import (
    PARTITION_SHIFT,
    Cell,
    Keep,
    Line,
    Name,
    Sums,
    day_of,
    decode,
    encode,
    line_of,
    names_of,
    sums_of,
)
from shared.errors import Reject
from shared.events import CHARGE_POSTED, AlertRaised, ChargePosted, ChargePostedEvent
from shared.events.envelope import event_type_of, rejected
from shared.stream import Record

ALERTED_FOR: Final = timedelta(hours=48)
"""What happened longer ago is counted, but alerts nobody: history that is told again must not ring."""
_decoder: Final = msgspec.json.Decoder(ChargePostedEvent)

Get = Callable[[bytes], bytes | None]


class Rules(NamedTuple):
    """What counting goes by.

    Attributes:
        base: up to which entry of each partition of the ledger (`stream << 8 | partition`) all is in the cells.
    """

    zone: ZoneInfo
    keep: Keep
    limits: Limits
    base: Mapping[str, int]


class Owners(NamedTuple):
    """Who was charged something on which days: whose budgets to look at."""

    days: set[date]
    codes: set[tuple[str, str]]


class Batch:
    """One batch while it is counted: cells and densities that it touched, and the alerts that follow.

    Args:
        cells, densities: look up what is kept by key.
        rules: what to go by.
        now: the moment of counting.
    """

    def __init__(self, cells: Get, densities: Get, rules: Rules, now: datetime) -> None:
        self._get_cell = cells
        self._get_densities = densities
        self._rules = rules
        self._now = now
        self.cells: dict[bytes, Cell] = {}
        self.densities: dict[bytes, norms.Densities] = {}
        self.alerts: list[AlertRaised] = []
        self.jobs: dict[str, datetime] = {}
        self.owners = Owners(set(), set())
        self.lines = 0
        self.too_late = 0

    @property
    def zone(self) -> ZoneInfo:
        """Of the business days."""
        return self._rules.zone

    def count(self, record: Record) -> None:
        """Counts the charge of a record; the same again changes nothing.

        Raises:
            Reject: it is no charge.
        """
        charge = charge_of(record)
        line = line_of(charge, record.partition)
        if line.entry <= self._rules.base.get(str(line.entry >> PARTITION_SHIFT), -1):
            return
        sums = sums_of(charge)
        cells = [self._cell(name, code) for name, code in names_of(charge, self._rules.zone)]
        # From here on nothing can fail: a line counts in all of its cells or in none.
        self.lines += 1
        self.too_late += cells.count(None)
        for cell in cells:
            if cell:
                cell.add(line, sums)
        self._note(charge, line)

    def _cell(self, name: Name, code: str) -> Cell | None:
        """The cell of a name, None when it is no longer kept."""
        key = name.text.encode()
        if key not in self.cells:
            if self._rules.keep.is_over(name, self._rules.zone, self._now):
                return None
            raw = self._get_cell(key)
            self.cells[key] = decode(raw) if raw else Cell(name, code, Sums(), {})
        return self.cells[key]

    def finish(self) -> None:
        """Looks at what the whole batch came to."""
        for cell in self.cells.values():
            name = cell.name
            if name.by == "printer" and name.window == "day" and self._is_recent_day(name.start):
                alert = much_cancelled(cell.code, name.start, cell.sums, self._rules.limits, now=self._now)
                self.alerts += [alert] if alert else []

    def rows(self) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """What to keep: cells and densities by key."""
        cells = {key: encode(cell) for key, cell in self.cells.items()}
        return cells, {key: norms.encode(each) for key, each in self.densities.items()}

    def _note(self, charge: ChargePosted, line: Line) -> None:
        """What the rules beyond the sums need of a line."""
        self.owners.days.add(day_of(charge, self._rules.zone))
        of = (("person", charge.person.claimed or ""), ("project", charge.project))
        self.owners.codes.update((*of, ("department", charge.department)))
        if charge.entry_kind != "charge":
            return
        recent = charge.occurred_at > self._now - ALERTED_FOR
        if recent and charge.line == 0:
            self.jobs[charge.job_id] = charge.occurred_at
        density = norms.density_of(charge.quantities.ink_ul, charge.quantities.printed_area_mm2)
        if density is None:
            return
        key = density_key(charge.printer, charge.media or "")
        known = self.densities.get(key)
        if known is None:
            known = self.densities[key] = norms.decode(self._get_densities(key))
        before = known.values
        if known.add(line, density) and recent:
            alert = unusual_density(charge, density, norms.norm_of(before), self._rules.limits)
            self.alerts += [alert] if alert else []

    def _is_recent_day(self, day: str) -> bool:
        return date.fromisoformat(day) >= (self._now - ALERTED_FOR).astimezone(self._rules.zone).date()


def density_key(printer: str, media: str) -> bytes:
    """Under which key a printer's densities on a medium are kept."""
    return msgspec.json.encode([printer, media])


def charge_of(record: Record) -> ChargePosted:
    """The charge that a record tells.

    Raises:
        Reject: it tells none.
    """
    if record.value is None:
        raise Reject("a charge can't be taken back by a tombstone")
    if (found := event_type_of(record.value)) != CHARGE_POSTED:
        raise Reject(f"{CHARGE_POSTED} is expected here, not {found}", pointer="/type")
    try:
        return _decoder.decode(record.value).data
    except msgspec.DecodeError as error:
        raise rejected(error) from error
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8: {error}") from error
