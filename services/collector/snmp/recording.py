"""Recordings of devices: our compact format, and .snmprec, which much public data is in.

Ours is text. A line in brackets names a branch, and the lines below it stand for objects in it: the rest of the
name, a letter for the type, the value. Texts are as they are unless they begin or end with a blank or hold
something else than printable characters: those stand as hexadecimal digits. `@name` begins another SNMP context.

    # Canon TM-5300
    [1.3.6.1.2.1.43.11.1.1]
    6.1.1 s CANON Matte Black Ink Tank
    9.1.1 i 2400
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from typing import Final

from services.collector.snmp.values import NUMBERS, STRINGS, UNSIGNED, Oid, Tag, VarBind, oid_text, parse_oid
from shared.errors import Reject

MAX_LINES: Final = 200_000
SUFFIX: Final = ".inkrec"
BRANCHES: Final = (
    (1, 3, 6, 1, 2, 1, 1),
    (1, 3, 6, 1, 2, 1, 25, 3, 2, 1),
    (1, 3, 6, 1, 2, 1, 25, 3, 5, 1),
    (1, 3, 6, 1, 2, 1, 43, 5, 1, 1),
    (1, 3, 6, 1, 2, 1, 43, 8, 2, 1),
    (1, 3, 6, 1, 2, 1, 43, 10, 2, 1),
    (1, 3, 6, 1, 2, 1, 43, 11, 1, 1),
    (1, 3, 6, 1, 2, 1, 43, 12, 1, 1),
    (1, 3, 6, 1, 2, 1, 43, 18, 1, 1),
    (1, 3, 6, 1, 2, 1, 43),
    (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1),
    (1, 3, 6, 1, 4, 1),
)
"""What lines are gathered under, the first that fits."""
_LETTERS: Final = {
    Tag.INTEGER: "i",
    Tag.COUNTER32: "c",
    Tag.COUNTER64: "C",
    Tag.GAUGE32: "g",
    Tag.TIMETICKS: "t",
    Tag.OID: "o",
    Tag.IP_ADDRESS: "a",
    Tag.OPAQUE: "q",
}
_TAGS: Final = {letter: tag for tag, letter in _LETTERS.items()} | {"s": Tag.OCTETS, "x": Tag.OCTETS}
_RANGES: Final = {Tag.COUNTER64: 2**64} | dict.fromkeys(UNSIGNED - {Tag.COUNTER64}, 2**32)

Objects = dict[Oid, VarBind]
Recording = dict[str, Objects]
"""The objects of a device by SNMP context; "" is the one that is there without any."""


def written(recording: Mapping[str, Mapping[Oid, VarBind]], *, title: str = "") -> str:
    """A recording as text."""
    lines = [f"# {title}"] if title else []
    for context, objects in sorted(recording.items()):
        lines += [f"@{context}"] if context else []
        branch: Oid | None = None
        for oid in sorted(objects):
            here = next(
                (each for each in BRANCHES if oid[: len(each)] == each and len(oid) > len(each)),
                oid[: min(7, len(oid) - 1)],
            )
            if here != branch:
                branch = here
                lines.append(f"[{oid_text(branch)}]")
            lines.append(f"{oid_text(oid[len(branch) :])} {_value_text(objects[oid])}".rstrip())
    return "\n".join(lines) + "\n"


def _value_text(bind: VarBind) -> str:
    value = bind.value
    if isinstance(value, bytes) and bind.tag == Tag.OCTETS:
        text = value.decode("utf-8", "replace")
        readable = text.isprintable() and text == text.strip() and text.encode() == value
        return f"s {text}" if readable else f"x {value.hex()}"
    letter = _LETTERS[Tag(bind.tag)]
    if isinstance(value, bytes):
        return f"{letter} {value.hex()}"
    return f"{letter} {oid_text(value) if isinstance(value, tuple) else value}"


def parse(text: str) -> Recording:
    """Reads our format.

    Raises:
        Reject: names the line that is wrong.
    """
    found: Recording = {"": {}}
    objects = found[""]
    branch: Oid = ()
    for number, line in _lines(text):
        try:
            if line.startswith("@"):
                objects = found.setdefault(line[1:].strip(), {})
            elif line.startswith("["):
                branch = parse_oid(line.strip("[] "))
            else:
                rest, letter, value = (*line.split(" ", 2), "", "")[:3]
                oid = (*branch, *parse_oid(rest))
                objects[oid] = VarBind(oid, _TAGS[letter], _value(letter, value))
        except (ValueError, KeyError) as error:
            raise Reject(f"line {number} is no object of a recording: {line[:80]!r} ({error})") from error
    return found


def _value(letter: str, value: str) -> int | bytes | Oid:
    tag = _TAGS[letter]
    if tag in NUMBERS:
        return _in_range(tag, int(value))
    if tag == Tag.OID:
        return parse_oid(value)
    return value.encode() if letter == "s" else bytes.fromhex(value)


def parse_snmprec(text: str) -> Objects:
    """Reads .snmprec: name, type, value with | between; types with x are hexadecimal.

    Values that vary are left out, and so are single lines that are wrong: public recordings have some.

    Raises:
        Reject: there is nothing in it that could be read; names the first line that is wrong.
    """
    found: Objects = {}
    wrong = ""
    for number, line in _lines(text):
        name, _, rest = line.partition("|")
        kind, bar, value = rest.partition("|")
        if ":" in kind:
            continue
        try:
            oid = parse_oid(name)
            bind = _snmprec_bind(oid, kind, value) if bar else None
        except ValueError as error:
            wrong = wrong or f"line {number} is no object of a recording: {line[:80]!r} ({error})"
            continue
        if bind is not None:
            found[oid] = bind
    if wrong and not found:
        raise Reject(wrong)
    return found


def _snmprec_bind(oid: Oid, kind: str, value: str) -> VarBind | None:
    tag, digits = int(kind.rstrip("xe")), kind.endswith("x")
    if tag in NUMBERS:
        return VarBind(oid, tag, _in_range(tag, int(value)))
    if tag == Tag.OID:
        return VarBind(oid, tag, parse_oid(value))
    if tag == Tag.IP_ADDRESS and not digits:
        return VarBind(oid, tag, IPv4Address(value).packed)
    if tag in STRINGS:
        return VarBind(oid, tag, bytes.fromhex(value) if digits else value.encode())
    return None


def _in_range(tag: int, number: int) -> int:
    """A number as it can be sent: unsigned ones that were recorded as negative are what they stood for."""
    if tag == Tag.INTEGER:
        if not -(2**31) <= number < 2**32:
            raise ValueError("out of range")
        return number if number < 2**31 else number - 2**32
    return number % _RANGES[Tag(tag)]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if number > MAX_LINES:
            raise Reject(f"a recording of more than {MAX_LINES} lines")
        line = line.rstrip("\r")  # noqa: PLW2901 - of files that were made on Windows
        if line.strip() and not line.startswith("#"):
            yield number, line
