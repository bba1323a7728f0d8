"""Messages to octets and back; octets that are none are refused, never a crash."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from services.collector.snmp.ber import NotSnmpError, length_octets, tlv
from services.collector.snmp.message import Message, Pdu, decode, encode, question
from services.collector.snmp.values import Oid, Tag, VarBind, oid_text, parse_oid

FIRST = st.tuples(st.integers(0, 2), st.integers(0, 39))
OIDS = st.builds(lambda first, rest: (*first, *rest), FIRST, st.lists(st.integers(0, 2**32 - 1), max_size=20))
BINDS = st.one_of(
    st.builds(VarBind, OIDS, st.just(int(Tag.INTEGER)), st.integers(-(2**31), 2**31 - 1)),
    st.builds(VarBind, OIDS, st.sampled_from([0x41, 0x42, 0x43]), st.integers(0, 2**32 - 1)),
    st.builds(VarBind, OIDS, st.just(int(Tag.COUNTER64)), st.integers(0, 2**64 - 1)),
    st.builds(VarBind, OIDS, st.just(int(Tag.OCTETS)), st.binary(max_size=300)),
    st.builds(VarBind, OIDS, st.just(int(Tag.OID)), OIDS),
    st.builds(VarBind, OIDS, st.sampled_from([0x05, 0x80, 0x81, 0x82]), st.none()),
)
MESSAGES = st.builds(
    Message,
    st.sampled_from([0, 1]),
    st.binary(max_size=40),
    st.sampled_from([0xA0, 0xA1, 0xA2, 0xA5]),
    st.integers(-(2**31), 2**31 - 1),
    st.lists(BINDS, max_size=12).map(tuple),
    st.integers(0, 18),
    st.integers(0, 100),
)


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_octets_of_chance_are_refused_or_read_but_never_a_crash(octets: bytes) -> None:
    for data in (octets, tlv(0x30, b"\x02\x01\x01\x04\x06public" + octets)):
        with contextlib.suppress(NotSnmpError):
            decode(data)


@given(MESSAGES, st.data())
def test_a_message_with_a_fault_is_refused_or_read_but_never_a_crash(
    message: Message, data: st.DataObject
) -> None:
    octets = bytearray(encode(message))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    for cut in (len(octets), data.draw(st.integers(0, len(octets)))):
        with contextlib.suppress(NotSnmpError):
            decode(bytes(octets[:cut]))


@pytest.mark.parametrize("version", [0, 1])
def test_pysnmp_reads_what_we_write_and_we_what_it_writes(version: int) -> None:
    module = api.PROTOCOL_MODULES[version]
    oids: list[Oid] = [(1, 3, 6, 1, 2, 1, 1, 1, 0), (1, 3, 6, 1, 4, 1, 4294967295, 0)]
    ours = encode(Message(version, b"public", Pdu.GET, 2_147_483_647, question(oids)))
    theirs, rest = decoder.decode(ours, asn1Spec=module.Message())
    assert not rest
    pdu = module.apiMessage.get_pdu(theirs)
    assert [tuple(name) for name, _ in module.apiPDU.get_varbinds(pdu)] == oids
    answer = module.apiPDU.get_response(pdu)
    values = [module.OctetString(b"text"), module.Integer(-7)]
    module.apiPDU.set_varbinds(answer, list(zip(oids, values, strict=True)))
    module.apiMessage.set_pdu(theirs, answer)
    read = decode(encoder.encode(theirs))
    assert (read.kind, read.request_id) == (Pdu.RESPONSE, 2_147_483_647)
    assert [bind.value for bind in read.binds] == [b"text", -7]


def test_lengths_are_written_as_short_as_they_go() -> None:
    assert [length_octets(each).hex() for each in (0, 127, 128, 255, 256, 65_535)] == [
        "00", "7f", "8180", "81ff", "820100", "82ffff",
    ]  # fmt: skip


def test_a_length_beyond_what_is_there_is_refused() -> None:
    with pytest.raises(NotSnmpError):
        decode(b"\x30\x84\xff\xff\xff\xff\x02\x01\x01")


def test_version_3_is_told_apart() -> None:
    with pytest.raises(NotSnmpError, match="version 3"):
        decode(tlv(0x30, b"\x02\x01\x03\x30\x00"))


@pytest.mark.parametrize("text", ["", "1.", "a.b", "1.-2", "1.4294967296", ".".join(["1"] * 129), "1..2"])
def test_what_is_no_object_identifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"1|identifier"):
        parse_oid(text)


def test_a_leading_dot_is_let_through() -> None:
    assert oid_text(parse_oid(".1.3.6")) == "1.3.6"
