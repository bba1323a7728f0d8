"""The jobs of the benchmark: about 780 bytes each, 1.275 lines, 3 % told twice, a month end inside."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.ids import job_id, job_key

PRINTERS: Final = 300
PEOPLE: Final = 2_000
PROJECTS: Final = 500
MEDIA: Final = ("plain-80", "coated-90", "bond-75", "photo-gloss-200", "canvas-340", "film-120")
CATEGORIES: Final = ("line-mono", "line-colour", "image-low", "image-high")
START: Final = datetime(2026, 10, 29, 6, 0, tzinfo=UTC)
SECOND_LINE: Final = 0.275
TOLD_TWICE: Final = 0.03
REMEMBERED: Final = 30_000
"""A job that is told again follows within so many."""


def _line(chance: random.Random) -> dict[str, Any]:
    width, length = chance.choice(((594_000, 841_000), (841_000, 1_189_000), (914_400, 1_200_000)))
    printed = width * length // 1_000_000
    ink = {colour: chance.randrange(20, 900) for colour in ("cyan", "magenta", "yellow", "black")}
    return {
        "media": chance.choice(MEDIA), "width_um": width, "length_um": length, "printed_area_mm2": printed,
        "used_area_mm2": printed * 11 // 10, "category": chance.choice(CATEGORIES), "ink_ul": ink, "sheets": 1,
    }  # fmt: skip


def event(number: int, chance: random.Random) -> tuple[str, bytes]:
    """One job's printer and its event."""
    printer = f"plotter-{chance.randrange(PRINTERS):03}"
    completed = START + timedelta(milliseconds=1_700 * number)
    moment = completed.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    key = job_key(printer, str(number), completed)
    identity = str(job_id(completed, key))
    lines = [_line(chance) for _ in range(1 + (chance.random() < SECOND_LINE))]
    data = {
        "job": {"id": identity, "key": key, "device_job_id": str(number), "source": "ipp"},
        "printer": {"id": printer, "model": "HP DesignJet T1700"},
        "person": {"claimed": f"user{chance.randrange(PEOPLE):04}"},
        "project": f"P-{chance.randrange(PROJECTS):03}", "department": f"D-{number % 12}",
        "title": f"plan {number}.pdf", "completed_at": moment, "measured": "by_device", "lines": lines,
    }  # fmt: skip
    head = {
        "specversion": "1.0", "id": identity, "source": "/collector/c1", "type": "print.job.completed.v1",
        "time": moment,
    }  # fmt: skip
    return printer, json.dumps(head | {"data": data}, separators=(",", ":")).encode()


def events(count: int, *, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """`count` records as (printer, event), the same ones for the same seed."""
    chance = random.Random(seed)
    told: list[tuple[str, bytes]] = []
    for number in range(count):
        if told and chance.random() < TOLD_TWICE:
            yield chance.choice(told)
            continue
        record = event(number, chance)
        if len(told) < REMEMBERED:
            told.append(record)
        else:
            told[number % REMEMBERED] = record
        yield record
