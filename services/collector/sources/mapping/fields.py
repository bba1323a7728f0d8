"""One field of a job from a record: found, looked up among the words it may be, and read as what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType

from services.collector.sources.mapping.document import Mapping, Source, Spec, source_of
from services.collector.sources.mapping.faults import Fault, WrongValue, shown
from services.collector.sources.mapping.moments import moment
from services.collector.sources.mapping.nodes import Node
from services.collector.sources.mapping.targets import CHOICES
from services.collector.sources.mapping.values import Dimension, Said, count, quantity, yes_or_no
from shared.printable import without_controls

OTHERS: Final = "*"
MAX_TEXT: Final = 1_000
T = TypeVar("T")


class Fields:
    """Reads the fields of one record, and gathers all that is wrong with it."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._empty = frozenset(each.strip() for each in mapping.records.empty)
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []

    def text(self, name: str, node: Node, spec: Spec | None) -> str | None:
        """A text without control characters and without blanks around it, at most MAX_TEXT characters of it."""
        return self._read(name, node, spec, lambda said, _: _clean(said.text)[:MAX_TEXT] or None)

    def choice(self, name: str, node: Node, spec: Spec | None) -> str | None:
        """One of a few words."""
        choices = CHOICES[name.rpartition("/")[2]]

        def read(said: Said, source: Source) -> str:
            word = said.text.strip()
            if word not in choices:
                how = "" if source.values else ": say with values what the file's words mean"
                raise WrongValue(f"must be one of {', '.join(choices)}{how}")
            return word

        return self._read(name, node, spec, read)

    def count(self, name: str, node: Node, spec: Spec | None) -> int | None:
        """A whole number."""
        return self._read(name, node, spec, lambda said, _: count(said, self._mapping.numbers))

    def truth(self, name: str, node: Node, spec: Spec | None) -> bool | None:
        """Yes or no."""
        return self._read(name, node, spec, lambda said, _: yes_or_no(said))

    def quantity(self, name: str, node: Node, spec: Spec | None, dimension: Dimension) -> int | None:
        """A length in um, an area in mm2, or ink in uL."""

        def read(said: Said, source: Source) -> int:
            unit = source.unit
            if source.unit_from is not None:
                told = node.said(source.unit_from)
                unit = told.text if told else ""
            unit = unit if unit is not None else getattr(self._mapping.units, dimension)
            return quantity(said, unit, dimension, self._mapping.numbers)

        return self._read(name, node, spec, read)

    def moment(self, name: str, node: Node, spec: Spec | None) -> datetime | None:
        """A moment with its zone."""

        def read(said: Said, source: Source) -> datetime:
            found = moment(said, self._mapping.dates, source.formats)
            if found.note:
                self.notes.append(Fault(name, shown(said.text), found.note))
            return found.at

        return self._read(name, node, spec, read)

    def raw(self, node: Node, place: str | int) -> str:
        """The text at a place as it is, "" for none."""
        try:
            said = node.said(place)
        except WrongValue as error:
            self.faults.append(Fault(str(place), "", error.reason))
            return ""
        return said.text.strip() if said else ""

    def missing(self, name: str, detail: str) -> None:
        """Notes that a record lacks what a job needs."""
        self.faults.append(Fault(name, "", detail))

    def _read(
        self, name: str, node: Node, spec: Spec | None, read: Callable[[Said, Source], T | None]
    ) -> T | None:
        if spec is None:
            return None
        source = source_of(spec)
        value = ""
        try:
            said = self._said(node, source)
            if said is not None:
                value = said.text
                return read(said, source)
        except WrongValue as error:
            self.faults.append(Fault(name, shown(value), error.reason))
            return None
        if source.required:
            places = " and ".join(str(place) for place in source.places)
            self.missing(name, f"is needed, and {places} is empty")
        return None

    def _said(self, node: Node, source: Source) -> Said | None:
        """What is told of a field, in the mapping's own words where it has such."""
        if not isinstance(source.value, UnsetType):
            return _constant(source.value)
        told = [said for place in source.places if (said := node.said(place)) is not None and self._is_told(said)]
        if not told:
            return None if source.default is UNSET else _constant(source.default)
        said = told[0] if len(told) == 1 else Said(" ".join(each.text.strip() for each in told))
        if source.values is None:
            return said
        word = " ".join(said.text.split())
        meant = source.values.get(word, source.values.get(OTHERS, UNSET))
        if isinstance(meant, UnsetType):
            known = ", ".join(source.values)
            raise WrongValue(f"{shown(said.text)!r} is none of the words that the mapping knows: {known}")
        return _constant(meant)

    def _is_told(self, said: Said) -> bool:
        text = said.text.strip()
        return bool(text) and text not in self._empty


def _constant(value: str | int | bool | UnsetType) -> Said | None:
    if isinstance(value, bool):
        return Said("yes" if value else "no")
    if isinstance(value, int):
        return Said(str(value), plain=True)
    return Said(value) if isinstance(value, str) and value else None


def _clean(text: str) -> str:
    return " ".join(without_controls(text).split(" ")).strip()
