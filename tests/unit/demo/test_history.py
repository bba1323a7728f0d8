"""The demo's past is made up, but always the same, plausible, and never in the future."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from deploy.demo.cast import DEPARTMENTS, PEOPLE, PROJECTS
from deploy.demo.history import history, jobs_of_day
from deploy.demo.models import MODELS
from shared.events.jobs import JobCompleted, identified

FRIDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def ids(jobs: list[JobCompleted]) -> list[str | None]:
    return [identified(job).job.id for job in jobs]


def test_the_same_day_gives_the_same_jobs_with_the_same_ids() -> None:
    assert jobs_of_day(FRIDAY) == jobs_of_day(FRIDAY)
    assert len(set(ids(jobs_of_day(FRIDAY)))) == len(jobs_of_day(FRIDAY)) > 20


def test_another_seed_gives_another_day() -> None:
    assert jobs_of_day(FRIDAY, seed=2) != jobs_of_day(FRIDAY)


def test_a_later_start_adds_only_what_is_missing() -> None:
    first = ids(list(history(NOW, 7)))
    later = ids(list(history(NOW.replace(hour=18), 7)))
    assert later[: len(first)] == first
    assert len(later) > len(first)


def test_nobody_prints_on_sundays_at_night_or_in_the_future() -> None:
    assert jobs_of_day(SUNDAY) == []
    for job in history(NOW, 30):
        assert job.completed_at < NOW
        assert 6 <= job.completed_at.hour <= 20


def test_the_past_shows_all_that_reports_can_show() -> None:
    jobs = list(history(NOW, 60))
    lines = [job.lines[0] for job in jobs]
    assert {job.person.claimed for job in jobs if job.person} == {person.login for person in PEOPLE}
    assert {job.project for job in jobs} == {None, *(project.code for project in PROJECTS)}
    assert {job.department for job in jobs} == {department.code for department in DEPARTMENTS}
    assert {job.printer.serial for job in jobs} == {model.serial for model in MODELS}
    assert {"line-mono", "line-colour", "image-low", "image-high"} <= {line.category for line in lines}
    assert {"completed", "partial", "cancelled_by_user"} <= {job.outcome for job in jobs}
    assert all(line.ink_ul for line in lines if line.category)


def test_every_job_is_a_valid_event() -> None:
    for job in history(NOW, 20):
        assert msgspec.json.decode(msgspec.json.encode(job), type=JobCompleted) == job
