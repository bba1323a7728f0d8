"""What is wrong with a record, so that a person can mend it: which field, which value, what would be right."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from shared.errors import Reject

MAX_SHOWN: Final = 80


class Fault(Struct, frozen=True, omit_defaults=True):
    """One wrong place.

    Attributes:
        field: of the job, such as `lines/1/width`; "" for the whole record.
        value: as the record has it, cut to MAX_SHOWN characters; "" where there is none.
        detail: what is wrong, and what would be right.
    """

    field: str
    value: str
    detail: str

    def __str__(self) -> str:
        """The fault in words."""
        parts = [self.field, f"{self.value!r}" if self.value else "", self.detail]
        return ": ".join(part for part in parts if part)


class WrongValue(Reject):
    """A value that can't be read; the reason says what would be right."""


def shown(value: str) -> str:
    """A value, short enough for a message."""
    return value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 3] + "..."
