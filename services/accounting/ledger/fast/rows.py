"""Reads and prices a batch into fixed-width rows: the one loop that costs time for each job."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from services.accounting.categories import category_of
from services.accounting.ledger.codes import CATEGORY_BY, COLOUR_MODE, ENTRY_KIND, KIND, MEASURED, OUTCOME
from services.accounting.ledger.entries import first_entry
from services.accounting.ledger.fast.days import QUARTER_HOUR_US, Days
from services.accounting.ledger.fast.identity import read_identified
from services.accounting.ledger.fast.layout import JOB, LINE, NULL16, NULL32, NULL64
from services.accounting.ledger.fast.names import Names
from services.accounting.ledger.fast.rates import Kept, Rates, Terms
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.ledger.posting import refuse_too_large
from services.accounting.ledger.read import Moments, codes_key, payload_hash
from services.accounting.ledger.work import Refusal, Work
from services.accounting.pricing.quantities import length_fed_um, quantities_of
from services.accounting.pricing.sizes import size_class
from shared.errors import Reject
from shared.events import JobCompleted
from shared.events.jobs import JobLine
from shared.stream import Record

_length: Final = Struct(">i").pack
_ABSENT: Final = _length(-1)
_SHORT: Final = 256
_LENGTHS: Final = [_length(size) for size in range(_SHORT)]
MAX_FED_UM: Final = 1 << 60
Amounts = tuple[int | None, int | None]
_LATER: Final[Amounts] = (None, None)
"""Stands for amounts that are worked out for the whole batch at once."""
_CHARGE: Final = ENTRY_KIND["charge"]
_MINIMUM: Final = ENTRY_KIND["minimum"]
_DENSITY: Final = CATEGORY_BY["density"]


class Again(NamedTuple):
    """A job that the batch tells more than once: where it stands first, and what this telling says."""

    first: int
    payload_hash: int
    entry_id: int


class Rows:
    """The jobs and lines of one batch as packed rows, with the keys they use by position."""

    def __init__(self, rates: Rates, days: Days, *, one_by_one: bool = False) -> None:
        """With `one_by_one` every line is priced by itself, for a batch whose numbers are too large for numpy."""
        self._one_by_one = one_by_one
        self._asks_length = rates.asks_length
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
        """Adds every record; those that are no good are refused.

        Raises:
            TooLarge: the batch must be priced one by one.
        """
        first = [first_entry(work.stream, partition) for partition in range(1 + _last_partition(work.records))]
        for record in work.records:
            try:
                self._add(*read_identified(record), first[record.partition] + record.offset)
            except Reject as reject:
                self.refused.append(Refusal(record, reject))

    def _add(self, job: JobCompleted, identity: bytes, moments: Moments, entry_id: int) -> None:
        reference = job.job
        said = payload_hash(job, moments)
        lines, ink_ul = self._priced(job, len(self.jobs))
        if (first := self._seen.get(identity)) is not None:
            self.again.append(Again(first, said, entry_id))
            return
        self._seen[identity] = len(self.jobs)
        self.lines += lines
        self.ink_ul += ink_ul
        completed, submitted, started = moments
        quarter = completed // QUARTER_HOUR_US
        day = self._days.kept.get(quarter)
        person = job.person
        claimed = (person.claimed if person else None) or ""
        department = job.department or self._rates.pricing.departments.get(claimed, "")
        self.jobs.append(
            JOB.pack(
                entry_id,
                said,
                completed,
                NULL64 if submitted is None else submitted,
                NULL64 if started is None else started,
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
        self.texts.append(_texts(reference.key, reference.device_job_id, job.title, job.correlation_id))

    def _priced(self, job: JobCompleted, position: int) -> tuple[list[bytes], list[int]]:
        """The packed lines of a job, and the amounts of ink of all of them in order."""
        rates, told = self._rates, job.printer
        terms = rates.terms(job.completed_at)
        printer = rates.printers.get((told.id, told.serial, told.model))
        if printer is None:
            printer = rates.add_printer(job)
        if len(job.lines) == 1 and not (self._one_by_one or terms.has_minimum):
            [line] = job.lines
            kept = self._rate(terms, printer, job, line)
            amounts = _LATER if kept.is_weighed else _amounts(kept, line, 0)
            ink = line.ink_ul
            return [self._line(position, kept, line, 0, amounts, (1, 1))], list(ink.values()) if ink else []
        return self._priced_lines(job, position, terms, printer)

    def _priced_lines(
        self, job: JobCompleted, position: int, terms: Terms, printer: int
    ) -> tuple[list[bytes], list[int]]:
        media: set[str | None] = set()
        categories: set[str] = set()
        packed: list[bytes] = []
        ink_ul: list[int] = []
        told: list[Amounts] = []
        for index, line in enumerate(job.lines):
            kept = self._rate(terms, printer, job, line)
            if self._one_by_one or terms.has_minimum or not kept.is_weighed:
                amounts = _amounts(kept, line, index)
                told.append(amounts)
            else:
                amounts = _LATER
            counts = (line.media not in media, kept.category not in categories)
            packed.append(self._line(position, kept, line, index, amounts, counts))
            media.add(line.media)
            categories.add(kept.category)
            if line.ink_ul:
                ink_ul += line.ink_ul.values()
        if terms.has_minimum:
            costs, prices = zip(*told, strict=True)
            if extra := terms.pair.minimum(_sum(costs), _sum(prices)):
                refuse_too_large(*extra, len(job.lines))
                packed.append(_minimum(position, self._rates.minimum(terms.pair), len(job.lines), *extra))
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
        amounts: Amounts,
        counts: tuple[int, int],
    ) -> bytes:
        ink, (cost, price) = line.ink_ul, amounts
        fed_um = length_fed_um(line) if self._asks_length and amounts is _LATER else None
        if fed_um is not None and fed_um > MAX_FED_UM:
            raise TooLarge("the length of a line may not fit 64 bits")
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
            NULL64 if fed_um is None else fed_um,
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
            amounts is not _LATER,
        )

    def _ink_set(self, colours: tuple[str, ...]) -> int:
        position = self._ink_sets.get(colours)
        if position is None:
            position = self._ink_sets[colours] = self.ink_sets.add(codes_key(list(colours)))
        return position


def _amounts(kept: Kept, line: JobLine, index: int) -> Amounts:
    """Cost and price of one line by the plain pricing."""
    amounts = kept.rates.amounts(quantities_of(line), first=index == 0)
    refuse_too_large(*amounts, index)
    return amounts


def _sum(amounts: Sequence[int | None]) -> int | None:
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
        position, rate, *([NULL64] * 8), cost, price, NULL32, NULL32, 0, 0, 0, 0,
        index, _MINIMUM, NULL16, NULL16, 0, 0, 0, 0, 1,
    )  # fmt: skip


def _texts(*texts: str | None) -> bytes:
    """Texts as COPY BINARY has them."""
    parts = []
    for text in texts:
        if text is None:
            parts.append(_ABSENT)
        else:
            raw = text.encode()
            size = len(raw)
            parts.append(_LENGTHS[size] if size < _SHORT else _length(size))
            parts.append(raw)
    return b"".join(parts)


def _last_partition(records: Sequence[Record]) -> int:
    return max((record.partition for record in records), default=0)
