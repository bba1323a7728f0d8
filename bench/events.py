"""Job events as a fleet would send them: repeatable, with a month end inside, some told twice; their prices."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shared.events.envelope import encode, new_event
from shared.events.jobs import JOB_COMPLETED, JobCompleted, JobLine, JobRef, PersonRef, PrinterRef
from shared.ids import job_id, job_key

PARTITIONS: Final = 12
PEOPLE: Final = [f"user{number:03}" for number in range(300)]
PROJECTS: Final = [f"P-{1000 + number}" for number in range(120)]
DEPARTMENTS: Final = [f"D-{number}" for number in range(8)]
MEDIA: Final = [f"media-{number}" for number in range(10)]
CATEGORIES: Final = ["line-mono", "line-colour", "image-low", "image-high"]
MODELS: Final = ["HP DesignJet T1700", "Canon TX-4100", "Epson SC-T7700"]
TELLS_INK: Final = 4
"""Every fourth printer says how much ink a line took."""
INKS: Final = ["cyan", "magenta", "yellow", "black"]
PRINTER_IDS: Final = [f"plotter-{number:02}" for number in range(40)]
DIMENSIONS: Final = {
    "printer": PRINTER_IDS,
    "person": PEOPLE,
    "project_key": PROJECTS,
    "department_key": DEPARTMENTS,
    "media": MEDIA,
    "category": CATEGORIES,
    "source": ["ipp"],
    "ink_set": [json.dumps(INKS, separators=(",", ":"))],
}
"""Keys that every pipeline finds numbered, as after its first day."""
MORE_LINES: Final = ((0.80, 1), (0.93, 2), (1.01, 3))
"""A job has 1.27 lines on average: 80 % have one, 13 % two, 7 % three."""
DUPLICATES: Final = 0.03
"""Of all jobs, told a second time within the next few thousand records, by the same collector."""
MAX_DISTANCE: Final = 5_000
FIRST: Final = datetime(2026, 3, 20, tzinfo=UTC)
DAYS: Final = 21
MONTHS: Final = ("2026-03-01", "2026-04-01")


class Told(NamedTuple):
    """One record for Kafka."""

    partition: int
    key: bytes
    value: bytes
    lines: int


def events(jobs: int) -> Iterator[Told]:
    """`jobs` different jobs in order of completion, give or take, and DUPLICATES of them again."""
    chance = random.Random(20261124)
    step = timedelta(days=DAYS) / jobs
    again: dict[int, list[Told]] = {}
    for number in range(jobs):
        told = _told(number, FIRST + step * number, chance)
        yield told
        if chance.random() < DUPLICATES:
            again.setdefault(number + chance.randrange(1, MAX_DISTANCE), []).append(told)
        yield from again.pop(number, ())
    for late in sorted(again):
        yield from again[late]


def _told(number: int, about: datetime, chance: random.Random) -> Told:
    printer = chance.randrange(len(PRINTER_IDS))
    printer_id = PRINTER_IDS[printer]
    completed = about - timedelta(seconds=chance.randrange(60), milliseconds=chance.randrange(1_000))
    key = job_key(printer_id, str(number), completed)
    share = chance.random()
    lines = next((count for below, count in MORE_LINES if share < below), 1)
    identity = str(job_id(completed, key))
    job = JobCompleted(
        job=JobRef(id=identity, key=key, device_job_id=str(number), source="ipp"),
        printer=PrinterRef(id=printer_id, model=MODELS[printer % len(MODELS)]),
        person=PersonRef(claimed=chance.choice(PEOPLE)),
        project=chance.choice(PROJECTS),
        department=chance.choice(DEPARTMENTS),
        title=f"plan {number}.pdf",
        copies=1,
        completed_at=completed,
        measured="by_device",
        lines=[_line(chance, tells_ink=printer % TELLS_INK == 0) for _ in range(lines)],
    )
    event = new_event(
        JOB_COMPLETED, job, event_id=identity, source="/collector/c1/ipp", time=completed, subject=key
    )
    return Told(printer % PARTITIONS, printer_id.encode(), encode(event), lines)


def _line(chance: random.Random, *, tells_ink: bool) -> JobLine:
    width_um, length_um = 594_000, chance.randrange(420_000, 1_800_000)
    return JobLine(
        media=chance.choice(MEDIA),
        width_um=width_um,
        length_um=length_um,
        printed_area_mm2=width_um * length_um // 10**6,
        used_area_mm2=914_400 * length_um // 10**6,
        category=chance.choice(CATEGORIES),
        colour_mode="colour",
        ink_ul={colour: chance.randrange(20, 400) for colour in INKS} if tells_ink else None,
        impressions=1,
        sheets=1,
    )


def price_lists() -> list[str]:
    """A cost list by area, media and ink, a price list by area, category and media: every line is priced."""
    cost = ['name = "bench-cost"', 'book = "cost"', *_HEAD]
    cost += [f'[[ppu]]\ncategory = "{category}"\nper_m2 = "0.{21 + at}"' for at, category in enumerate(CATEGORIES)]
    cost += [f'[[ink]]\ncolour = "{colour}"\nper_ml = "0.19"' for colour in INKS]
    cost += [f'[[media]]\ncode = "{code}"\nper_m2 = "0.{31 + at}"' for at, code in enumerate(MEDIA)]
    price = ['name = "bench-price"', 'book = "price"', *_HEAD]
    price += [
        f'[[ppu]]\nmodel = "{model}"\ncategory = "{category}"\nper_m2 = "{1 + at + by}.10"'
        for at, category in enumerate(CATEGORIES)
        for by, model in enumerate(MODELS)
    ]
    price += [f'[[media]]\ncode = "{code}"\nper_m2 = "0.{51 + at}"' for at, code in enumerate(MEDIA)]
    return ["\n".join(cost), "\n".join(price)]


_HEAD: Final = ('currency = "EUR"', "valid_from = 2020-01-01", 'area = "printed"', "precision = 4")
