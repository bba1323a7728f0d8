"""Rates that a list had and its next version lacks: jobs that need them would be UNPRICED or cheaper. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice
from typing import Final

from services.accounting.pricelist.compare import RateChange, compare
from services.accounting.pricelist.coverage import Finding
from services.accounting.pricelist.document import to_document
from services.accounting.pricing.entries import TABLES, PriceListFile

Meaning = frozenset[tuple[str, str]]
MAX_TOLD: Final = 10
"""Rates that are named of one table."""


def lost_rates(before: PriceListFile, after: PriceListFile) -> list[RateChange]:
    """The rates that are gone, where no other rate of the table takes their place.

    A rate for less (no model, no category) takes the place of one for more.
    """
    if after.markup_e8 is not None:
        return []
    document = to_document(after)
    has = {table: {_meant_for(entry) for entry in document.get(table, ())} for table in TABLES}
    return [
        change
        for change in compare(before, after).rates
        if change.change == "removed" and has[change.table].isdisjoint(_wider(change))
    ]


def loss_findings(before: PriceListFile, after: PriceListFile, label: str) -> Iterator[Finding]:
    """What is told of them, a finding for each table; `label` is how bookkeepers call the version before."""
    lost: dict[str, list[RateChange]] = {}
    for change in lost_rates(before, after):
        lost.setdefault(change.table, []).append(change)
    for table, changes in lost.items():
        named = "; ".join(_meaning(change) for change in islice(changes, MAX_TOLD))
        more = f"; and {len(changes) - MAX_TOLD} more" if len(changes) > MAX_TOLD else ""
        yield Finding("warning", "lost-rates", f"{label} has rates of {table} that are gone: {named}{more}.")


def _meant_for(entry: Mapping[str, str]) -> Meaning:
    return frozenset((key, value) for key, value in entry.items() if not key.startswith(("per_", "cartridge_")))


def _wider(lost: RateChange) -> Iterator[Meaning]:
    """Everything that another rate could be meant for to match all that the lost one matched."""
    words = lost.meant_for.items()
    for count in range(len(words) + 1):
        yield from map(frozenset, combinations(words, count))


def _meaning(change: RateChange) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in change.meant_for.items()) or "everything"
