"""The page of topics and event types, from the topic files and the event classes."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.events import EVENT_TYPES

CONTRACTS: Final = Path(__file__).parent.parent / "shared" / "contracts"

INTRODUCTION: Final = """# Topics and events

Generated from the code by `make docs`; do not edit.

Every record's value is a [CloudEvents 1.0](https://cloudevents.io) document in structured JSON,
with the header `content-type: application/cloudevents+json`.
Amounts are decimal strings, times carry a zone, areas are mm2, lengths um, ink uL;
what is absent is not known, never 0.
Only optional fields are ever added to a type; consumers ignore fields they do not know.
JSON Schemas stand in `shared/contracts/schemas`, examples in `shared/contracts/examples`.
A topic's full name starts with `INKMETER_TOPIC_PREFIX` (`inkmeter.`);
what is refused goes to `<topic>.dlq`, with the reason.
"""


def _topics() -> list[dict[str, Any]]:
    return [tomllib.loads(path.read_text("utf-8")) for path in sorted((CONTRACTS / "topics").glob("*.toml"))]


def _retention(config: dict[str, str]) -> str:
    if config.get("cleanup.policy") == "compact":
        return "newest of each key"
    milliseconds = int(config.get("retention.ms", "604800000"))
    return "for ever" if milliseconds < 0 else f"{milliseconds // 86_400_000} days"


def _topic(topic: dict[str, Any]) -> str:
    cells = [
        topic["key"],
        str(topic["partitions"]),
        _retention(topic.get("config", {})),
        ", ".join(topic["producers"]) or "your systems",
        ", ".join([*topic["consumers"], "your systems"]),
        ", ".join(f"[{name}](#{anchor(name)})" for name in topic["event_types"]),
    ]
    return "\n".join(
        [
            f"## inkmeter.{topic['name']}\n",
            f"{topic['description']}\n",
            "| key | partitions | kept | written by | read by | event types |",
            "|---|---|---|---|---|---|",
            "| " + " | ".join(cells) + " |",
        ]
    )


def anchor(heading: str) -> str:
    """The fragment of a heading, as code hosts make it."""
    return "".join(c for c in heading.lower() if c.isalnum() or c in "_-")


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value is not None)
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(kinds)
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "any"))


def _referred(schema: dict[str, Any]) -> str | None:
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", [])):
        if isinstance(one, dict) and "$ref" in one:
            return str(one["$ref"]).rsplit("/", 1)[-1]
        if isinstance(one, dict) and "$ref" in one.get("items", {}):
            return str(one["items"]["$ref"]).rsplit("/", 1)[-1]
    return None


def _fields(schema: dict[str, Any], parts: dict[str, Any], prefix: str) -> list[str]:
    rows = []
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        must = "yes" if name in schema.get("required", []) else ""
        rows.append(f"| `{path}` | {_kind(field)} | {must} |")
        if inner := _referred(field):
            suffix = "[]." if field.get("type") == "array" or "items" in str(field.get("anyOf", "")) else "."
            rows += _fields(parts[inner], parts, path + suffix)
    return rows


def _event_type(name: str, cls: type) -> str:
    data = msgspec.structs.fields(cls)[-1].type
    (schema,), parts = msgspec.json.schema_components([data], ref_template="#/$defs/{name}")
    root = parts[_referred(schema) or ""]
    lines = [
        f"## {name}\n",
        f"{(inspect.getdoc(data) or '').splitlines()[0]}\n",
        "| field of `data` | type | always there |",
        "|---|---|---|",
        *_fields(root, parts, ""),
    ]
    return "\n".join(lines)


def events() -> str:
    """docs/events.md."""
    parts = [INTRODUCTION, *(_topic(topic) for topic in _topics())]
    parts += [_event_type(name, cls) for name, cls in EVENT_TYPES.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"
