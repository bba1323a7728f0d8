"""Spoils IPP messages, by the octet and by the value, as broken and hostile devices do."""

from __future__ import annotations

from random import Random
from typing import Final

from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Attribute, Collection, Data, Group, Message, Range, Value
from services.collector.sources.ipp.tags import Tag
from shared.errors import Reject

NUMBERS: Final = (0, 1, -1, 2**31 - 1, -(2**31), 999_999_999, 1_000_000_001, 3, 5, 7, 8, 9)
TEXTS: Final = (
    "",
    "\0",
    "x" * 5_000,
    "two\nlines\x1b[2J",
    "unknown",
    "one-sided",
    "two-sided-long-edge",
    "custom_1x1mm_999999x999999in",
    "custom_0.0000001x1mm",
    "iso_a4_210x297mm",
    "none",
    "auto",
    "é" * 400,
)
CODES: Final = (0x0000, 0x0001, 0x0406, 0x0500, 0x0507, 0x7000, 0xFFFF)


def spoilt(octets: bytes, random: Random) -> bytes:
    """The message with values that it should not have, or with its framing broken, or both."""
    if random.random() < 0.7:
        octets = _values(octets, random)
    if random.random() < 0.4:
        octets = _octets(octets, random)
    return octets


def _octets(octets: bytes, random: Random) -> bytes:
    out = bytearray(octets)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at, way = random.randrange(len(out) or 1), random.randrange(5)
        if way == 0 and out:
            out[at] ^= 1 << random.randrange(8)
        elif way == 1:
            del out[at : at + random.randrange(1, 40)]
        elif way == 2:
            out[at:at] = random.randbytes(random.randrange(1, 20))
        elif way == 3:
            start = random.randrange(len(out) or 1)
            out[at:at] = out[start : start + random.randrange(1, 200)]
        else:
            out[at : at + 4] = random.choice(NUMBERS).to_bytes(4, signed=True)
    return bytes(out)


def _values(octets: bytes, random: Random) -> bytes:
    message = decode(octets)
    groups: list[Group] = []
    for group in message.groups:
        attributes = [_attribute(each, random) for each in group.attributes if random.random() > 0.03]
        tag = group.tag if random.random() > 0.02 else random.choice((1, 2, 4, 5, 6, 7, 9))
        groups += [Group(tag, tuple(attributes))] * (1 if random.random() > 0.03 else 2)
    code = message.code if random.random() > 0.02 else random.choice(CODES)
    try:
        return encode(Message(code, message.request_id, tuple(groups)))
    except Reject:
        return octets


def _attribute(attribute: Attribute, random: Random) -> Attribute:
    way = random.random()
    if way < 0.03:
        return Attribute.of(attribute.name, Tag.NO_VALUE, None)
    if way < 0.06:
        return Attribute.of(attribute.name, Tag.INTEGER, random.choice(NUMBERS))
    if way < 0.09:
        return Attribute.of(attribute.name, Tag.KEYWORD, random.choice(TEXTS))
    if way < 0.10:
        return Attribute(attribute.name, attribute.values * random.choice((2, 100)))
    changed = (Value(each.tag, _data(each.data, random)) for each in attribute.values)
    return Attribute(attribute.name, tuple(changed))


def _data(data: Data, random: Random) -> Data:
    if isinstance(data, Collection):
        return Collection(tuple(_attribute(each, random) for each in data.members))
    if random.random() > 0.1:
        return data
    if isinstance(data, bool):
        return not data
    if isinstance(data, int):
        return random.choice(NUMBERS)
    if isinstance(data, str):
        return random.choice(TEXTS)
    if isinstance(data, Range):
        return Range(random.choice(NUMBERS), random.choice(NUMBERS))
    return data
