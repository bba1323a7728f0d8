"""Tells whether a changed event schema breaks anybody: optional fields may be added, nothing else may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_WORDS: Final = frozenset({"title", "description", "examples", "$comment", "$defs", "$id", "$schema"})
"""Keywords that say nothing about which documents are valid."""


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What in `new` an old producer or an old consumer could not live with; empty when all is well.

    Both are whole schemas with their `$defs`. Stricter is as bad as laxer: a new member of an enumeration is
    refused by consumers that were built before it, so it needs a new major version of the event.
    """
    return list(_compare(_inlined(old, old), _inlined(new, new), ""))


def _inlined(node: Any, root: Mapping[str, Any]) -> Any:
    """The schema with every `$ref` replaced by what it points to, so that a renamed class is no change."""
    if isinstance(node, Mapping):
        if reference := node.get("$ref"):
            target: Any = root
            for step in str(reference).removeprefix("#/").split("/"):
                target = target[step]
            rest = {key: value for key, value in node.items() if key != "$ref"}
            return _inlined({**target, **rest}, root)
        return {key: _inlined(value, root) for key, value in node.items() if key not in _WORDS}
    if isinstance(node, list):
        return [_inlined(each, root) for each in node]
    return node


def _compare(old: Any, new: Any, where: str) -> Iterator[str]:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for number, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from _compare(one, other, f"{where}/{number}")
        elif old != new:
            yield f"{where}: {old!r} became {new!r}"
        return
    for key in sorted(old.keys() | new.keys()):
        if key == "properties":
            yield from _compare_fields(old.get(key, {}), new.get(key, {}), f"{where}/properties")
        elif key == "required":
            for name in sorted(set(old.get(key, ())) ^ set(new.get(key, ()))):
                yield f"{where}/required: {name} {'is new' if name in new.get(key, ()) else 'is gone'}"
        elif key not in old or key not in new:
            yield f"{where}/{key}: {'is new' if key in new else 'is gone'}"
        else:
            yield from _compare(old[key], new[key], f"{where}/{key}")


def _compare_fields(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    """Fields may be added; those that were there stay as they were. A required new one shows in `required`."""
    for name, schema in old.items():
        if name in new:
            yield from _compare(schema, new[name], f"{where}/{name}")
        else:
            yield f"{where}/{name}: is gone"
