"""Two price lists side by side: which settings and rates differ, and each changed rate's difference in percent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from services.accounting.pricelist.document import rate_e8, to_document
from services.accounting.pricing.entries import TABLES, PriceListFile
from shared.money import RATE_DIGITS, round_half_even, to_decimal

PERCENT_DIGITS: Final = 2
_E8: Final = 10**RATE_DIGITS
_VALUES: Final = ("per_", "cartridge_")
"""How the keys of a rate begin; all other keys of an entry tell what the rate is for."""

_SAYS: Final[Mapping[str, str]] = {"class": "category"}
"""Tables whose entries hold no rate but a word, and its key."""

Entry = dict[str, str]


class SettingChange(Struct, frozen=True):
    """A setting of the whole list; None where a list does not have it."""

    setting: str
    before: str | None
    after: str | None


class RateChange(Struct, frozen=True, kw_only=True):
    """One rate that is in only one of the lists, or in both with different values.

    Attributes:
        table: such as ppu.
        meant_for: what the rate is for, as the file says it: model, category, code and the like.
        before: its keys and amounts in the first list, None where it has no such rate.
        percent: the difference of a changed rate, two decimals, half-even; None where units differ or it was 0.
    """

    table: str
    change: Literal["added", "removed", "changed"]
    meant_for: Entry
    before: Entry | None
    after: Entry | None
    percent: str | None


class Comparison(Struct, frozen=True):
    """All differences of two lists, and how many rates are the same in both."""

    settings: list[SettingChange]
    rates: list[RateChange]
    same_rates: int

    @property
    def is_same(self) -> bool:
        """Whether both say the same, names apart."""
        return not self.settings and not self.rates


def compare(before: PriceListFile, after: PriceListFile) -> Comparison:
    """Compares what two lists say, however their files are written; in the order of the files."""
    one, other = to_document(before), to_document(after)
    rates: list[RateChange] = []
    same = 0
    for table in TABLES:
        had, has = _by_meaning(one, table), _by_meaning(other, table)
        rates += _table_changes(table, had, has)
        same += sum(1 for meaning, values in had.items() if has.get(meaning) == values)
    return Comparison(list(_settings(one, other)), rates, same)


def _settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[SettingChange]:
    for key in dict.fromkeys((*one, *other)):
        if key != "name" and key not in TABLES and one.get(key) != other.get(key):
            yield SettingChange(key, _text(one.get(key)), _text(other.get(key)))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _by_meaning(document: Mapping[str, Any], table: str) -> dict[tuple[tuple[str, str], ...], Entry]:
    """The values of a table's entries by what they are meant for; the check of a file makes these unique."""
    found = {}
    for entry in document.get(table, ()):
        values = {key: value for key, value in entry.items() if _is_value(table, key)}
        found[tuple((key, value) for key, value in entry.items() if key not in values)] = values
    return found


def _is_value(table: str, key: str) -> bool:
    return key == _SAYS[table] if table in _SAYS else key.startswith(_VALUES)


def _table_changes(
    table: str, had: Mapping[tuple[tuple[str, str], ...], Entry], has: Mapping[tuple[tuple[str, str], ...], Entry]
) -> Iterator[RateChange]:
    for meaning in dict.fromkeys((*had, *has)):
        before, after = had.get(meaning), has.get(meaning)
        if before == after:
            continue
        yield RateChange(
            table=table,
            change="changed" if before and after else "added" if after else "removed",
            meant_for=dict(meaning),
            before=before,
            after=after,
            percent=_percent(before, after) if before and after else None,
        )


def _percent(before: Entry, after: Entry) -> str | None:
    """(after - before) / before, for rates of one unit; ink from cartridges counts per ml."""
    (unit, cost, volume), (other_unit, other_cost, other_volume) = _rate(before), _rate(after)
    old, new = cost * other_volume, other_cost * volume
    if unit != other_unit or not old:
        return None
    difference = round_half_even((new - old) * 100 * 10**PERCENT_DIGITS, old)
    return f"{to_decimal(difference, digits=PERCENT_DIGITS):.{PERCENT_DIGITS}f}"


def _rate(values: Entry) -> tuple[str, int, int]:
    """Unit, amount and the volume that it is for: both in 1e-8, so that they divide exactly."""
    if "cartridge_price" in values:
        return "per_ml", rate_e8(values["cartridge_price"]), rate_e8(values["cartridge_ml"])
    unit, value = next(iter(values.items()))
    return unit, rate_e8(value) if unit.startswith(_VALUES) else 0, _E8
