"""Matching and merging: which readings are of one job, and that their order does not matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.correlation.match import SURE, likeness
from services.collector.correlation.merge import adds_to, fields_added, merged
from shared.events import JobCompleted
from shared.events.jobs import JobLine, PersonRef
from tests.unit.collector.readings import by_backend, by_cups, by_device, reading

WINDOW = timedelta(minutes=15)
WORD = "Microsoft Word - A very long title of a letter.docx"

SAME: dict[str, tuple[JobCompleted, JobCompleted]] = {
    "two sources of one job": (by_cups(), by_device()),
    "a domain before the name": (by_cups(), by_device(person=PersonRef(claimed="OFFICE\\Alice"))),
    "a name as an address": (by_cups(person=PersonRef(claimed="alice@office.example")), by_device()),
    "a title that the device cut": (by_cups(title=WORD), by_device(title="A very long title of a l")),
    "a title with its folder": (by_cups(title="C:\\plans\\plan.pdf"), by_device()),
    "one knows no person": (by_cups(person=None), by_device()),
    "one knows no title, but person and size agree": (by_cups(title=None), by_device()),
    "minutes apart": (by_cups(), by_device(after_s=14 * 60)),
    "a long job that began in time": (
        by_cups(),
        by_device(after_s=3_600, started_at=by_cups().completed_at),
    ),
    "copies counted otherwise": (by_cups(copies=2), by_device(copies=1)),
}
TWO: dict[str, tuple[JobCompleted, JobCompleted]] = {
    "another title": (by_cups(), by_device(title="section.pdf")),
    "another person": (by_cups(), by_device(person=PersonRef(claimed="bob"))),
    "a copy at the panel": (by_cups(), by_device(kind="copy")),
    "too far apart": (by_cups(), by_device(after_s=16 * 60)),
    "another size and number": (
        by_cups(copies=5),
        by_device(copies=1, lines=[JobLine(width_um=210_000, length_um=297_000)]),
    ),
    "nothing but the time": (by_cups(title=None, person=None), by_device(title=None, person=None)),
    "a short title is no beginning of a longer one": (by_cups(title="plan"), by_device(title="plan of the house")),
}


@pytest.mark.parametrize("name", SAME)
def test_readings_of_one_job_are_alike_whichever_came_first(name: str) -> None:
    one, other = SAME[name]
    assert likeness(one, other, window=WINDOW) is not None
    assert likeness(other, one, window=WINDOW) == likeness(one, other, window=WINDOW)


@pytest.mark.parametrize("name", TWO)
def test_two_jobs_are_not(name: str) -> None:
    one, other = TWO[name]
    assert likeness(one, other, window=WINDOW) is None
    assert likeness(other, one, window=WINDOW) is None


def test_an_id_that_passes_through_says_more_than_all_else() -> None:
    one = by_cups(title="other", correlation_id="c-1")
    other = by_device(after_s=90_000, correlation_id="c-1")
    assert likeness(one, other, window=WINDOW) == SURE


def test_of_each_field_the_value_that_was_measured_best_counts() -> None:
    job = merged([by_cups(), by_device(), by_backend()])

    assert (job.measured, job.title, job.copies) == ("by_device", "plan.pdf", 1)
    assert job.person == PersonRef(claimed="alice", authenticated=True)
    assert (job.project, job.department) == ("P-100", "ARCH")
    [line] = job.lines
    assert (line.printed_area_mm2, line.used_area_mm2, line.ink_ul) == (
        499_554,
        543_154,
        {"cyan": 200, "black": 100},
    )
    assert (line.media, line.impressions, line.sheets) == ("plain", 1, 1)
    assert job.evidence is not None
    assert set(job.evidence) == {"told by backend", "told by cups", "told by piws"}


def test_a_title_that_the_best_reading_had_to_cut_is_told_whole() -> None:
    assert merged([by_cups(title=WORD), by_device(title="A very long title of a l")]).title == WORD


def test_lines_of_another_number_are_not_mixed_up() -> None:
    two = by_device(lines=[JobLine(media="a", impressions=1), JobLine(media="b", impressions=2)])
    assert merged([two, by_cups()]).lines == [
        JobLine(media="a", impressions=1),
        JobLine(media="b", impressions=2),
    ]
    assert [line.impressions for line in merged([two, reading("panel", measured="estimated")]).lines] == [1, 2]
    one = by_device(lines=[JobLine(printed_area_mm2=5)])
    parts = by_cups(lines=[JobLine(impressions=1, sheets=1), JobLine(impressions=2)])
    assert merged([one, parts]).lines == [JobLine(printed_area_mm2=5, impressions=3)]


def test_what_adds_nothing_that_counts_is_no_reason_for_a_correction() -> None:
    told = by_device()
    assert not adds_to(told, merged([told, reading("panel", started_at=told.completed_at, person=None)]))
    now = merged([told, by_cups()])
    assert fields_added(told, now) == ["person", "project", "copies", "media", "impressions", "sheets"]


_OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "project": st.sampled_from(["P-1", "P-2"]),
    "copies": st.sampled_from([1, 2]),
    "title": st.sampled_from(["plan.pdf", "/tmp/plan.pdf"]),
    "billable": st.booleans(),
    "measured": st.sampled_from(["by_device", "from_counters", "as_submitted", "estimated"]),
    "lines": st.lists(
        st.builds(
            JobLine,
            media=st.sampled_from([None, "plain"]),
            impressions=st.sampled_from([None, 1, 2]),
            printed_area_mm2=st.sampled_from([None, 5, 6]),
            ink_ul=st.sampled_from([None, {"cyan": 1}, {"black": 2}]),
        ),
        min_size=1,
        max_size=3,
    ),
}
READINGS = st.lists(
    st.tuples(st.sampled_from(["cups", "piws", "ipp", "panel"]), st.fixed_dictionaries({}, optional=_OPTIONAL)),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each[0],
).map(lambda told: [reading(source, at, **fields) for at, (source, fields) in enumerate(told)])


@given(readings=READINGS, data=st.data())
def test_merging_is_the_same_in_whatever_order(readings: list[JobCompleted], data: st.DataObject) -> None:
    assert merged(data.draw(st.permutations(readings))) == merged(readings)
