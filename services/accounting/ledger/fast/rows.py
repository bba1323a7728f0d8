"""Reads and prices a batch into fixed-width rows: the one loop that costs time for each job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from services.accounting.categories import category_of
from services.accounting.ledger.codes import CATEGORY_BY, COLOUR_MODE, ENTRY_KIND, KIND, MEASURED, OUTCOME
from services.accounting.ledger.entries import first_entry
from services.accounting.ledger.fast.identity import read_identified
from services.accounting.ledger.fast.layout import JOB, LINE, NULL16, NULL32, NULL64
from services.accounting.ledger.fast.names import Names
from services.accounting.ledger.fast.rates import Kept, Rates, Terms
from services.accounting.ledger.posting import business_day, refuse_too_large
from services.accounting.ledger.read import codes_key, microseconds, payload_hash
from services.accounting.ledger.work import Refusal, Work
from services.accounting.pricing import Quantities
from services.accounting.pricing.quantities import length_fed_um
from services.accounting.pricing.sizes import size_class
from shared.errors import Reject
from shared.events import JobCompleted
from shared.events.jobs import JobLine
from shared.stream import Record

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = _EPOCH.date()
_QUARTER_HOUR_US: Final = 15 * 60 * 1_000_000
_length: Final = Struct(">i").pack
_ABSENT: Final = _length(-1)
_NO_INK: Final[dict[str, int]] = {}
_CHARGE: Final = ENTRY_KIND["charge"]
_MINIMUM: Final = ENTRY_KIND["minimum"]
_DENSITY: Final = CATEGORY_BY["density"]


class Again(NamedTuple):
    """A job that the batch tells more than once: where it stands first, and what this telling says."""

    first: int
    payload_hash: int
    entry_id: int


class Days:
    """Business days, kept by the quarter of an hour: zones change and days begin at whole quarters."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.kept: dict[int, int] = {}

    def add(self, quarter: int) -> int:
        """The day, in days since 2000-01-01, of a quarter of an hour since then."""
        moment = _EPOCH + timedelta(microseconds=quarter * _QUARTER_HOUR_US)
        day = (business_day(moment, self._zone) - _FIRST_DAY).days
        self.kept[quarter] = day
        return day


class Rows:
    """The jobs and lines of one batch as packed rows, with the keys they use by position."""

    def __init__(self, rates: Rates, days: Days) -> None:
        self._rates = rates
        self._days = days
        self.jobs: list[bytes] = []
        self.texts: list[bytes] = []
        self.lines: list[bytes] = []
        self.ink_ul: list[int] = []
        self.again: list[Again] = []
        self.refused: list[Refusal] = []
        self.printers, self.people, self.sources = Names(), Names(), Names()
        self.projects, self.departments = Names(), Names()
        self.qualities, self.finishings, self.ink_sets = Names(), Names(), Names()
        self._ink_sets: dict[tuple[str, ...], int] = {}
        self._seen: dict[bytes, int] = {}

    def add_all(self, work: Work) -> None:
        """Adds every record; those that are no good are refused."""
        first = [first_entry(work.stream, partition) for partition in range(1 + _last_partition(work.records))]
        for record in work.records:
            try:
                self._add(*read_identified(record), first[record.partition] + record.offset)
            except Reject as reject:
                self.refused.append(Refusal(record, reject))

    def _add(self, job: JobCompleted, identity: bytes, entry_id: int) -> None:
        reference = job.job
        said = payload_hash(job)
        if (first := self._seen.get(identity)) is not None:
            self.again.append(Again(first, said, entry_id))
            return
        lines, ink_ul = self._priced(job, len(self.jobs))
        self._seen[identity] = len(self.jobs)
        self.lines += lines
        self.ink_ul += ink_ul
        completed = microseconds(job.completed_at)
        quarter = completed // _QUARTER_HOUR_US
        day = self._days.kept.get(quarter)
        person = job.person
        claimed = (person.claimed if person else None) or ""
        department = job.department or self._rates.pricing.departments.get(claimed, "")
        self.jobs.append(
            JOB.pack(
                entry_id,
                said,
                completed,
                microseconds(job.submitted_at) if job.submitted_at else NULL64,
                microseconds(job.started_at) if job.started_at else NULL64,
                identity,
                self.printers.add(job.printer.id or ""),
                self.people.add(claimed),
                self.sources.add(reference.source or ""),
                self.projects.add(job.project or ""),
                self.departments.add(department),
                NULL32 if job.copies is None else job.copies,
                self._days.add(quarter) if day is None else day,
                len(job.lines),
                MEASURED[job.measured] if job.measured else NULL16,
                KIND[job.kind],
                OUTCOME[job.outcome],
                person is not None and person.authenticated,
                job.billable is not False,
            )
        )
        self.texts.append(
            b"".join(map(_text, (reference.key, reference.device_job_id, job.title, job.correlation_id)))
        )

    def _priced(self, job: JobCompleted, position: int) -> tuple[list[bytes], list[int]]:
        """The packed lines of a job, and the amounts of ink of all of them in order."""
        rates, told = self._rates, job.printer
        terms = rates.terms(job.completed_at)
        printer = rates.printers.get((told.id, told.serial, told.model))
        if printer is None:
            printer = rates.add_printer(job)
        media: set[str] = set()
        categories: set[str] = set()
        packed: list[bytes] = []
        ink_ul: list[int] = []
        costs: list[int | None] = []
        prices: list[int | None] = []
        for index, line in enumerate(job.lines):
            kept = self._rate(terms, printer, job, line)
            ink = line.ink_ul or _NO_INK
            quantities = Quantities(
                line.printed_area_mm2 or 0,
                line.used_area_mm2 or 0,
                line.scan_area_mm2 or 0,
                length_fed_um(line) or 0 if terms.asks_length else 0,
                line.impressions or 0,
                line.sheets or 0,
                ink,
            )
            cost, price = amounts = kept.rates.amounts(quantities, first=index == 0)
            refuse_too_large(cost, price, index)
            costs.append(cost)
            prices.append(price)
            code = line.media or ""
            counts = (code not in media, kept.category not in categories)
            packed.append(self._line(position, kept, line, index, amounts, counts))
            media.add(code)
            categories.add(kept.category)
            ink_ul += ink.values()
        if terms.pair.has_minimum and (extra := terms.pair.minimum(_sum(costs), _sum(prices))):
            refuse_too_large(*extra, len(job.lines))
            packed.append(_minimum(position, rates.minimum(terms.pair), len(job.lines), *extra))
        return packed, ink_ul

    def _rate(self, terms: Terms, printer: int, job: JobCompleted, line: JobLine) -> Kept:
        category, by_density = line.category, False
        if category is None and job.kind != "scan":
            category, by_density = category_of(None, line.ink_ul, line.printed_area_mm2)
        key = (
            terms.number,
            printer,
            job.kind,
            line.media,
            category,
            by_density,
            line.colour_mode,
            size_class(line.width_um, line.length_um) if terms.asks_size else None,
            _inks_used(line.ink_ul),
            line.printed_area_mm2 is None,
            line.used_area_mm2 is None,
            line.scan_area_mm2 is None,
            terms.asks_length and length_fed_um(line) is None,
            line.impressions is None,
            line.sheets is None,
        )
        return self._rates.kept.get(key) or self._rates.add(key, terms.pair, job, line)

    def _line(  # noqa: PLR0917 - called for each line, and names cost time
        self,
        position: int,
        kept: Kept,
        line: JobLine,
        index: int,
        amounts: tuple[int | None, int | None],
        counts: tuple[bool, bool],
    ) -> bytes:
        ink, (cost, price) = line.ink_ul, amounts
        return LINE.pack(
            position,
            kept.position,
            NULL64 if line.printed_area_mm2 is None else line.printed_area_mm2,
            NULL64 if line.used_area_mm2 is None else line.used_area_mm2,
            NULL64 if line.scan_area_mm2 is None else line.scan_area_mm2,
            NULL64 if line.roll_width_um is None else line.roll_width_um,
            NULL64 if line.width_um is None else line.width_um,
            NULL64 if line.length_um is None else line.length_um,
            sum(ink.values()) if ink else NULL64,
            NULL64 if cost is None else cost,
            NULL64 if price is None else price,
            NULL32 if line.impressions is None else line.impressions,
            NULL32 if line.sheets is None else line.sheets,
            self.qualities.add(line.quality) if line.quality else 0,
            self.finishings.add(codes_key(line.finishing)) if line.finishing else 0,
            self._ink_set(tuple(ink)) if ink else 0,
            len(ink) if ink else 0,
            index,
            _CHARGE,
            _DENSITY if kept.by_density else CATEGORY_BY[line.category_by] if line.category_by else NULL16,
            COLOUR_MODE[line.colour_mode] if line.colour_mode else NULL16,
            index == 0,
            *counts,
            cost is None or price is None,
        )

    def _ink_set(self, colours: tuple[str, ...]) -> int:
        position = self._ink_sets.get(colours)
        if position is None:
            position = self._ink_sets[colours] = self.ink_sets.add(codes_key(list(colours)))
        return position


def _sum(amounts: list[int | None]) -> int | None:
    """The sum, or None where an amount is lacking."""
    return None if None in amounts else sum(amounts)  # type: ignore[arg-type]


def _inks_used(ink_ul: dict[str, int] | None) -> tuple[str, ...]:
    """The colours that a line used any of; of none of those that it names is not the same as naming none."""
    if not ink_ul:
        return ()
    return (
        tuple(ink_ul) if all(ink_ul.values()) else ("", *(colour for colour, amount in ink_ul.items() if amount))
    )


def _minimum(position: int, rate: int, index: int, cost: int, price: int) -> bytes:
    """The line that brings a job up to its minimum: money, and nothing else."""
    return LINE.pack(
        position, rate, *([NULL64] * 7), cost, price, NULL32, NULL32, 0, 0, 0, 0,
        index, _MINIMUM, NULL16, NULL16, 0, 0, 0, 0,
    )  # fmt: skip


def _text(text: str | None) -> bytes:
    """A text as COPY BINARY has it."""
    if text is None:
        return _ABSENT
    raw = text.encode()
    return _length(len(raw)) + raw


def _last_partition(records: Sequence[Record]) -> int:
    return max((record.partition for record in records), default=0)
