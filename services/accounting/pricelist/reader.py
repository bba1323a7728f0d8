"""Reads one table of a price list key by key and notes every fault with its place: all are told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from shared.errors import Reject
from shared.money import RATE_DIGITS

MAX_ERRORS: Final = 100
MAX_TEXT: Final = 200
_NUMBER: Final = re.compile(r"(-?)(\d{1,10})(?:\.(\d{1,12}))?")


class Fault(Struct, frozen=True):
    """One wrong place of a price list: a JSON pointer such as /ppu/2/per_m2, and what is wrong there."""

    pointer: str
    detail: str


class WrongPriceList(Reject):
    """A price list with faults; the reason names them all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = list(faults[:MAX_ERRORS])
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "".join(f"\n  {fault.pointer or 'the file'}: {fault.detail}" for fault in told)
        more = f"\n  ... and {len(faults) - len(told)} more" if len(faults) > len(told) else ""
        super().__init__(f"The price list has {count}:{lines}{more}", pointer=told[0].pointer)
        self.faults = told


class Reader:
    """One table; every key that is asked for counts as known, `finish` reports the rest."""

    def __init__(self, table: Mapping[str, Any], pointer: str, faults: list[Fault]) -> None:
        self._table = table
        self._pointer = pointer
        self._faults = faults
        self._asked: set[str] = set()

    def fault(self, key: str, detail: str) -> None:
        """Notes a fault at a key, or at the whole table for ""."""
        self._faults.append(Fault(f"{self._pointer}/{key}" if key else self._pointer, detail))

    def has(self, key: str) -> bool:
        """Whether the table has a key."""
        self._asked.add(key)
        return key in self._table

    def get(self, key: str) -> Any:
        """A value as it is, None without the key."""
        self._asked.add(key)
        return self._table.get(key)

    def text(self, key: str, *, required: bool = False) -> str | None:
        """A text without control characters."""
        value = self.get(key)
        if value is None:
            if required:
                self.fault(key, f"{key} is missing")
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
            self.fault(key, f"must be a text of 1 to {MAX_TEXT} printable characters, not {value!r:.80}")
            return None
        return value.strip()

    def choice(self, key: str, options: Sequence[str], *, default: str | None = None) -> str:
        """One of some words; answers the first of them after noting a fault."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.fault(key, f"{key} is missing")
        elif value not in options:
            known = ", ".join(f'"{option}"' for option in options)
            self.fault(key, f"must be one of {known}, not {value!r:.80}")
        else:
            return str(value)
        return options[0]

    def whole(self, key: str, *, low: int, high: int, default: int) -> int:
        """A whole number within limits."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fault(key, f"must be a whole number from {low} to {high}, not {value!r:.80}")
            return default
        return value

    def amount(
        self, key: str, *, digits: int = RATE_DIGITS, negative: bool = False, above_zero: bool = False
    ) -> int:
        """An exact decimal, written as a string, in units of 10**-digits; 0 after noting a fault."""
        value = self.get(key)
        if value is None:
            self.fault(key, f"{key} is missing")
            return 0
        if not isinstance(value, str):
            self.fault(key, f'amounts must be exact: write it as a string, such as {key} = "{_example(value)}"')
            return 0
        found = _NUMBER.fullmatch(value.strip())
        if not found:
            self.fault(key, f'must be a decimal number such as "1.25", not {value!r:.80}')
            return 0
        sign, whole, fraction = found.group(1), found.group(2), (found.group(3) or "").rstrip("0")
        if len(fraction) > digits:
            self.fault(key, f"has more than {digits} decimals: {value}")
            return 0
        scaled = int(whole + fraction.ljust(digits, "0"))
        if sign and scaled and not negative:
            self.fault(key, f"must not be negative: {value}")
            return 0
        if above_zero and not scaled:
            self.fault(key, "must be more than 0")
        return -scaled if sign else scaled

    def moment(self, key: str) -> date | datetime:
        """A day, or a time with its zone (as TOML has them, or as ISO 8601 text)."""
        value = self.get(key)
        if isinstance(value, str):
            try:
                value = (
                    datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
                )
            except ValueError:
                self.fault(key, f"must be a date such as 2026-01-01 or a time with zone, not {value!r:.80}")
                return date.min
        if isinstance(value, datetime) and value.tzinfo is None:
            self.fault(key, f"a time needs its zone, such as {value.isoformat()}+01:00")
        elif isinstance(value, date):
            return value
        else:
            self.fault(key, f"{key} is missing" if value is None else "must be a date or a time with zone")
        return date.min

    def finish(self) -> None:
        """Reports the keys that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.fault(key, f"unknown key {key!r:.80} (known here: {known})")


def _example(value: object) -> str:
    """How a number would be written as a string."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else "1.25"
