"""The lines of a batch by column: rates are looked up once for all lines of a kind, amounts worked out at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.accounting.categories import category_of
from services.accounting.event_codes import CATEGORY_BY, ENTRY_KIND, KIND
from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.facts import AREAS_AND_LENGTHS, Objects
from services.accounting.ledger.fast.ink import inks_used
from services.accounting.ledger.fast.layout import NULL16, NULL32, NULL64, Columns
from services.accounting.ledger.fast.names import Keys, Numbered
from services.accounting.ledger.fast.rates import Kept, Rates, Terms
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.ledger.fast.wider import payer_columns, wider_columns
from services.accounting.ledger.posting import refuse_too_large
from services.accounting.pricing import wider_of
from services.accounting.pricing.quantities import Wider, length_fed_um, quantities_of
from services.accounting.pricing.sizes import size_class
from shared.errors import Reject
from shared.events import JobCompleted
from shared.events.jobs import JobLine

MAX_FED_UM: Final = 1 << 60
_CHARGE: Final = ENTRY_KIND["charge"]
_MINIMUM: Final = ENTRY_KIND["minimum"]
_DENSITY: Final = CATEGORY_BY["density"]
_SCAN: Final = KIND["scan"]
_ASKED: Final = ("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "impressions", "sheets")
"""Quantities of which it matters for the rate whether they are known."""
_OF_MINIMUM: Final = {
    **dict.fromkeys((*AREAS_AND_LENGTHS, "ink_total_ul", "fed_um"), NULL64),
    **dict.fromkeys(("impressions", "sheets"), NULL32),
    **dict.fromkeys(("category_by", "colour_mode"), NULL16),
    "entry_kind": _MINIMUM,
    "is_priced": True,
}
"""The line that brings a job up to its minimum: money, and nothing else."""
Amounts = tuple[int | None, int | None]
Whole = npt.NDArray[np.int64]


class Lines:
    """The lines of a batch with their rates, and what is known of their jobs.

    Attributes:
        columns: by name, those of facts.Facts and more. `rate` is the position of a line's kind among those kept.
            A line that `is_priced` has its amounts; those of the others follow from its rate, all at once.
        refused: jobs that are refused for what they come to, by position.
    """

    def __init__(
        self, rates: Rates, keys: Keys, objects: Objects, of_jobs: Columns, told: Columns, *, one_by_one: bool
    ) -> None:
        """Takes jobs and lines as they were told, see facts.Facts, and finds the rates of all lines.

        Raises:
            TooLarge: the batch must be priced one by one.
        """
        self._rates = rates
        self._keys = keys
        self._objects = objects
        self._of_jobs = of_jobs
        self._one_by_one = one_by_one
        self.refused: dict[int, Reject] = {}
        found = self.columns = told
        count = len(found["job"])
        found["jobs"] = (found["line"] == 0).astype(np.int16)
        found["entry_kind"] = np.full(count, _CHARGE, np.int16)
        self._alike = self._numbered_alike()
        terms, of_line = self._terms()
        kept, kind = self._rates_of(terms, of_line)
        found["cost_micro"], found["price_micro"] = np.full(count, NULL64), np.full(count, NULL64)
        found["is_priced"], found["fed_um"] = np.zeros(count, np.bool_), np.full(count, NULL64)
        self._price_one_by_one(kept, kind, terms, of_line)
        if self._rates.asks_length:
            self._measure_lengths()

    def _terms(self) -> tuple[list[Terms], npt.NDArray[np.intp]]:
        """The price lists that count in the batch, and which of them for each line."""
        completed = self._of_jobs["completed_at"]
        columns = [self._rates.periods(completed)]
        if self._rates.has_payers:
            columns += [self._alike, *payer_columns(self._rates, self._keys, self._of_jobs)]
        firsts, which = distinct(columns)
        terms = [self._rates.terms_of(self._objects.job(at), int(completed[at])) for at in firsts.tolist()]
        return terms, which[self.columns["job"]]

    def _rates_of(
        self, terms: Sequence[Terms], of_line: npt.NDArray[np.intp]
    ) -> tuple[list[Kept], npt.NDArray[np.intp]]:
        """Looks up the rates of each kind of line once; answers what is kept of each, and the kind of each line.

        Lines are of one kind if all that `_rate` looks at is equal; columns that no price list asks for only make
        more kinds.
        """
        found, job, jobs = self.columns, self.columns["job"], self._objects
        by_density = self._find_categories()
        known = np.zeros(len(job), np.int64)
        for name in _ASKED:
            known = known << 1 | (found[name] != np.iinfo(found[name].dtype).min)
        columns = [of_line, self._alike[job], self._of_jobs["kind"][job], found["media"], found["category"]]
        columns += [by_density, found["colour_mode"], found["used"], known]
        if any(each.asks_size for each in terms):
            sizes = (size_class(line.width_um, line.length_um) for line in jobs.lines())
            columns.append(Numbered().column(sizes, len(job)))
        if any(each.asks_length for each in terms):
            columns.append(np.array([length_fed_um(line) is None for line in jobs.lines()], np.bool_))
        columns += wider_columns([each.asks for each in terms], of_line, found, self._of_jobs["outcome"], jobs)
        firsts, kind = distinct(columns)
        kept: list[Kept] = []
        categories = self._keys.categories.all()
        for at in firsts.tolist():
            own, told_job, line = terms[of_line[at]], jobs.job(int(job[at])), int(found["line"][at])
            wider = wider_of(own.asks, told_job.outcome, told_job.lines)[line]
            found_as = categories[found["category"][at]] or None, bool(by_density[at])
            kept.append(self._rate(own, told_job, told_job.lines[line], found_as, wider))
        found["rate"] = np.array([each.position for each in kept], np.int32)[kind]
        numbered = Numbered()
        kept_category = np.array([numbered[each.category] for each in kept], np.int64)[kind]
        is_alone = self._of_jobs["lines"][job] == 1
        found["media_jobs"] = _first_of_job(is_alone, job, found["media"])
        found["category_jobs"] = _first_of_job(is_alone, job, kept_category)
        return kept, kind

    def _numbered_alike(self) -> npt.NDArray[np.int64]:
        """Numbers of the printers of the jobs, the same for those that no price list can tell apart."""
        told = self._of_jobs["told_printer"]
        known, numbers = self._rates.printers, np.zeros(len(self._keys.told_printers), np.int64)
        printers = list(self._keys.told_printers)
        # In the order of the jobs: what is told first of a printer is kept.
        for at in distinct([told])[0].tolist():
            printer = printers[told[at]]
            if printer not in known:
                self._rates.add_printer(self._objects.job(at))
            numbers[told[at]] = known[printer]
        alike: npt.NDArray[np.int64] = numbers[told]
        return alike

    def _find_categories(self) -> npt.NDArray[np.bool_]:
        """Finds the category of lines by density, where none is told; scans have no density. Says which lines."""
        found = self.columns
        by_density = np.zeros(len(found["job"]), np.bool_)
        lacks = (found["category"] == 0) & (found["inks"] > 0)
        if lacks.any():
            lacks &= (self._of_jobs["kind"] != _SCAN)[found["job"]]
            area, total = found["printed_area_mm2"], found["ink_total_ul"]
            for at in np.flatnonzero(lacks & (area != NULL64)).tolist():
                ink_ul = {"": int(total[at])}
                category, by_density[at] = category_of(None, ink_ul, int(area[at]), self._rates.pricing.thresholds)
                found["category"][at] = self._keys.categories.add(category or "")
            found["category_by"] = np.where(by_density, np.int16(_DENSITY), found["category_by"])
        return by_density

    def _rate(
        self, terms: Terms, told: JobCompleted, line: JobLine, category: tuple[str | None, bool], wider: Wider
    ) -> Kept:
        printer = told.printer
        key = (
            terms.number,
            self._rates.printers[printer.id, printer.serial, printer.model],
            told.kind,
            line.media,
            *category,
            line.colour_mode,
            size_class(line.width_um, line.length_um) if terms.asks_size else None,
            _used(line.ink_ul),
            line.printed_area_mm2 is None,
            line.used_area_mm2 is None,
            line.scan_area_mm2 is None,
            terms.asks_length and length_fed_um(line) is None,
            line.impressions is None,
            line.sheets is None,
            wider,
        )
        return self._rates.kept.get(key) or self._rates.add(key, terms.pair, told, line, wider)

    def _price_one_by_one(
        self,
        kept: Sequence[Kept],
        kind: npt.NDArray[np.intp],
        terms: Sequence[Terms],
        of_line: npt.NDArray[np.intp],
    ) -> None:
        """Prices the jobs that can't be priced with all the others at once."""
        found, counts = self.columns, self._of_jobs["lines"]
        must = np.array([not each.is_weighed for each in kept], np.bool_)[kind]
        must |= np.array([each.has_minimum or self._one_by_one for each in terms], np.bool_)[of_line]
        if not must.any():
            return
        starts = np.cumsum(counts) - counts
        minima: list[tuple[int, int, int, int, int]] = []
        for job in np.unique(found["job"][must]).tolist():
            start = int(starts[job])
            flat = self._objects.job(job).lines
            lines = [at for at in range(start, start + int(counts[job])) if must[at]]
            try:
                amounts = [_amounts(kept[kind[at]], flat[at - start], at - start) for at in lines]
                minima += self._minimum(terms[of_line[start]], job, amounts)
            except Reject as reject:
                self.refused[job] = reject
                continue
            for at, (cost, price) in zip(lines, amounts, strict=True):
                found["cost_micro"][at] = NULL64 if cost is None else cost
                found["price_micro"][at] = NULL64 if price is None else price
        found["is_priced"] = must
        if minima:
            self._add_minima(minima)

    def _minimum(self, terms: Terms, job: int, amounts: Sequence[Amounts]) -> list[tuple[int, int, int, int, int]]:
        """The line that brings a job up to its minimum, if it needs one: job, rate, line, cost, price."""
        if not terms.has_minimum:
            return []
        costs, prices = zip(*amounts, strict=True)
        if not (extra := terms.pair.minimum(_sum(costs), _sum(prices), self._objects.job(job).outcome)):
            return []
        refuse_too_large(*extra, len(amounts))
        return [(job, self._rates.minimum(terms.pair), len(amounts), *extra)]

    def _add_minima(self, minima: Sequence[tuple[int, int, int, int, int]]) -> None:
        of_each = dict(zip(("job", "rate", "line", "cost_micro", "price_micro"), np.array(minima).T, strict=True))
        for name, column in self.columns.items():
            more = of_each[name] if name in of_each else np.full(len(minima), _OF_MINIMUM.get(name, 0))
            self.columns[name] = np.concatenate([column, more.astype(column.dtype)])

    def _measure_lengths(self) -> None:
        flat = self._objects.lines()
        for at in np.flatnonzero(~self.columns["is_priced"]).tolist():
            fed_um = length_fed_um(flat[at])
            if fed_um is not None:
                if fed_um > MAX_FED_UM:
                    raise TooLarge("the length of a line may not fit 64 bits")
                self.columns["fed_um"][at] = fed_um


def _first_of_job(
    is_alone: npt.NDArray[np.bool_], job: npt.NDArray[Any], key: npt.NDArray[Any]
) -> npt.NDArray[np.int16]:
    """1 on the first line of each job with a key, else 0."""
    first = np.ones(len(job), np.int16)
    several = np.flatnonzero(~is_alone)
    if len(several):
        first[several] = 0
        first[several[distinct([job[several], key[several]])[0]]] = 1
    return first


def _amounts(kept: Kept, line: JobLine, index: int) -> Amounts:
    """Cost and price of one line by the plain pricing."""
    amounts = kept.rates.amounts(quantities_of(line), first=index == 0)
    refuse_too_large(*amounts, index)
    return amounts


def _sum(amounts: Sequence[int | None]) -> int | None:
    """The sum, or None where an amount is lacking."""
    return None if None in amounts else sum(amounts)  # type: ignore[arg-type]


def _used(ink_ul: dict[str, int] | None) -> tuple[str, ...]:
    return inks_used(tuple(ink_ul), tuple(map(bool, ink_ul.values()))) if ink_ul else ()
