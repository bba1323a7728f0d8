"""Readings of jobs as several sources tell them, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from shared.events import JobCompleted
from shared.events.jobs import JobLine, JobRef, PersonRef, PrinterRef

NOON: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SERIAL: Final = "CN12345678"


def reading(source: str, number: int = 1, *, after_s: int = 0, **fields: Any) -> JobCompleted:
    """A reading by a source of a job of noon; further fields replace those of the record."""
    job = JobCompleted(
        job=JobRef(device_job_id=str(number), source=source),
        printer=PrinterRef(serial=SERIAL),
        person=PersonRef(claimed="alice"),
        title="plan.pdf",
        completed_at=NOON + timedelta(seconds=after_s),
        lines=[JobLine()],
    )
    return replace(job, **fields)


def by_cups(number: int = 1, *, after_s: int = 0, **fields: Any) -> JobCompleted:
    """What a print server knows: who and what for, sheets as asked for; no area, no ink."""
    lines = [JobLine(media="plain", width_um=594_000, length_um=841_000, impressions=1, sheets=1)]
    told = {"measured": "as_submitted", "copies": 1, "project": "P-100", "lines": lines}
    return reading("cups", number, after_s=after_s, **(told | fields))


def by_device(number: int = 7, *, after_s: int = 40, **fields: Any) -> JobCompleted:
    """What a plotter knows: what it fed and which ink it used; it cuts titles and knows no project."""
    line = JobLine(
        width_um=594_000,
        length_um=841_000,
        printed_area_mm2=499_554,
        used_area_mm2=543_154,
        category="line-colour",
        category_by="device",
        ink_ul={"cyan": 200, "black": 100},
    )
    told = {"measured": "by_device", "person": PersonRef(claimed="ALICE"), "lines": [line]}
    return reading("piws", number, after_s=after_s, **(told | fields))


def by_backend(number: int = 42, *, after_s: int = 2, **fields: Any) -> JobCompleted:
    """What the wrapper around a print server's backend knows: who it was, proven, and how it ended."""
    told = {"measured": "as_submitted", "person": PersonRef(claimed="alice", authenticated=True)}
    return reading("backend", number, after_s=after_s, **(told | {"department": "ARCH"} | fields))
