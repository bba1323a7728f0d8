"""Writes the contract files from the code: `python -m shared.contracts_gen [--check]`.

JSON Schemas of all event types (the lock: a change that breaks anybody is refused) and one AsyncAPI 3 document per
service, from the topic files.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.contracts_compat import breaking_changes
from shared.events import EVENT_TYPES
from shared.events.envelope import CONTENT_TYPE, dataschema
from shared.settings import CommonSettings
from shared.topics import Topic, load_topics

FOLDER: Final = Path(__file__).parent / "contracts"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
CONTRACT_VERSION: Final = "1.0.0"
"""Of the documents, not of the program; every topic and event type has its major version in its name."""
ENVELOPE_REQUIRED: Final = ["specversion", "id", "source", "type", "time", "data"]


def schema_of(event_type: str) -> dict[str, Any]:
    """The JSON Schema of an event type, whole in itself: envelope and data."""
    made = msgspec.json.schema(EVENT_TYPES[event_type])
    definitions = {name: _tidied(each) for name, each in made["$defs"].items()}
    envelope = definitions.pop(made["$ref"].rpartition("/")[2])
    envelope["properties"]["type"] = {"const": event_type}
    envelope["required"] = ENVELOPE_REQUIRED
    return {
        "$schema": DIALECT,
        "$id": dataschema(event_type),
        **envelope,
        "title": event_type,
        "$defs": dict(sorted(definitions.items())),
    }


def _tidied(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition with its class's docstring free of the source's indentation."""
    found = dict(definition)
    if "description" in found:
        found["description"] = inspect.cleandoc(found["description"])
    return found


def asyncapi_of(service: str, topics: Sequence[Topic]) -> dict[str, Any]:
    """The AsyncAPI 3 document of what one service sends and receives."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in topics:
        sends, receives = service in topic.producers, service in topic.consumers
        if not (sends or receives):
            continue
        channels[topic.name] = _channel(topic)
        for action, does in (("send", sends), ("receive", receives)):
            if does:
                operations[f"{action} {topic.name}"] = {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{topic.name}"},
                    "messages": [{"$ref": f"#/channels/{topic.name}/messages/{t}"} for t in topic.event_types],
                }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Inkmeter {service}",
            "version": CONTRACT_VERSION,
            "description": "Topics are shown with the default prefix; INKMETER_TOPIC_PREFIX changes it.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
    }


def _channel(topic: Topic) -> dict[str, Any]:
    prefix = CommonSettings.model_fields["topic_prefix"].default
    messages = {
        event_type: {
            "name": event_type,
            "contentType": CONTENT_TYPE,
            "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": {"$ref": f"../schemas/{event_type}.json"}},
            "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}}},
        }
        for event_type in topic.event_types
    }
    kafka: dict[str, Any] = {"topic": topic.full_name(prefix), "partitions": topic.partitions}
    return {
        "address": topic.full_name(prefix),
        "description": topic.description,
        "messages": messages,
        "bindings": {"kafka": kafka},
    }


def contract_files() -> dict[Path, dict[str, Any]]:
    """Every generated file, below the contracts folder, with what it should hold."""
    topics = load_topics()
    services = sorted({name for topic in topics for name in (*topic.producers, *topic.consumers)})
    files = {Path("schemas") / f"{each}.json": schema_of(each) for each in EVENT_TYPES}
    return files | {Path("asyncapi") / f"{each}.json": asyncapi_of(each, topics) for each in services}


def formatted(content: Mapping[str, Any]) -> bytes:
    """A file's bytes."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def stale_files(folder: Path = FOLDER) -> list[str]:
    """The generated files that differ from the code."""
    wanted = {folder / path: formatted(content) for path, content in contract_files().items()}
    there = {*folder.glob("schemas/*.json"), *folder.glob("asyncapi/*.json")}
    differing = [path for path, content in wanted.items() if path not in there or path.read_bytes() != content]
    return sorted(str(path.relative_to(folder)) for path in {*differing, *(there - wanted.keys())})


def broken_schemas(folder: Path = FOLDER) -> list[str]:
    """What the code would break of the schemas that are checked in."""
    found = []
    for path in sorted(folder.glob("schemas/*.json")):
        if path.stem not in EVENT_TYPES:
            found.append(f"{path.stem}: is gone")
            continue
        locked = msgspec.json.decode(path.read_bytes())
        found += [f"{path.stem}{each}" for each in breaking_changes(locked, schema_of(path.stem))]
    return found


def write(folder: Path = FOLDER) -> None:
    """Writes all generated files."""
    for path, content in contract_files().items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(formatted(content))


def main(arguments: Sequence[str]) -> int:
    """Writes the files, or with --check only says which are stale; 1 when something is wrong."""
    if broken := broken_schemas():
        sys.stderr.write("These changes break producers or consumers; make a new major version of the event:\n")
        sys.stderr.writelines(f"  {each}\n" for each in broken)
        return 1
    if "--check" not in arguments:
        write()
        return 0
    stale = stale_files()
    sys.stderr.writelines(f"{each} is stale: run `python -m shared.contracts_gen`\n" for each in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
