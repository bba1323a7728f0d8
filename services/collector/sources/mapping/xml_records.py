"""The records of an XML document. What could make it grow or reach elsewhere (a DTD, entities) is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser, tostring

from services.collector.sources.mapping.nodes import XmlNode, local_name, parse_path
from services.collector.sources.mapping.records import MAX_RECORD_BYTES, Record
from shared.errors import Reject

MAX_DEPTH: Final = 100
MAX_ELEMENTS: Final = 2_000_000


class _Builder(TreeBuilder):
    """Builds the tree, and stops at what no accounting file needs."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """A DTD, the only way to declare entities."""
        del name, pubid, system
        raise Reject("The file has a DTD, which is refused: it can make a small file huge or read other files.")

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> Element:
        """An element begins."""
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise Reject(f"The file has more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """An element ends."""
        self._depth -= 1
        return super().end(tag)


def parse(raw: bytes) -> Element:
    """The root of a document.

    Raises:
        Reject: it is no XML, has a DTD, or is too deep.
    """
    parser = XMLParser(target=_Builder())  # noqa: S314 - the builder refuses a DTD, thus all entities but five
    try:
        parser.feed(raw)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise Reject(f"The file is not XML: {error}.") from error
    return root


def document_records(raw: bytes, path: str) -> Iterator[Record]:
    """The records at a path from the root, whose own name is not part of it; `//name` finds them anywhere.

    Raises:
        Reject: see parse.
    """
    root = parse(raw)
    if path.startswith("//"):
        found = [element for element in root.iter() if local_name(element.tag) == path[2:]]
    else:
        found = [root]
        for step in parse_path(path):
            found = [child for each in found for child in each if local_name(child.tag) == step.name]
    for number, element in enumerate(found, start=1):
        text = tostring(element, encoding="unicode")[:MAX_RECORD_BYTES].strip()
        yield Record(number, 0, 0, len(raw), text, XmlNode(element, element))
