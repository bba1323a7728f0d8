"""What a device answers in XML or JSON as one kind of tree, whatever it sends: no DTD, no depth, no flood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from lxml import etree

from shared.errors import Reject
from shared.printable import without_controls

MAX_DEPTH: Final = 40
MAX_NODES: Final = 400_000
"""A queue of a thousand jobs of four pages has about 300,000."""
MAX_TEXT: Final = 4_000
MAX_DIGITS: Final = 30


@dataclass(slots=True)
class Node:
    """A named value: its text and what is in it, by name; names without their namespace."""

    text: str = ""
    children: dict[str, list[Node]] = field(default_factory=dict)

    def all(self, *path: str) -> list[Node]:
        """Every node at a path."""
        found = [self]
        for name in path:
            found = [child for node in found for child in node.children.get(name, ())]
        return found

    def first(self, *path: str) -> Node:
        """The first node at a path; one without anything where there is none."""
        return next(iter(self.all(*path)), Node())

    def said(self, *path: str) -> str | None:
        """The text at a path without blanks around it; None where there is none."""
        return self.first(*path).text.strip() or None

    def number(self, *path: str) -> Decimal | None:
        """The number at a path, told plainly or as a value with its unit."""
        node = self.first(*path)
        return decimal((node.first("Value") if "Value" in node.children else node).text)

    def unit(self, *path: str) -> str | None:
        """The unit that a number at a path is told with."""
        return self.said(*path, "Unit")

    def within(self, name: str) -> Iterator[Node]:
        """Every node of that name, at any depth; not those within another of them."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            deeper: list[Node] = []
            for each, nodes in node.children.items():
                if each == name:
                    yield from nodes
                else:
                    deeper.extend(nodes)
            waiting.extend(reversed(deeper))


def decimal(text: str) -> Decimal | None:
    """A plain number; None for anything else, such as infinity or one with more digits than any quantity has."""
    plain = text.strip()
    if not plain or len(plain) > MAX_DIGITS or not plain.isascii():
        return None
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= MAX_DIGITS else None


def read_xml(body: bytes) -> Node:
    """Reads an XML document; the root element's content is the tree.

    Raises:
        Reject: it is none, declares a document type (and so entities), or is too deep or too large.
    """
    parser = etree.XMLParser(
        target=_Builder(), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        found = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Reject(f"it is not XML: {without_controls(str(error))[:200]}") from error
    assert isinstance(found, Node)  # noqa: S101 - what the builder's close() gives
    return found


def read_json(body: bytes) -> Node:
    """Reads a JSON document; lists become several nodes of one name.

    Raises:
        Reject: it is none, or is too deep or too large.
    """
    if sum(body.count(mark) for mark in (b",", b"{", b"[")) > MAX_NODES:
        raise Reject(f"it has more than {MAX_NODES} values")
    try:
        return _node(msgspec.json.decode(body), MAX_DEPTH)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject(f"it is not JSON: {without_controls(str(error))[:200]}") from error


def _node(value: Any, depth: int) -> Node:
    if not depth:
        raise Reject(f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        children = {
            _plain(name): [_node(each, depth - 1) for each in (inner if isinstance(inner, list) else [inner])]
            for name, inner in value.items()
        }
        return Node(children=children)
    if isinstance(value, list):
        return Node(children={"": [_node(each, depth - 1) for each in value]})
    if value is None:
        return Node()
    return Node(_plain(str(value).lower() if isinstance(value, bool) else str(value)))


class _Builder:
    """Makes nodes while the XML is read, so that what is too much is never held."""

    def __init__(self) -> None:
        self._open: list[Node] = []
        self._root: Node | None = None
        self._count = 0

    def doctype(self, *_: object) -> None:
        """Documents of devices need none; entities, local or remote, would come by it."""
        raise Reject("it declares a document type (DTD), which is never read")

    def start(self, tag: str, _attributes: object) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise Reject(f"it is nested more than {MAX_DEPTH} deep")
        if self._count > MAX_NODES:
            raise Reject(f"it has more than {MAX_NODES} elements")
        node = Node()
        if self._open:
            self._open[-1].children.setdefault(_plain(tag.rpartition("}")[2]), []).append(node)
        else:
            self._root = node
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        node = self._open[-1] if self._open else Node()
        if len(node.text) < MAX_TEXT:
            node.text = _plain(node.text + text)

    def close(self) -> Node:
        return self._root or Node()


def _plain(text: str) -> str:
    return without_controls(text[:MAX_TEXT])
