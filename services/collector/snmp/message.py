"""Messages of SNMP v1 and v2c (RFC 1157, 1901, 3416): what is asked and what is answered, to octets and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from services.collector.snmp.ber import (
    SEQUENCE,
    NotSnmpError,
    integer,
    oid_content,
    read_head,
    read_number,
    read_oid,
    read_value,
    tlv,
    value_octets,
)
from services.collector.snmp.values import Oid, Tag, VarBind

MAX_MESSAGE_BYTES: Final = 65_507
"""Of a UDP datagram."""
VERSIONS: Final = {"1": 0, "2c": 1}
MAX_BINDS: Final = 2_000


class Pdu(IntEnum):
    """Kinds of messages."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP_V1 = 0xA4
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7


class ErrorStatus(IntEnum):
    """Why an agent answers nothing (RFC 3416, section 3); the others are about changing values."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GEN_ERR = 5
    NO_ACCESS = 6
    AUTHORIZATION_ERROR = 16


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Of a GET_BULK `error_status` says how many objects are asked for once, `error_index` how often the others are.
    """

    version: int
    community: bytes
    kind: int
    request_id: int
    binds: tuple[VarBind, ...] = ()
    error_status: int = 0
    error_index: int = 0


def question(oids: Sequence[Oid]) -> tuple[VarBind, ...]:
    """Objects whose values are asked for."""
    return tuple(VarBind(oid) for oid in oids)


def encode(message: Message) -> bytes:
    """The octets of a message."""
    binds = b"".join(
        tlv(SEQUENCE, tlv(Tag.OID, oid_content(bind.oid)) + value_octets(bind)) for bind in message.binds
    )
    body = integer(message.request_id) + integer(message.error_status) + integer(message.error_index)
    pdu = tlv(message.kind, body + tlv(SEQUENCE, binds))
    return tlv(SEQUENCE, integer(message.version) + tlv(Tag.OCTETS, message.community) + pdu)


def decode(data: bytes) -> Message:
    """The message of these octets; of a v1 trap only who sent it and which, as its body has another form.

    Raises:
        NotSnmpError: they are none, or of SNMP v3.
    """
    tag, at, end = read_head(data, 0, len(data))
    if tag != SEQUENCE:
        raise NotSnmpError("no sequence")
    version, at = _integer(data, at, end)
    if version not in VERSIONS.values():
        raise NotSnmpError(f"not SNMP v1 or v2c: version {version}")
    tag, start, at = read_head(data, at, end)
    if tag != Tag.OCTETS:
        raise NotSnmpError("no community")
    community = bytes(data[start:at])
    kind, at, end = read_head(data, at, end)
    if kind == Pdu.TRAP_V1:
        return Message(version, community, kind, 0, (VarBind(_trap_oid(data, at, end)),))
    request_id, at = _integer(data, at, end)
    status, at = _integer(data, at, end)
    index, at = _integer(data, at, end)
    return Message(version, community, kind, request_id, _binds(data, at, end), status, index)


def _integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    tag, start, stop = read_head(data, at, end)
    if tag != Tag.INTEGER:
        raise NotSnmpError("no number where one belongs")
    return read_number(data, start, stop, tag), stop


def _binds(data: bytes, at: int, end: int) -> tuple[VarBind, ...]:
    tag, at, end = read_head(data, at, end)
    if tag != SEQUENCE:
        raise NotSnmpError("no list of objects")
    found: list[VarBind] = []
    while at < end:
        if len(found) >= MAX_BINDS:
            raise NotSnmpError(f"more than {MAX_BINDS} objects")
        tag, start, stop = read_head(data, at, end)
        if tag != SEQUENCE:
            raise NotSnmpError("no object where one belongs")
        tag, name, name_end = read_head(data, start, stop)
        if tag != Tag.OID:
            raise NotSnmpError("an object without a name")
        value_tag, value, _ = read_value(data, name_end, stop)
        found.append(VarBind(read_oid(data, name, name_end), value_tag, value))
        at = stop
    return tuple(found)


def _trap_oid(data: bytes, at: int, end: int) -> Oid:
    """What a v1 trap is called in v2 (RFC 3584, section 3.1)."""
    tag, start, stop = read_head(data, at, end)
    if tag != Tag.OID:
        raise NotSnmpError("a trap without a name")
    enterprise = read_oid(data, start, stop)
    _, _, at = read_head(data, stop, end)
    generic, at = _integer(data, at, end)
    specific, _ = _integer(data, at, end)
    if generic == 6:  # noqa: PLR2004 - enterpriseSpecific
        return (*enterprise, 0, specific)
    return (1, 3, 6, 1, 6, 3, 1, 1, 5, generic + 1)
