"""Prints how two price lists differ: their settings, then rate by rate with the difference in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.terminal import print_table, say


def print_differences(found: Mapping[str, Any], before: str, after: str) -> None:
    """Writes tables of what differs, or that nothing does.

    Args:
        found: `settings`, `rates` and `same_rates` as the API answers them.
        before: heading of the values of one list.
        after: of those of the other.
    """
    if found["settings"]:
        print_table(
            ["Setting", before, after],
            [(each["setting"], each["before"], each["after"]) for each in found["settings"]],
        )
    if found["rates"]:
        print_table(
            ["Table", "For", (before, "right"), (after, "right"), ("Difference", "right")],
            [
                (
                    each["table"],
                    meaning_text(each["meant_for"]),
                    _value_text(each["before"]),
                    _value_text(each["after"]),
                    _difference(each),
                )
                for each in found["rates"]
            ],
        )
    say(_summary(found))


def day_text(moment: str | None) -> str:
    """A moment as the API tells it, as its day where it begins one, for people."""
    if moment is None:
        return ""
    day, _, time = moment.partition("T")
    return day if time.startswith("00:00:00") and "." not in time else moment


def meaning_text(meant_for: Mapping[str, str]) -> str:
    """What a rate is for: `model HP DesignJet T1700, category line-colour`."""
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in meant_for.items()) or "everything"


def _value_text(values: Mapping[str, str] | None) -> str:
    if values is None:
        return ""
    if "cartridge_price" in values:
        return f"{values['cartridge_price']} for {values['cartridge_ml']} ml"
    key, value = next(iter(values.items()))
    return f"{value} {key.replace('_', ' ')}" if key.startswith("per_") else value


def _difference(rate: Mapping[str, Any]) -> str:
    if rate["percent"] is None:
        return str(rate["change"])
    return f"{rate['percent']} %" if rate["percent"].startswith("-") else f"+{rate['percent']} %"


def _summary(found: Mapping[str, Any]) -> str:
    if not found["settings"] and not found["rates"]:
        return f"They say the same: {_rates(found['same_rates'])}."
    counts = {
        change: sum(1 for rate in found["rates"] if rate["change"] == change)
        for change in ("added", "removed", "changed")
    }
    told = ", ".join(f"{_rates(count)} {change}" for change, count in counts.items() if count)
    return f"{told or 'No rate changed'}; {_rates(found['same_rates'])} the same in both."


def _rates(count: int) -> str:
    return "1 rate" if count == 1 else f"{count} rates"
