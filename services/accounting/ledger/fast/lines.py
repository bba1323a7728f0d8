"""The lines of a batch by column: rates are looked up once for all lines of a kind, amounts worked out at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import fields

from services.accounting.categories import category_of
from services.accounting.event_codes import CATEGORY_BY, COLOUR_MODE, ENTRY_KIND, KIND
from services.accounting.ledger.fast.layout import NULL16, NULL32, NULL64, Columns, coded, groups, whole
from services.accounting.ledger.fast.names import Keys, Numbered
from services.accounting.ledger.fast.rates import Kept, Rates, Terms
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.ledger.fast.told import Told
from services.accounting.ledger.fast.wider import payer_columns, wider_columns
from services.accounting.ledger.posting import refuse_too_large
from services.accounting.ledger.read import codes_key
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
_FIELDS: Final = [each.name for each in fields(JobLine)]
_WIDE: Final = (
    *("printed_area_mm2", "used_area_mm2", "scan_area_mm2"),
    *("roll_width_um", "width_um", "length_um"),
)
_ASKED: Final = ("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "impressions", "sheets")
"""Quantities of which it matters for the rate whether they are known."""
_OF_MINIMUM: Final = {
    **dict.fromkeys((*_WIDE, "ink_total_ul", "fed_um"), NULL64),
    **dict.fromkeys(("impressions", "sheets"), NULL32),
    **dict.fromkeys(("category_by", "colour_mode"), NULL16),
    "entry_kind": _MINIMUM,
    "is_priced": True,
}
"""The line that brings a job up to its minimum: money, and nothing else."""
Amounts = tuple[int | None, int | None]
Whole = npt.NDArray[np.int64]


class Lines:
    """The lines of a part of a batch, and what is known of their jobs.

    Attributes:
        columns: by name. `job` is the position of a line's job, `rate` that of its kind among those kept;
            `quality`, `finishing`, `ink_set` are positions of names; `inks` counts the colours that it names.
            A line that `is_priced` has its amounts; those of the others follow from its rate, all at once.
        ink_ul: the amounts of ink of all lines in order.
        refused: jobs that are refused for what they come to, by position.
    """

    def __init__(self, rates: Rates, keys: Keys, told: Told, of_jobs: Columns, *, one_by_one: bool) -> None:
        """Takes the jobs as they were told, and their columns; see Rows."""
        self._rates = rates
        self._keys = keys
        self._jobs = told.jobs
        self._printers = told.columns["printer"]
        self._of_jobs = of_jobs
        self._one_by_one = one_by_one
        self.columns: Columns = {}
        self.ink_ul: list[int] = []
        self.refused: dict[int, Reject] = {}

    def add_all(self, flat: Sequence[JobLine], values: Sequence[tuple[Any, ...]]) -> None:
        """Adds all lines of all jobs in order; `values` are the fields of each.

        Raises:
            TooLarge: the batch must be priced one by one.
        """
        told = dict(zip(_FIELDS, zip(*values, strict=True) if values else [()] * len(_FIELDS), strict=True))
        count, counts = len(flat), self._of_jobs["lines"]
        found = self.columns = {name: whole(told[name], np.int64) for name in _WIDE}
        found["job"] = np.repeat(np.arange(len(counts)), counts)
        found["line"] = np.arange(count) - np.repeat(np.cumsum(counts) - counts, counts)
        found["jobs"] = (found["line"] == 0).astype(np.int16)
        found["impressions"] = whole(told["impressions"], np.int32)
        found["sheets"] = whole(told["sheets"], np.int32)
        found["quality"] = self._keys.qualities.column(told["quality"])
        found["finishing"] = self._keys.finishings.column(_code_lists(told["finishing"]))
        found["colour_mode"] = coded(told["colour_mode"], COLOUR_MODE)
        found["entry_kind"] = np.full(count, _CHARGE, np.int16)
        used = self._add_inks(told["ink_ul"])
        self._alike = self._numbered_alike()
        terms, of_line = self._terms()
        kept, kind = self._rates_of(flat, told, used, terms, of_line)
        found["cost_micro"], found["price_micro"] = np.full(count, NULL64), np.full(count, NULL64)
        found["is_priced"], found["fed_um"] = np.zeros(count, np.bool_), np.full(count, NULL64)
        self._price_one_by_one(flat, kept, kind, terms, of_line)
        if self._rates.asks_length:
            self._measure_lengths(flat)

    def _add_inks(self, inks: Sequence[dict[str, int] | None]) -> npt.NDArray[Any]:
        """The columns of ink; answers which colours each line used any of, by number."""
        count = len(inks)
        total, colours = np.full(count, NULL64), np.zeros(count, np.int64)
        of_set, used = np.zeros(count, np.int32), np.zeros(count, np.int64)
        sets, of_used = Numbered(), Numbered({(): 0})
        rows = []
        for at, ink in enumerate(inks) if inks.count(None) < count else ():
            if ink:
                self.ink_ul += ink.values()
                rows.append((at, sum(ink.values()), len(ink), sets[tuple(ink)], of_used[_inks_used(ink)]))
        if rows:
            which, totals, counts, numbers, used_numbers = np.array(rows, np.int64).T
            total[which], colours[which], used[which] = totals, counts, used_numbers
            of_set[which] = self._keys.ink_sets.column([codes_key(list(each)) for each in sets])[numbers]
        self.columns |= {"ink_total_ul": total, "inks": colours, "ink_set": of_set}
        return used

    def _terms(self) -> tuple[list[Terms], npt.NDArray[np.intp]]:
        """The price lists that count in the batch, and which of them for each line."""
        completed = self._of_jobs["completed_at"]
        columns = [self._rates.periods(completed)]
        if self._rates.has_payers:
            columns += [self._alike, *payer_columns(self._rates, self._keys, self._of_jobs)]
        firsts, which = groups(columns)
        terms = [self._rates.terms_of(self._jobs[at], int(completed[at])) for at in firsts]
        return terms, which[self.columns["job"]]

    def _rates_of(
        self,
        flat: Sequence[JobLine],
        told: dict[str, Any],
        used: npt.NDArray[Any],
        terms: Sequence[Terms],
        of_line: npt.NDArray[np.intp],
    ) -> tuple[list[Kept], npt.NDArray[np.intp]]:
        """Looks up the rates of each kind of line once; answers what is kept of each, and the kind of each line.

        Lines are of one kind if all that `_rate` looks at is equal; columns that no price list asks for only make
        more kinds.
        """
        found, job = self.columns, self.columns["job"]
        categories, by_density = self._categories(told)
        media, category = Numbered().column(told["media"], len(flat)), Numbered().column(categories, len(flat))
        known = np.zeros(len(flat), np.int64)
        for name in _ASKED:
            known = known << 1 | (found[name] != np.iinfo(found[name].dtype).min)
        columns = [of_line, self._alike[job], self._of_jobs["kind"][job], media, category]
        columns += [by_density, found["colour_mode"], used, known]
        if any(each.asks_size for each in terms):
            sizes = map(size_class, told["width_um"], told["length_um"])
            columns.append(Numbered().column(sizes, len(flat)))
        if any(each.asks_length for each in terms):
            columns.append(np.array([length_fed_um(line) is None for line in flat], np.bool_))
        columns += wider_columns([each.asks for each in terms], of_line, found, self._of_jobs["outcome"], flat)
        firsts, kind = groups(columns)
        kept: list[Any] = [None] * len(firsts)
        for which in np.argsort(firsts).tolist():
            at = firsts[which]
            own, told_job = terms[of_line[at]], self._jobs[job[at]]
            wider = wider_of(own.asks, told_job.outcome, told_job.lines)[found["line"][at]]
            found_as = categories[at], bool(by_density[at])
            kept[which] = self._rate(own, told_job, flat[at], found_as, wider)
        found["rate"] = np.array([each.position for each in kept], np.int32)[kind]
        category_by = coded(told["category_by"], CATEGORY_BY)
        found["category_by"] = np.where(by_density, np.int16(_DENSITY), category_by)
        numbered = Numbered()
        kept_category = np.array([numbered[each.category] for each in kept], np.int64)[kind]
        is_alone = self._of_jobs["lines"][job] == 1
        found["media_jobs"] = _first_of_job(is_alone, job, media)
        found["category_jobs"] = _first_of_job(is_alone, job, kept_category)
        return kept, kind

    def _numbered_alike(self) -> npt.NDArray[np.int64]:
        """Numbers of the printers of the jobs, the same for those that no price list can tell apart."""
        numbered = Numbered()
        printer = numbered.column(self._printers, len(self._printers))
        known = self._rates.printers
        for told in numbered:  # in the order of the jobs: what is told first of a printer is kept
            if told not in known:
                self._rates.add_printer(self._jobs[self._printers.index(told)])
        alike: npt.NDArray[np.int64] = np.array([known[told] for told in numbered], np.int64)[printer]
        return alike

    def _categories(self, told: dict[str, Any]) -> tuple[Sequence[str | None], npt.NDArray[np.bool_]]:
        """The category of each line, and whether it was found by density; scans have no density."""
        categories, by_density = told["category"], np.zeros(len(told["category"]), np.bool_)
        if not categories.count(None):
            return categories, by_density
        found = list(categories)
        is_scan = (self._of_jobs["kind"] == _SCAN)[self.columns["job"]].tolist()
        for at, category in enumerate(categories):
            if category is None and not is_scan[at]:
                found[at], by_density[at] = category_of(
                    None, told["ink_ul"][at], told["printed_area_mm2"][at], self._rates.pricing.thresholds
                )
        return found, by_density

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
            _inks_used(line.ink_ul),
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
        flat: Sequence[JobLine],
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
            lines = [at for at in range(start, start + int(counts[job])) if must[at]]
            try:
                amounts = [_amounts(kept[kind[at]], flat[at], at - start) for at in lines]
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
        if not (extra := terms.pair.minimum(_sum(costs), _sum(prices), self._jobs[job].outcome)):
            return []
        refuse_too_large(*extra, len(amounts))
        return [(job, self._rates.minimum(terms.pair), len(amounts), *extra)]

    def _add_minima(self, minima: Sequence[tuple[int, int, int, int, int]]) -> None:
        of_each = dict(zip(("job", "rate", "line", "cost_micro", "price_micro"), np.array(minima).T, strict=True))
        for name, column in self.columns.items():
            more = of_each[name] if name in of_each else np.full(len(minima), _OF_MINIMUM.get(name, 0))
            self.columns[name] = np.concatenate([column, more.astype(column.dtype)])

    def _measure_lengths(self, flat: Sequence[JobLine]) -> None:
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
        first[several[groups([job[several], key[several]])[0]]] = 1
    return first


def _code_lists(lists: Sequence[list[str] | None]) -> Sequence[str | None]:
    """The keys of lists of codes; none at all is as good as absent."""
    if lists.count(None) == len(lists):
        return lists  # type: ignore[return-value]  # nothing but None
    return [codes_key(codes) if codes else None for codes in lists]


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
