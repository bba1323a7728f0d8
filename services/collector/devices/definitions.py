"""What the standard does not say of makers and models: definitions/*.toml, matched by sysObjectID and model.

A definition only adds (private counters, where serial number and model stand) or corrects (quirks, each with its
reason); everything else is read by the standard.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.collector.snmp.values import Oid, parse_oid, within

_NO_DEFINITION: Final = frozenset({"makers.toml", "words.toml"})
Dotted = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)+$")]


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """Which devices: those below a sysObjectID, and whose model or sysDescr fits a pattern (* and ?)."""

    sys_object_id: Annotated[str, Meta(pattern=r"^([0-9]+(\.[0-9]+)+)?$")] = ""
    model: str = "*"

    def fits(self, sys_object_id: Oid, model: str) -> bool:
        """Whether a device is one of them."""
        named = self.model == "*" or fnmatchcase(model.lower(), self.model.lower())
        return named and (not self.sys_object_id or within(sys_object_id, parse_oid(self.sys_object_id)))


class PrivateCounter(Struct, frozen=True, forbid_unknown_fields=True):
    """A counter of the maker's own; the sum of its objects, none when one is missing."""

    name: str
    oids: Annotated[list[Dotted], Meta(min_length=1)]
    unit: str | None = None


class Quirk(Struct, frozen=True, forbid_unknown_fields=True):
    """A correction of what a device says; `why` names the evidence.

    Attributes:
        supply_low: a level of a supply by which it says that it is nearly empty.
        supply_unit: the unit of all supplies, by number (PrtMarkerSuppliesSupplyUnitTC).
        counter_unit: the unit of the markers' counters, by number (PrtMarkerCounterUnitTC).
        waste_is_filled: waste boxes tell how full they are instead of the room that is left.
    """

    why: Annotated[str, Meta(min_length=20)]
    when: When = When()
    supply_low: int | None = None
    supply_unit: int | None = None
    counter_unit: int | None = None
    waste_is_filled: bool = False


class Definition(Struct, frozen=True, forbid_unknown_fields=True):
    """One file: where a maker keeps what the standard has no object for, or where some models leave it out."""

    when: When
    model: list[Dotted] = []
    serial: list[Dotted] = []
    device_id: list[Dotted] = []
    context: str = ""
    counters: list[PrivateCounter] = []
    quirks: list[Quirk] = []

    def oids(self) -> Iterator[Oid]:
        """All objects that it wants to be read."""
        for dotted in (*self.model, *self.serial, *self.device_id):
            yield parse_oid(dotted)
        for counter in self.counters:
            yield from map(parse_oid, counter.oids)


class Maker(Struct, frozen=True, forbid_unknown_fields=True):
    """A maker, how texts begin that name it, and its number."""

    name: str
    words: list[str]
    enterprise: int | None = None


class _PrintServers(Struct, frozen=True, forbid_unknown_fields=True):
    texts: list[str]


class Makers(Struct, frozen=True, forbid_unknown_fields=True):
    """definitions/makers.toml."""

    makers: list[Maker]
    print_servers: _PrintServers


@cache
def load_definitions() -> tuple[Definition, ...]:
    """All definitions.

    Raises:
        ValueError: a file is wrong.
    """
    folder = resources.files("services.collector.devices").joinpath("definitions")
    found = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml") and file.name not in _NO_DEFINITION:
            try:
                found.append(msgspec.convert(tomllib.loads(file.read_text("utf-8")), Definition))
            except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
                raise ValueError(f"definitions/{file.name}: {error}") from error
    return tuple(found)


@cache
def load_makers() -> Makers:
    """All makers."""
    file = resources.files("services.collector.devices").joinpath("definitions", "makers.toml")
    return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Makers)


def definitions_for(sys_object_id: Oid | None, text: str) -> tuple[Definition, ...]:
    """The definitions that fit a device; `text` is its model or its sysDescr."""
    return tuple(each for each in load_definitions() if each.when.fits(sys_object_id or (), text))
