"""Jobs by HTTP: strict at the edge, all errors at once with their places, and quick."""

from __future__ import annotations

import copy
import json
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.collector.intake.bring import Intake
from services.collector.intake.ingest import MAX_JOBS, read_jobs, ready_jobs
from shared.clock import FixedClock
from shared.events.jobs import JobCompletedEvent
from shared.http.problems import BadRequest, Invalid
from tests.jobs import job
from tests.unit.collector.registry_rows import printer


class Known:
    """A registry of a few printers."""

    def __init__(self, *printers: Any) -> None:
        self.printers = printers

    def find(self, *, printer_id=None, serial=None):
        return next(
            (e for e in self.printers if printer_id == e.id or (not printer_id and serial == e.serial)), None
        )


def intake(*printers: Any) -> Intake:
    """What makes entries; nothing is stored."""
    journal: Any = None
    return Intake(journal, Known(*printers), collector_id="c1", clock=FixedClock(datetime.now(UTC)))


def entries_of(document: Any, *printers: Any):
    jobs, is_batch = read_jobs(json.dumps(document).encode())
    return [each.entry for each in ready_jobs(jobs, intake(*printers), is_batch=is_batch)]


def errors_of(document: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        entries_of(document)
    return {error.pointer: error.detail for error in caught.value.errors}


def changed(path: str, value: Any) -> dict[str, Any]:
    """A good job with one value set: "lines/0/copies"."""
    document = copy.deepcopy(job(1))
    place: Any = document
    *way, last = path.split("/")
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("colour", "blue", "/colour"),
        ("lines/0/coat", 1, "/lines/0/coat"),
        ("printer/name", "x", "/printer/name"),
        ("title", "a\x00b", "/title"),
        ("title", "a\nb", "/title"),
        ("title", "a\x7fb", "/title"),
        ("person/claimed", "al\u0001ice", "/person/claimed"),
        ("copies", -1, "/copies"),
        ("copies", 10**30, "/copies"),
        ("copies", 1.5, "/copies"),
        ("copies", "2", "/copies"),
        ("lines/0/printed_area_mm2", 10**16, "/lines/0/printed_area_mm2"),
        ("lines/0/ink_ul", {"cyan": -1}, "/lines/0/ink_ul/*"),
        ("lines", [], "/lines"),
        ("kind", "fax", "/kind"),
        ("completed_at", "2026-11-02T09:15:00", "/completed_at"),
        ("completed_at", "1970-01-01T00:00:00Z", "/completed_at"),
        ("job", {"id": "0" * 36, "key": "k"}, "/job/id"),
        ("job", {"source": "ingest"}, "/job"),
        ("job", {"key": "k", "source": "a/../b"}, "/job/source"),
        ("printer", {"model": "x"}, "/printer"),
        ("title", "x" * 1_001, "/title"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(path, value, pointer):
    assert pointer in errors_of(changed(path, value))
    assert f"/jobs/1{pointer}" in errors_of({"jobs": [job(2), changed(path, value)]})


def test_all_errors_of_a_batch_are_told_at_once():
    batch = {"jobs": [changed("copies", -1), job(2), changed("lines/0/sheets", "x"), {"colour": 1}], "more": 1}
    assert set(errors_of(batch)) >= {"/more", "/jobs/0/copies", "/jobs/2/lines/0/sheets", "/jobs/3/colour"}


@pytest.mark.parametrize("raw", [b"", b"{", b'{"jobs": [', b"\xff\xfe", b"[" * 100_000, b'{"title": "\\ud800"}'])
def test_what_is_no_json_is_a_bad_request(raw):
    with pytest.raises(BadRequest):
        read_jobs(raw)


@pytest.mark.parametrize("document", [[], 1, "x", None, {"jobs": []}, {"jobs": {}}, {"jobs": [1]}, {}])
def test_json_of_another_shape_is_invalid(document):
    assert errors_of(document)


def test_more_than_a_thousand_jobs_are_refused_whole():
    assert "/jobs" in errors_of({"jobs": [job(number) for number in range(MAX_JOBS + 1)]})


def test_an_escaped_backslash_is_no_control_character():
    (entry,) = entries_of(changed("title", "C:\\new\\table \u00e4\u4e2d"))
    assert msgspec.json.decode(entry.value)["data"]["title"] == "C:\\new\\table \u00e4\u4e2d"


def test_text_is_kept_as_it_was_sent():
    (entry,) = entries_of(changed("title", "  plan  1  "))
    assert msgspec.json.decode(entry.value)["data"]["title"] == "  plan  1  "


@pytest.mark.parametrize(
    ("path", "value", "meant"),
    [
        ("project", " P 1\u00a0", "P 1"),
        ("department", "  ", None),
        ("person", {"claimed": "\u3000alice "}, "alice"),
    ],
)
def test_names_are_what_is_between_the_blanks(path, value, meant):
    (entry,) = entries_of(changed(path, value))
    found = msgspec.json.decode(entry.value)["data"].get(path)
    assert (found["claimed"] if isinstance(found, dict) else found) == meant


def test_a_printer_is_found_by_its_trimmed_serial_number_and_the_job_is_the_same_one():
    plain, blank = changed("printer", {"serial": "SN1"}), changed("printer", {"serial": " SN1 "})
    for document in (plain, blank):
        document["job"] = {"device_job_id": "7"}
    assert entries_of(plain, printer(1))[0].value == entries_of(blank, printer(1))[0].value


def test_a_job_with_only_a_serial_number_is_that_printers():
    document = changed("printer", {"serial": "SN1"})
    document["job"] = {"device_job_id": "7"}
    (entry,) = entries_of(document, printer(1))
    event = msgspec.json.decode(entry.value, type=JobCompletedEvent)
    assert (event.data.printer.id, event.data.printer.model) == ("id-1", "Example 36")
    assert entry.key == "id-1"
    assert event.subject.startswith("serial:SN1/7/")


def test_the_same_job_by_serial_number_by_id_and_of_an_unknown_printer_has_one_identity():
    by_serial, by_id = changed("printer", {"serial": "SN1"}), changed("printer", {"id": "id-1"})
    for document in (by_serial, by_id):
        document["job"] = {"device_job_id": "7"}
    ids = {entries_of(by_serial, printer(1))[0].event_id, entries_of(by_id, printer(1))[0].event_id}
    ids |= {entries_of(by_serial)[0].event_id}
    assert len(ids) == 1


def test_the_event_says_where_it_comes_from_and_gets_the_next_number_of_its_source():
    (entry,) = entries_of(job(1))
    assert entry.numbered is not None
    event = msgspec.json.decode(entry.numbered(17), type=JobCompletedEvent)
    assert (event.source, event.data.job.source_sequence) == ("/collector/c1/ingest", 17)
    assert event.id == event.data.job.id == entry.event_id
    assert event.time == event.data.completed_at


def test_a_sender_that_numbers_its_jobs_keeps_its_numbers():
    document = job(1)
    document["job"]["source_sequence"] = 5
    (entry,) = entries_of(document)
    assert entry.numbered is None
    assert msgspec.json.decode(entry.value)["data"]["job"]["source_sequence"] == 5


def test_a_thousand_jobs_are_read_in_a_fraction_of_a_second():
    raw = json.dumps({"jobs": [job(number) for number in range(1_000)]}).encode()
    started = time.process_time()
    jobs, _ = read_jobs(raw)
    ready_jobs(jobs, intake(), is_batch=True)
    assert time.process_time() - started < 0.5
