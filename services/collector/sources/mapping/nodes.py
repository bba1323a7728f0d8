"""A record as something that is asked for what is at a place: a row of CSV, a JSON object, an XML element."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol
from xml.etree.ElementTree import Element

from services.collector.sources.mapping.faults import WrongValue
from services.collector.sources.mapping.values import Said

MAX_PATH: Final = 500
MAX_BITS: Final = 256
"""Of a whole number in JSON; no quantity comes near."""
_STEP: Final = re.compile(r"(@?)([^\[\]]+?)(?:\[(\d{1,6})\])?")


class Step(NamedTuple):
    """One step of a path: a name, which of several of that name (from 1; 0 for the only one), or an attribute."""

    name: str
    which: int
    is_attribute: bool


class Node(Protocol):
    """A record, or an item of a list in it."""

    def said(self, place: str | int) -> Said | None:
        """What is at a place; None where nothing is.

        Raises:
            WrongValue: several values are there, or no single one.
        """
        ...

    def each(self, path: str) -> Sequence[Node]:
        """The items of a list, in their order; none where there is no such list."""
        ...


@lru_cache(maxsize=4_096)
def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of `a/b[2]/@c`; `~1` stands for a slash in a name and `~0` for a tilde.

    Raises:
        ValueError: it is no path.
    """
    parts = path.removeprefix("/").split("/")
    steps: list[Step] = []
    for index, part in enumerate(parts):
        found = _STEP.fullmatch(part)
        if len(path) > MAX_PATH or not found or found[3] == "0" or (found[1] and index < len(parts) - 1):
            raise ValueError(f"{path!r} is no path such as pages[1]/size or job/@id")
        name = found[2].replace("~1", "/").replace("~0", "~")
        steps.append(Step(name, int(found[3] or 0), bool(found[1])))
    return tuple(steps)


@lru_cache(maxsize=4_096)
def column_key(name: str) -> str:
    """Names of columns are compared without regard to case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold()


class CsvNode:
    """A row: its cells by the key of their column's name and by number."""

    def __init__(self, cells: Sequence[str], columns: Mapping[str, int]) -> None:
        self._cells = cells
        self._columns = columns

    def said(self, place: str | int) -> Said | None:
        """See Node."""
        index = place - 1 if isinstance(place, int) else self._columns.get(column_key(place), -1)
        return Said(self._cells[index]) if 0 <= index < len(self._cells) else None

    def each(self, path: str) -> Sequence[Node]:
        """A row has no lists."""
        del path
        return ()


class JsonNode:
    """A value of JSON, whose fractions are Decimals."""

    def __init__(self, value: Any, record: Any) -> None:
        self.value = value
        self._record = record

    def said(self, place: str | int) -> Said | None:
        """See Node."""
        found = [each for each in self._find(str(place)) if each is not None]
        if len(found) > 1:
            raise WrongValue(f"there are {len(found)} of them at {place}: name one as {place}[1]")
        if not found:
            return None
        (value,) = found
        if isinstance(value, bool):
            return Said("true" if value else "false")
        if isinstance(value, (int, Decimal)):
            if isinstance(value, int) and value.bit_length() > MAX_BITS:
                raise WrongValue("must be a number of a sane size")
            return Said(str(value), plain=True)
        if not isinstance(value, str):
            raise WrongValue(f"at {place} is no single value")
        return Said(value)

    def each(self, path: str) -> Sequence[JsonNode]:
        """See Node."""
        return [JsonNode(value, self._record) for value in self._find(path) if value is not None]

    def _find(self, path: str) -> list[Any]:
        found = [self._record if path.startswith("/") else self.value]
        for step in parse_path(path):
            values = [value[step.name] for value in found if isinstance(value, dict) and step.name in value]
            flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
            found = flat[step.which - 1 : step.which] if step.which else flat
        return found


class XmlNode:
    """An element; names are compared without their namespaces."""

    def __init__(self, element: Element, record: Element) -> None:
        self._element = element
        self._record = record

    def said(self, place: str | int) -> Said | None:
        """See Node."""
        path = str(place)
        last = parse_path(path)[-1]
        found = self._find(path)
        if len(found) > 1:
            raise WrongValue(f"there are {len(found)} of them at {path}: name one as {path}[1]")
        if not found:
            return None
        if last.is_attribute:
            told = next((text for name, text in found[0].items() if local_name(name) == last.name), None)
            return None if told is None else Said(told)
        return Said("".join(found[0].itertext()))

    def each(self, path: str) -> Sequence[XmlNode]:
        """See Node."""
        return [XmlNode(element, self._record) for element in self._find(path)]

    def _find(self, path: str) -> list[Element]:
        found = [self._record if path.startswith("/") else self._element]
        for step in parse_path(path):
            if step.is_attribute:
                break
            found = [child for element in found for child in element if local_name(child.tag) == step.name]
            found = found[step.which - 1 : step.which] if step.which else found
        return found


def local_name(tag: Any) -> str:
    """The name of an element or attribute without its namespace; "" of a comment."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
