"""One published price list: finds the rates that match a line, or says why the line has no price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.accounting.pricing.entries import PriceListFile, Scope
from services.accounting.pricing.match import Lacking, device_scopes, matched_parts
from services.accounting.pricing.quantities import INK, LineKey
from services.accounting.pricing.rates import LineRate, MarkupRate, Unpriced, bounded, percent_text
from shared.money import format_micro


class PriceList:
    """One immutable version of a price list, indexed for look-up.

    Attributes:
        id: of this version in the store.
        file: everything the list says.
        valid_from: the moment from which it counts, until a later version does.
        valid_until: the moment from which it does not count any more, whether or not there is a later version.
    """

    __slots__ = ("_tables", "file", "id", "minimum_micro", "valid_from", "valid_until", "version")

    def __init__(
        self,
        *,
        list_id: int,
        version: int,
        valid_from: datetime,
        file: PriceListFile,
        valid_until: datetime | None = None,
    ) -> None:
        self.id = list_id
        self.version = version
        self.valid_from = valid_from
        self.valid_until = valid_until
        self.file = file
        self.minimum_micro = file.minimum_micro
        self._tables: Mapping[str, Mapping[tuple[Any, ...], Sequence[Any]]] = {
            "ppu": _tiers(((e.scope, e.category), e) for e in file.ppu),
            "media": _tiers(((e.scope, e.code), e) for e in file.media),
            "ink": {(e.scope, e.colour): (e,) for e in file.ink},
            "click": _tiers(((e.scope, e.colour_mode, e.size), e) for e in file.click),
            "scan": _tiers(((e.scope,), e) for e in file.scan),
            "fixed": {(e.scope, e.kind): (e,) for e in file.fixed},
            "finishing": _tiers(((e.scope, e.code), e) for e in file.finishing),
            "class": {(e.scope, e.device): (e,) for e in file.classes},
        }

    @property
    def label(self) -> str:
        """How bookkeepers call it: `standard v3`."""
        return f"{self.file.name} v{self.version}"

    def label_by(self, chosen_by: str) -> str:
        """The label, and what chose the list unless it counts by default: `bridge v2 for project P-100`."""
        return self.label if chosen_by == "default" else f"{self.label} for {chosen_by}"

    def is_valid(self, moment: datetime) -> bool:
        """Whether it may count at a moment, other versions apart."""
        return self.valid_from <= moment and (self.valid_until is None or moment < self.valid_until)

    @property
    def is_markup(self) -> bool:
        """Whether its prices are made of costs."""
        return self.file.markup_e8 is not None

    def markup(self, chosen_by: str = "default") -> MarkupRate:
        """The rate of a markup list, the same for every line."""
        markup_e8 = self.file.markup_e8 or 0
        return MarkupRate(
            list_id=self.id,
            rule=bounded(f"{self.label_by(chosen_by)}: cost plus {percent_text(markup_e8)}"),
            markup_e8=markup_e8,
            step_micro=self.file.step_micro,
        )

    def minimum_for(self, outcome: str) -> int:
        """The least that a job of an outcome is charged, in micro-units."""
        return self.minimum_micro if self.file.policy(outcome) == "full" else 0

    def minimum_rule(self, chosen_by: str = "default") -> str:
        """The trace of the line that brings a job up to the list's minimum."""
        label = self.label_by(chosen_by)
        if not self.minimum_micro:
            return bounded(f"{label}: has no minimum")
        return bounded(f"{label}: minimum of {format_micro(self.minimum_micro, digits=2)} per job")

    def rate_for(self, key: LineKey, chosen_by: str = "default") -> LineRate | Unpriced:
        """The rates of a line in a list with rates of its own; equal keys give equal answers.

        Args:
            key: of the line.
            chosen_by: why this list counts, for the rule (see selection.Choice).
        """
        label = self.label_by(chosen_by)
        policy = self.file.policy(key.wider.outcome)
        if policy == "free":
            return self._free(label, key.wider.outcome)
        try:
            parts = matched_parts(self, key)
        except Lacking as lack:
            return Unpriced(bounded(f"{label}: {lack}"), self.id)
        if not parts:
            return Unpriced(bounded(f"{label} has {_missing(self, key)} on {_device(key)}"), self.id)
        if policy == "consumed":
            parts = [part for part in parts if not part.is_fixed]
        terms = [f"{part.table} {part.rule}" for part in parts]
        if self.file.overhead_e8:
            terms.append(f"overhead {percent_text(self.file.overhead_e8)}")
        rule = f"{label}: {' + '.join(terms)}"
        if policy == "consumed":
            rule += f"; {_OUTCOMES[key.wider.outcome]}, so only what it consumed"
        return LineRate.of(
            parts,
            list_id=self.id,
            rule=bounded(rule),
            step_micro=self.file.step_micro,
            overhead_e8=self.file.overhead_e8,
        )

    def _free(self, label: str, outcome: str) -> LineRate:
        rule = bounded(f"{label}: free, as the job was {_OUTCOMES[outcome]}")
        return LineRate.of((), list_id=self.id, rule=rule, step_micro=self.file.step_micro)

    def find(self, table: str, scopes: Sequence[Scope], *whats: tuple[object, ...]) -> Sequence[Any]:
        """The most specific entries: the device decides first, then the order of `whats`; see match.Prices."""
        entries = self._tables[table]
        if not entries:
            return ()
        for scope in scopes:
            for what in whats:
                if (tiers := entries.get((scope, *what))) is not None:
                    return tiers
        return ()

    def scopes(self) -> set[Scope]:
        """Every printer, group and model that the list names."""
        return {key[0] for entries in self._tables.values() for key in entries}

    def has(self, table: str) -> bool:
        """Whether the list has any entry of a table."""
        return bool(self._tables[table])


_OUTCOMES: Final = {
    "cancelled_by_user": "cancelled by its user",
    "cancelled_by_device": "cancelled by the device",
    "aborted": "aborted",
}


def _tiers(entries: Iterable[tuple[tuple[Any, ...], Any]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Entries by what they are for, those for small volumes first."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for key, entry in sorted(entries, key=lambda each: int(each[1].at_least)):
        found[key] = (*found.get(key, ()), entry)
    return found


def _device(key: LineKey) -> str:
    return key.model or key.printer_id


def _missing(prices: PriceList, key: LineKey) -> str:
    """What the list would need for the line to have a price."""
    if key.kind == "scan":
        return "no scan rate"
    wanted = []
    if prices.has("ppu") or not any(prices.has(table) for table in ("ink", "click")):
        wanted.append(
            f"no rate for category {key.category}" if key.category else "no rate for a line without category"
        )
    if prices.has("ink"):
        lacking = [ink for ink in key.inks if not prices.find("ink", device_scopes(key), (ink,))]
        if lacking:
            wanted.append(f"no ink rate for {', '.join(lacking)}")
        else:
            wanted.append("no ink rate" if key.known & INK else "ink rates, but no ink amounts were told")
    if prices.has("click"):
        mode = key.colour_mode or "an unknown colour mode"
        wanted.append(f"no click rate for {mode}" + (f" {key.size}" if key.size else ""))
    return " and ".join(wanted)
