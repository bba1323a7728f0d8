"""The event contract: examples decode for ever, the lock is the code, and nothing that breaks anybody gets in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from shared import contracts_gen
from shared.contracts_compat import breaking_changes
from shared.errors import Reject
from shared.events import EVENT_TYPES, JOB_COMPLETED, JobCompleted
from shared.events.envelope import dataschema, encode, event_type_of
from shared.events.jobs import identified

CONTRACTS = contracts_gen.FOLDER
EXAMPLES = sorted(CONTRACTS.glob("examples/*/*.json"))
EXAMPLE = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def validator(event_type: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((CONTRACTS / "schemas" / f"{event_type}.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def is_cloud_event(document: dict[str, Any]) -> bool:
    """What CloudEvents 1.0, section 3.1, asks of a stranger's event."""
    needed = all(isinstance(document.get(name), str) and document[name] for name in ("id", "source", "type"))
    names = all(name.islower() and name.isalnum() for name in document)
    return needed and names and document.get("specversion") == "1.0"


@EXAMPLE
def test_an_example_decodes_and_says_the_same_when_encoded_again(path: Path) -> None:
    raw, kind = path.read_bytes(), EVENT_TYPES[path.parent.name]
    event: Any = msgspec.json.decode(raw, type=kind)
    again = encode(event)
    assert msgspec.json.decode(again, type=kind) == event
    assert event_type_of(raw) == path.parent.name


@EXAMPLE
def test_an_example_is_valid_by_the_schema_as_written_and_as_encoded_by_us(path: Path) -> None:
    raw = path.read_bytes()
    again = encode(msgspec.json.decode(raw, type=EVENT_TYPES[path.parent.name]))
    for text in (raw, again):
        document = json.loads(text)
        validator(path.parent.name).validate(document)
        assert is_cloud_event(document)
        assert document["dataschema"] == dataschema(path.parent.name)


@EXAMPLE
def test_a_job_of_the_examples_has_the_id_that_follows_from_it(path: Path) -> None:
    event: Any = msgspec.json.decode(path.read_bytes(), type=EVENT_TYPES[path.parent.name])
    if isinstance(event.data, JobCompleted):
        assert identified(event.data) == event.data
        assert event.id == event.data.job.id
        assert event.subject == event.data.job.key


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_every_event_type_has_several_examples(event_type: str) -> None:
    assert sum(path.parent.name == event_type for path in EXAMPLES) >= 2


def test_every_example_is_of_a_known_type() -> None:
    assert {path.parent.name for path in EXAMPLES} == set(EVENT_TYPES)


def test_the_checked_in_contract_files_are_those_of_the_code() -> None:
    assert contracts_gen.stale_files() == [], "run `python -m shared.contracts_gen`"


def test_the_code_breaks_nothing_of_the_locked_schemas() -> None:
    assert contracts_gen.broken_schemas() == []


def test_a_schema_stands_alone() -> None:
    for event_type in EVENT_TYPES:
        text = json.dumps(contracts_gen.schema_of(event_type))
        references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
        assert all(each.startswith("#/$defs/") for each in references)


def add_optional(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobLine"]["properties"]["flavour"] = {"type": "string"}


def add_required(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["properties"]["flavour"] = {"type": "string"}
    schema["$defs"]["JobCompleted"]["required"].append("flavour")


def remove_field(schema: dict[str, Any]) -> None:
    del schema["$defs"]["JobLine"]["properties"]["media"]


def loosen_required(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["required"].remove("lines")


def change_type(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["properties"]["billable"] = {"type": "string"}


def change_limit(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["properties"]["lines"]["maxItems"] = 10


def add_enum_member(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["properties"]["kind"]["enum"].append("fax")


def change_default(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobCompleted"]["properties"]["outcome"]["default"] = "aborted"


def reword(schema: dict[str, Any]) -> None:
    schema["$defs"]["JobLine"]["description"] = "Other words."


@pytest.mark.parametrize(
    ("change", "breaks"),
    [
        (add_optional, False),
        (reword, False),
        (add_required, True),
        (remove_field, True),
        (loosen_required, True),
        (change_type, True),
        (change_limit, True),
        (add_enum_member, True),
        (change_default, True),
    ],
)
def test_only_added_optional_fields_break_nobody(change: Callable[[dict[str, Any]], None], breaks: bool) -> None:
    old = contracts_gen.schema_of(JOB_COMPLETED)
    new = copy.deepcopy(old)
    change(new)
    assert bool(breaking_changes(old, new)) is breaks


def test_a_renamed_class_breaks_nobody() -> None:
    old = contracts_gen.schema_of(JOB_COMPLETED)
    new = json.loads(json.dumps(old).replace("JobLine", "Line"))
    assert breaking_changes(old, new) == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"type": 1}', b"{}", b"\xff\xfe", b'{"type": "\xff"}'])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(Reject, match="not a CloudEvent"):
        event_type_of(raw)


@pytest.mark.parametrize("path", sorted(CONTRACTS.glob("asyncapi/*.json")), ids=lambda path: path.stem)
def test_every_reference_of_an_asyncapi_document_leads_somewhere(path: Path) -> None:
    document = json.loads(path.read_bytes())

    def check(node: Any) -> None:
        if isinstance(node, dict):
            if reference := node.get("$ref"):
                if reference.startswith("#/"):
                    found = document
                    for step in reference.removeprefix("#/").split("/"):
                        found = found[step]
                else:
                    assert (path.parent / reference).is_file()
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(document)
    assert document["asyncapi"] == "3.0.0"
    assert document["operations"]
