"""Names and values of SNMP: object identifiers as tuples of numbers, values with their type (RFC 2578, 3416)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

Oid = tuple[int, ...]
Value = int | bytes | Oid | None

MAX_SUB_IDS: Final = 128
MAX_SUB_ID: Final = 2**32 - 1


class Tag(IntEnum):
    """The types of values, as BER writes them; the last three say why there is no value."""

    INTEGER = 0x02
    OCTETS = 0x04
    NULL = 0x05
    OID = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIMETICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


NUMBERS: Final = frozenset({Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS, Tag.COUNTER64})
UNSIGNED: Final = NUMBERS - {Tag.INTEGER}
STRINGS: Final = frozenset({Tag.OCTETS, Tag.IP_ADDRESS, Tag.OPAQUE})
ABSENT: Final = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})


class VarBind(NamedTuple):
    """One object: its name, the type of its value (a Tag or an unknown number), its value."""

    oid: Oid
    tag: int = Tag.NULL
    value: Value = None

    @property
    def absent(self) -> bool:
        """Whether there is no value."""
        return self.tag in ABSENT


def parse_oid(text: str) -> Oid:
    """Reads 1.3.6.1 (a leading dot may be there).

    Raises:
        ValueError: it is no object identifier.
    """
    parts = text.strip().lstrip(".").split(".")
    if len(parts) > MAX_SUB_IDS or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{text[:60]!r} is no object identifier")
    oid = tuple(int(part) for part in parts)
    if max(oid) > MAX_SUB_ID:
        raise ValueError(f"{text[:60]!r} has a number above {MAX_SUB_ID}")
    return oid


def oid_text(oid: Oid) -> str:
    """An object identifier with dots."""
    return ".".join(map(str, oid))


def within(oid: Oid, root: Oid) -> bool:
    """Whether an object lies below a root, or is it."""
    return oid[: len(root)] == root
