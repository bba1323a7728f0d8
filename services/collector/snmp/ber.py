"""The basic encoding rules, as far as SNMP uses them (X.690; RFC 3417, section 8), for both directions.

Only definite lengths of at most four octets; whatever does not fit its frame is a NotSnmpError.
"""

from __future__ import annotations

from typing import Final

from services.collector.snmp.values import MAX_SUB_IDS, NUMBERS, STRINGS, Oid, Tag, Value, VarBind

SEQUENCE: Final = 0x30
_LONG: Final = 0x80
_MAX_NUMBER_OCTETS: Final = 9
"""Of a Counter64 with its leading zero."""


class NotSnmpError(ValueError):
    """These octets are no SNMP."""


def length_octets(length: int) -> bytes:
    """The length of what follows."""
    if length < _LONG:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((_LONG | size,)) + length.to_bytes(size, "big")


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, length, content."""
    return bytes((tag,)) + length_octets(len(content)) + content


def integer(number: int, tag: int = Tag.INTEGER) -> bytes:
    """A number in as few octets as hold it and its sign."""
    return tlv(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def oid_content(oid: Oid) -> bytes:
    """The octets of an object identifier; the first two numbers share one."""
    whole = oid if len(oid) > 1 else (*oid, 0, 0)[:2]
    found = bytearray()
    for sub_id in (whole[0] * 40 + whole[1], *whole[2:]):
        if sub_id < _LONG:
            found.append(sub_id)
            continue
        groups = (sub_id.bit_length() + 6) // 7
        found += bytes(_LONG | (sub_id >> 7 * place) & 0x7F for place in range(groups - 1, 0, -1))
        found.append(sub_id & 0x7F)
    return bytes(found)


def value_octets(bind: VarBind) -> bytes:
    """The value of an object with its tag."""
    tag, value = bind.tag, bind.value
    if isinstance(value, int):
        return integer(value, tag)
    if isinstance(value, bytes):
        return tlv(tag, value)
    if isinstance(value, tuple):
        return tlv(tag, oid_content(value))
    return tlv(tag, b"")


def read_head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of what stands at a place.

    Raises:
        NotSnmpError: it ends beyond `end`.
    """
    if at + 2 > end:
        raise NotSnmpError("it ends within a length")
    tag, length = data[at], data[at + 1]
    at += 2
    if length >= _LONG:
        size = length & 0x7F
        if not 1 <= size <= 4 or at + size > end:  # noqa: PLR2004 - octets of a length
            raise NotSnmpError("a length of more octets than SNMP has")
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > end:
        raise NotSnmpError("a value is longer than what holds it")
    return tag, at, at + length


def read_number(data: bytes, start: int, end: int, tag: int) -> int:
    """A number; the unsigned kinds are also taken from agents that forget the leading zero.

    Raises:
        NotSnmpError: no octet, or too many.
    """
    if not 1 <= end - start <= _MAX_NUMBER_OCTETS:
        raise NotSnmpError("a number of no or too many octets")
    return int.from_bytes(data[start:end], "big", signed=tag == Tag.INTEGER)


def read_oid(data: bytes, start: int, end: int) -> Oid:
    """An object identifier.

    Raises:
        NotSnmpError: cut off, or longer than SNMP allows.
    """
    found: list[int] = []
    number = 0
    for octet in data[start:end]:
        if octet >= _LONG:
            number = (number | (octet & 0x7F)) << 7
            if number >= 1 << 40:
                raise NotSnmpError("an object identifier with too large a number")
            continue
        found.append(number | octet)
        number = 0
    if number or len(found) >= MAX_SUB_IDS:
        raise NotSnmpError("an object identifier that is cut off or too long")
    if not found:
        return (0, 0)
    first = min(found[0] // 40, 2)
    return (first, found[0] - first * 40, *found[1:])


def read_value(data: bytes, at: int, end: int) -> tuple[int, Value, int]:
    """Tag, value and end of a value; a type that SNMP does not know counts as absent.

    Raises:
        NotSnmpError: see above.
    """
    tag, start, stop = read_head(data, at, end)
    if tag in NUMBERS:
        return tag, read_number(data, start, stop, tag), stop
    if tag in STRINGS:
        return tag, bytes(data[start:stop]), stop
    if tag == Tag.OID:
        return tag, read_oid(data, start, stop), stop
    return tag if tag >= Tag.NO_SUCH_OBJECT else Tag.NULL, None, stop
