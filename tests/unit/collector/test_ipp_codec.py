"""The codec gives back what it was given, and whatever the octets are, the outcome is a message or a Reject."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collector.sources.ipp.decode import MAX_DEPTH, decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import (
    Attribute,
    Collection,
    Extension,
    Group,
    LanguageText,
    Message,
    Range,
    Resolution,
    Value,
    collection,
)
from services.collector.sources.ipp.tags import STRINGS, GroupTag, Operation, Tag
from shared.errors import Reject

INT32 = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.text(st.characters(codec="ascii"), min_size=1, max_size=30)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.builds(
    lambda moment, deci, zone: moment.replace(microsecond=deci * 100_000, tzinfo=zone),
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - the zone is set above
    st.integers(0, 9),
    ZONES,
)
PLAIN = st.one_of(
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), INT32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.sampled_from(sorted(STRINGS)), TEXT),
    st.builds(Value, st.just(Tag.OCTET_STRING), st.binary(max_size=40)),
    st.builds(Value, st.just(Tag.DATE_TIME), MOMENTS),
    st.builds(Value, st.just(Tag.RESOLUTION), st.builds(Resolution, INT32, INT32, st.sampled_from([3, 4]))),
    st.builds(Value, st.just(Tag.RANGE), st.builds(Range, INT32, INT32)),
    st.builds(Value, st.sampled_from([Tag.TEXT_LANGUAGE, Tag.NAME_LANGUAGE]), st.builds(LanguageText, TEXT, TEXT)),
    st.builds(Value, st.sampled_from([Tag.UNSUPPORTED, Tag.UNKNOWN, Tag.NO_VALUE]), st.none()),
    st.builds(
        Value, st.just(Tag.EXTENSION), st.builds(Extension, st.integers(0, 2**31 - 1), st.binary(max_size=20))
    ),
    st.builds(Value, st.sampled_from([0x2F, 0x39, 0x4F, 0x60]), st.binary(max_size=20)),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        Value,
        st.just(Tag.BEG_COLLECTION),
        st.builds(
            Collection,
            st.lists(
                st.builds(Attribute, NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple)), max_size=3
            ).map(tuple),
        ),
    ),
    max_leaves=8,
)
ATTRIBUTES = st.builds(Attribute, NAMES, st.lists(VALUES, min_size=1, max_size=3).map(tuple))
GROUPS = st.builds(
    Group,
    st.sampled_from([*(tag for tag in GroupTag if tag != GroupTag.END), 0x00, 0x0E]),
    st.lists(ATTRIBUTES, max_size=4).map(tuple),
)
MESSAGES = st.builds(
    Message,
    st.integers(0, 0xFFFF),
    INT32,
    st.lists(GROUPS, max_size=4).map(tuple),
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
    st.binary(max_size=20),
)


@given(MESSAGES)
@settings(max_examples=120, deadline=None)
def test_what_was_encoded_decodes_to_the_same_message(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_octets_are_a_message_or_a_reject(octets: bytes) -> None:
    with suppress(Reject):
        decode(octets)


@given(MESSAGES, st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_messages_are_a_message_or_a_reject(message: Message, data: st.DataObject) -> None:
    octets = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Reject):
        decode(bytes(octets[: data.draw(st.integers(0, len(octets)))]))


def test_a_print_job_laid_out_as_in_rfc_8010_appendix_a_decodes() -> None:
    octets = bytes.fromhex(
        "0101 0002 00000001 01"
        "47 0012 617474726962757465732d63686172736574 0005 7574662d38"
        "48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0005 656e2d7573"
        "45 000b 7072696e7465722d757269 0016 6970703a2f2f666f6f2f7072696e7465722f706f726b"
        "42 0008 6a6f622d6e616d65 0006 666f6f626172"
        "22 0016 6970702d6174747269627574652d666964656c697479 0001 01"
        "02 21 0006 636f70696573 0004 00000014"
        "44 0005 7369646573 0013 74776f2d73696465642d6c6f6e672d65646765"
        "03 2521 5053"
    )
    message = decode(octets)
    assert message.version == (1, 1)
    assert message.code == Operation.PRINT_JOB
    assert message.first(GroupTag.OPERATION)[3] == Attribute.of("job-name", Tag.NAME, "foobar")
    assert message.first(GroupTag.JOB)[0] == Attribute.of("copies", Tag.INTEGER, 20)
    assert message.document == b"%!PS"
    assert encode(message) == octets


def test_an_event_notification_group_per_event_is_kept_apart() -> None:
    events = tuple(
        Group(GroupTag.EVENT_NOTIFICATION, (Attribute.of("notify-sequence-number", Tag.INTEGER, number),))
        for number in (7, 8)
    )
    message = decode(encode(Message(0, 1, (Group(GroupTag.OPERATION), *events))))
    assert [group[0].values[0].data for group in message.every(GroupTag.EVENT_NOTIFICATION)] == [7, 8]


def test_a_clock_that_was_never_set_does_not_hide_the_other_attributes() -> None:
    unset = Value(Tag.DATE_TIME, bytes(8) + b"+\0\0")
    message = Message(
        0,
        1,
        (
            Group(
                GroupTag.JOB,
                (Attribute("date-time-at-completed", (unset,)), Attribute.of("copies", Tag.INTEGER, 2)),
            ),
        ),
    )
    assert decode(encode(message)) == message


def test_text_that_is_not_utf_8_is_read_with_replacements() -> None:
    octets = encode(Message(0, 1, (Group(GroupTag.JOB, (Attribute.of("job-name", Tag.NAME, "x"),)),)))
    broken = octets.replace(b"\0\1x", b"\0\1\xff")
    assert decode(broken).first(GroupTag.JOB)[0].values[0].data == "\ufffd"


def test_a_deep_collection_is_refused_both_ways() -> None:
    value = Value(Tag.BEG_COLLECTION, Collection())
    for _ in range(MAX_DEPTH):
        value = Value(Tag.BEG_COLLECTION, Collection((Attribute("m", (value,)),)))
    with pytest.raises(Reject, match="nested deeper"):
        encode(Message(0, 1, (Group(GroupTag.JOB, (Attribute("x", (value,)),)),)))
    opened = b"\x34\0\0\0\0\x4a\0\0\0\1m"
    octets = bytes.fromhex("0200000000000001") + b"\x02\x34\0\1x\0\0\x4a\0\0\0\1m" + opened * 5_000
    with pytest.raises(Reject, match="nested deeper"):
        decode(octets)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"<html>", "only 6 octets"),
        (b"<html><body>Hello</body></html>", "outside of any group"),
        (bytes.fromhex("0200000000000001 01 47"), "ends at octet 10"),
        (bytes.fromhex("0200000000000001 02 21 ffff"), "negative"),
        (bytes.fromhex("0200000000000001 02 21 0001 61 0002 0001 03"), "has 2 octets, not 4"),
        (bytes.fromhex("0200000000000001 02 21 0000 0004 00000001 03"), "has no name"),
        (bytes.fromhex("0200000000000001 02 34 0001 61 0000 03"), "not closed"),
        (bytes.fromhex("0200000000000001 02 37 0001 61 0000 03"), "outside of any collection"),
        (bytes.fromhex("0200000000000001 02 7f 0001 61 0002 0000 03"), "shorter than four"),
        (bytes.fromhex("0200000000000001 02 36 0001 61 0003 000561 03"), "truncated"),
    ],
)
def test_malformed_octets_are_refused_with_the_reason(octets: bytes, reason: str) -> None:
    with pytest.raises(Reject, match=reason):
        decode(octets)


def test_what_does_not_fit_is_not_encoded() -> None:
    for attribute in (
        Attribute.of("copies", Tag.INTEGER, 2**31),
        Attribute.of("job-name", Tag.NAME, "x" * 40_000),
        Attribute.of("job-name", Tag.NAME, "\ud800"),
        Attribute("copies", ()),
        collection("media-col", [Attribute("x", ())]),
    ):
        with pytest.raises(Reject):
            encode(Message(0, 1, (Group(GroupTag.JOB, (attribute,)),)))


def test_a_time_keeps_its_zone_and_tenths_of_a_second() -> None:
    moment = datetime(2026, 11, 2, 9, 15, 0, 200_000, timezone(timedelta(hours=-3, minutes=-30)))
    octets = encode(Message(0, 1, (Group(GroupTag.JOB, (Attribute.of("t", Tag.DATE_TIME, moment),)),)))
    assert bytes.fromhex("07ea0b02090f00022d031e") in octets
    assert decode(octets).first(GroupTag.JOB)[0].values[0].data == moment.astimezone(UTC)
