"""A record, or several that belong together, to the job that they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from services.collector.sources.mapping.document import LineFields, Mapping, Spec
from services.collector.sources.mapping.faults import Fault
from services.collector.sources.mapping.fields import Fields
from services.collector.sources.mapping.nodes import Node
from services.collector.sources.mapping.targets import CHOICES, COUNTS, DIMENSIONS, SUFFIXES
from shared.errors import Reject
from shared.events.envelope import rejected
from shared.events.jobs import MAX_LINES, JobCompleted, JobLine, JobRef, PersonRef, PrinterRef
from shared.units import area_mm2

_TOTALS: Final = ("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "impressions", "sheets")
_ABSENT: Final[tuple[object, ...]] = (None, {}, [])


def job_of(mapping: Mapping, nodes: Sequence[Node], fields: Fields) -> tuple[JobCompleted | None, str | None]:
    """The job of one or more records, and the printer's name where they tell it.

    Everything about the job comes from the first of them, and each gives it lines. What is wrong is in the
    fields' faults; then there is no job.
    """
    head = nodes[0]
    named = mapping.printer
    printer_name = fields.text("printer/name", head, named.name)
    printer = PrinterRef(
        id=fields.text("printer/id", head, named.id),
        serial=fields.text("printer/serial", head, named.serial),
        model=fields.text("printer/model", head, named.model),
    )
    values = _head(mapping, head, fields)
    lines = [line for node in nodes for line in _lines(mapping, node, fields, copies=values.get("copies"))]
    if not lines and not fields.faults:
        fields.missing("lines", "the record gives the job no line")
    if len(lines) > MAX_LINES:
        fields.missing("lines", f"a job has at most {MAX_LINES} lines")
    if fields.faults:
        return None, printer_name
    job = JobCompleted(printer=printer, lines=lines, **values)
    return _checked(job, fields), printer_name


def _head(mapping: Mapping, node: Node, fields: Fields) -> dict[str, Any]:
    told = mapping.job
    values: dict[str, Any] = {
        name: fields.moment(f"job/{name}", node, getattr(told, name)) for name in ("submitted_at", "started_at")
    }
    before = len(fields.faults)
    values["completed_at"] = completed_at = fields.moment("job/completed_at", node, told.completed_at)
    if completed_at is None and len(fields.faults) == before:
        fields.missing("job/completed_at", "is needed: when was the job over?")
    for name in ("title", "project", "department", "correlation_id"):
        values[name] = fields.text(f"job/{name}", node, getattr(told, name))
    for name in ("kind", "outcome", "measured"):
        values[name] = fields.choice(f"job/{name}", node, getattr(told, name))
    values["billable"] = fields.truth("job/billable", node, told.billable)
    values["copies"] = fields.count("job/copies", node, told.copies)
    person = fields.text("job/person", node, told.person)
    values["person"] = PersonRef(claimed=person) if person else None
    values["job"] = JobRef(device_job_id=_device_job_id(mapping, node, fields), source=mapping.name)
    return {name: value for name, value in values.items() if value is not None}


def _device_job_id(mapping: Mapping, node: Node, fields: Fields) -> str | None:
    """The printer's own number of the job, else a hash of what together is never the same for two jobs."""
    told = mapping.job
    if told.device_job_id is not None:
        before = len(fields.faults)
        number = fields.text("job/device_job_id", node, told.device_job_id)
        if number is None and len(fields.faults) == before:
            fields.missing("job/device_job_id", "is needed: what is the job's number?")
        return number
    texts = [fields.raw(node, place) for place in told.identity]
    if not any(texts):
        fields.missing("job/identity", "is needed, and all its places are empty")
    return hashlib.blake2b("\x1f".join(texts).encode(errors="replace"), digest_size=12).hexdigest()


def _lines(mapping: Mapping, node: Node, fields: Fields, *, copies: int | None) -> list[JobLine]:
    found: list[JobLine] = []
    for index, told in enumerate(mapping.lines, start=1):
        prefix = f"lines/{index}"
        items = [node] if told.each is None else node.each(told.each)
        for item in items:
            if told.only_if is not None and fields.raw(item, told.only_if).strip("0.,") == "":
                continue
            found.append(_line(f"{prefix}", told, item, fields, copies=copies))
    return found


def _line(prefix: str, told: LineFields, node: Node, fields: Fields, *, copies: int | None) -> JobLine:
    values: dict[str, Any] = {}
    for name in told.__struct_fields__:
        if name not in _NOT_PLAIN and (spec := getattr(told, name)) is not None:
            dimension = DIMENSIONS.get(name)
            values[name + SUFFIXES[dimension] if dimension else name] = _value(prefix, name, node, spec, fields)
    values["ink_ul"] = _ink(prefix, told, node, fields)
    values = {name: value for name, value in values.items() if value not in _ABSENT}
    if "category" in values:
        values.setdefault("category_by", "device")
    if told.per_copy and copies is not None:
        values |= _times(values, copies)
    size = values.get("width_um"), values.get("length_um"), values.get("impressions")
    if told.area_from_size and "printed_area_mm2" not in values and None not in size:
        values["printed_area_mm2"] = area_mm2(*(int(each) for each in size if each is not None))
    return JobLine(**values)


def _value(prefix: str, name: str, node: Node, spec: Spec, fields: Fields) -> Any:
    field = f"{prefix}/{name}"
    if dimension := DIMENSIONS.get(name):
        return fields.quantity(field, node, spec, dimension)
    if name in COUNTS:
        return fields.count(field, node, spec)
    if name in CHOICES:
        return fields.choice(field, node, spec)
    text = fields.text(field, node, spec)
    if name == "finishing":
        return [word for each in (text or "").split(",") if (word := each.strip())]
    return text


def _times(values: dict[str, Any], copies: int) -> dict[str, Any]:
    """The quantities of one copy as those of all."""
    changed: dict[str, Any] = {name: values[name] * copies for name in _TOTALS if name in values}
    if "ink_ul" in values:
        changed["ink_ul"] = {colour: amount * copies for colour, amount in values["ink_ul"].items()}
    return changed


_NOT_PLAIN: Final = frozenset({"each", "only_if", "per_copy", "area_from_size", "ink", "ink_each"})


def _ink(prefix: str, told: LineFields, node: Node, fields: Fields) -> dict[str, int]:
    found: dict[str, int] = {}
    for colour, spec in told.ink.items():
        amount = fields.quantity(f"{prefix}/ink/{colour}", node, spec, "ink")
        if amount is not None:
            found[colour] = amount
    if told.ink_each is not None:
        for item in node.each(told.ink_each.path):
            named = fields.text(f"{prefix}/ink_each/colour", item, told.ink_each.colour)
            amount = fields.quantity(f"{prefix}/ink_each/amount", item, told.ink_each.amount, "ink")
            if named is not None and amount is not None:
                found[named] = found.get(named, 0) + amount
    return found


def _checked(job: JobCompleted, fields: Fields) -> JobCompleted | None:
    """The job, if every field keeps what the event's schema says of it."""
    try:
        return msgspec.json.decode(msgspec.json.encode(job), type=JobCompleted)
    except msgspec.ValidationError as error:
        told: Reject = rejected(error)
        fields.faults.append(Fault(told.pointer.removeprefix("/"), "", told.reason))
    except (OverflowError, UnicodeEncodeError) as error:
        fields.faults.append(Fault("", "", f"can't be written as JSON: {error}"))
    return None
