"""What an agent said, as numbers, texts and table rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid, VarBind

MAX_ROWS: Final = 200
"""Of one table; shared.events.devices takes no more."""
Row = Mapping[int, VarBind]
Index = tuple[int, ...]


class View:
    """The objects of one device."""

    def __init__(self, objects: Mapping[Oid, VarBind]) -> None:
        self._objects = objects

    def number(self, oid: Oid) -> int | None:
        """A number, None when there is none."""
        return number_of(self._objects.get(oid))

    def text(self, oid: Oid) -> str | None:
        """A text, None when there is none."""
        return text_of(self._objects.get(oid))

    def oid(self, oid: Oid) -> Oid | None:
        """The object identifier that is an object's value."""
        bind = self._objects.get(oid)
        return bind.value if bind is not None and isinstance(bind.value, tuple) else None

    def rows(self, entry: Oid) -> dict[Index, Row]:
        """The rows of a table by index, in the order of their indexes; each holds its objects by column."""
        size = len(entry)
        found: dict[Index, dict[int, VarBind]] = {}
        for oid, bind in self._objects.items():
            if len(oid) > size + 1 and oid[:size] == entry:
                found.setdefault(oid[size + 1 :], {})[oid[size]] = bind
        return {index: found[index] for index in sorted(found)[:MAX_ROWS]}


def number_of(bind: VarBind | None) -> int | None:
    """The number that an object is; some agents give it as a text of digits."""
    if bind is None:
        return None
    if isinstance(bind.value, int):
        return bind.value
    text = text_of(bind)
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004


def level_of(bind: VarBind | None) -> int | None:
    """A level or a capacity, an Integer32: agents that send it unsigned make 4294967293 of -3."""
    number = number_of(bind)
    return number - 2**32 if number is not None and 2**31 <= number < 2**32 else number


def octets_of(bind: VarBind | None) -> bytes | None:
    """The bytes of an object."""
    return bind.value if bind is not None and isinstance(bind.value, bytes) else None
