"""Sixty days of printing, made up: the same day and seed always give the very same jobs, so none comes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final, TypeVar

from deploy.demo.cast import DEPARTMENTS, DRAWINGS, PAPERS, PEOPLE, POSTERS, PROJECTS, Person
from deploy.demo.models import A0, A1, A2, A3, A4, MFP, T1700, TX4100, Model, known_size
from services.collector.sources.ipp.media import Roll, fed_length_um
from shared.events.jobs import JobCompleted, JobLine, JobRef, Outcome, PersonRef, PrinterRef
from shared.units import MM2_PER_M2, area_mm2

DEFAULT_SEED: Final = 1
OPENS_S: Final = 7 * 3600
CLOSES_S: Final = 19 * 3600
SATURDAY: Final = 5
NO_PROJECT_IN_100: Final = 3
CANCELLED_IN_100: Final = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """A kind of page on a plotter: its category and its ink in uL per m2, least and most, by colour."""

    category: str
    colour_mode: str
    ink: tuple[tuple[str, int, int], ...]
    quality: str = "normal"


def _colours(low: int, high: int, black: int) -> tuple[tuple[str, int, int], ...]:
    coloured = tuple((colour, low, high) for colour in ("cyan", "magenta", "yellow"))
    return (*coloured, ("black", black // 2, black))


LINE_MONO: Final = Look("line-mono", "mono", (("black", 200, 450),), "draft")
LINE_COLOUR: Final = Look("line-colour", "colour", _colours(100, 350, 500))
IMAGE_LOW: Final = Look("image-low", "colour", _colours(600, 1_400, 900))
IMAGE_HIGH: Final = Look("image-high", "colour", _colours(2_000, 4_000, 1_600), "high")
LOOKS: Final = {
    T1700.key: ((LINE_MONO, 46), (LINE_COLOUR, 40), (IMAGE_LOW, 14)),
    TX4100.key: ((IMAGE_LOW, 40), (IMAGE_HIGH, 50), (LINE_COLOUR, 10)),
}
SIZES: Final = {
    T1700.key: ((A1, 55), (A0, 25), (A2, 20)),
    TX4100.key: ((A1, 45), (A0, 40), (A2, 15)),
    MFP.key: ((A4, 86), (A3, 14)),
}
_MODELS: Final = {model.key: model for model in (T1700, TX4100, MFP)}


def jobs_of_day(day: date, *, seed: int = DEFAULT_SEED) -> list[JobCompleted]:
    """The jobs of a day in the order they ended; few on Saturdays, none on Sundays."""
    random = Random(f"inkmeter-demo:{seed}:{day.isoformat()}")
    found: list[JobCompleted] = []
    for person in PEOPLE:
        mean = person.jobs_a_day * (0.12 if day.weekday() == SATURDAY else 1.0)
        count = 0 if day.weekday() > SATURDAY else _around(random, mean)
        found += (_job(random, day, person) for _ in range(count))
    found.sort(key=lambda job: job.completed_at)
    return [_numbered(job, day, number) for number, job in enumerate(found, start=1)]


def history(until: datetime, days: int, *, seed: int = DEFAULT_SEED) -> Iterator[JobCompleted]:
    """All jobs of the `days` days before `until`, oldest first; none in the future."""
    for back in range(days, -1, -1):
        for job in jobs_of_day((until - timedelta(days=back)).date(), seed=seed):
            if job.completed_at < until:
                yield job


def pick(random: Random, weighted: Sequence[tuple[T, int]]) -> T:
    """One of the values, each as often as its weight says."""
    return random.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


def _around(random: Random, mean: float) -> int:
    return max(0, round(random.gauss(mean, mean / 3)))


def _numbered(job: JobCompleted, day: date, number: int) -> JobCompleted:
    ref = JobRef(device_job_id=f"{day:%Y%m%d}-{number}", source="demo")
    return JobCompleted(**{**{name: getattr(job, name) for name in job.__struct_fields__}, "job": ref})


def _job(random: Random, day: date, person: Person) -> JobCompleted:
    department = next(one for one in DEPARTMENTS if one.code == person.department)
    model = _MODELS[pick(random, list(department.weights.items()))]
    project = pick(random, [(one, one.share) for one in PROJECTS])
    second = int(random.triangular(OPENS_S, CLOSES_S, 11 * 3600))
    started = datetime.combine(day, time(), UTC) + timedelta(seconds=second)
    cancelled = random.randrange(100) < CANCELLED_IN_100
    outcome: Outcome = "completed"
    if cancelled:
        outcome = random.choice(("cancelled_by_user", "partial", "cancelled_by_device"))
    copies = pick(random, ((1, 78), (2, 14), (3, 6), (5, 2)))
    line, title = _office(random, copies) if model is MFP else _plot(random, model, copies)
    took_s = 20 + (line.printed_area_mm2 or 0) * 25 // MM2_PER_M2 + random.randrange(30)
    return JobCompleted(
        printer=PrinterRef(serial=model.serial, model=model.make_and_model),
        person=PersonRef(claimed=person.login),
        project=None if random.randrange(100) < NO_PROJECT_IN_100 else project.code,
        department=person.department,
        billable=project.billable,
        outcome=outcome,
        title=f"{project.code} {title}.pdf",
        copies=copies,
        submitted_at=started - timedelta(seconds=random.randrange(2, 40)),
        started_at=started,
        completed_at=started + timedelta(seconds=took_s),
        measured="by_device",
        lines=[line],
    )


def _plot(random: Random, model: Model, copies: int) -> tuple[JobLine, str]:
    look = pick(random, LOOKS[model.key])
    name = pick(random, SIZES[model.key])
    loaded = pick(random, [(one, 3 - index) for index, one in enumerate(model.inputs)])
    size, roll = known_size(name), Roll(loaded.roll_width_um or 0)
    sheets = copies * pick(random, ((1, 60), (2, 18), (4, 14), (8, 8)))
    printed = area_mm2(size.width_um, size.length_um, sheets)
    fed = fed_length_um(size, roll) or size.length_um
    line = JobLine(
        media=loaded.media_type,
        media_name=f"{name.split('_')[1].upper()} {loaded.media_type.replace('-', ' ')}",
        roll_width_um=roll.width_um,
        width_um=size.width_um,
        length_um=size.length_um,
        printed_area_mm2=printed,
        used_area_mm2=area_mm2(roll.width_um, fed, sheets),
        category=look.category,
        category_by="device",
        colour_mode="mono" if look.colour_mode == "mono" else "colour",
        quality=look.quality,
        ink_ul={
            colour: max(1, random.randint(low, high) * printed // MM2_PER_M2) for colour, low, high in look.ink
        },
        impressions=sheets,
        sheets=sheets,
    )
    return line, random.choice(DRAWINGS if look.category.startswith("line") else POSTERS)


def _office(random: Random, copies: int) -> tuple[JobLine, str]:
    name = pick(random, SIZES[MFP.key])
    size = known_size(name)
    pages = max(1, int(random.expovariate(1 / 6)))
    two_sided = pages > 1 and random.randrange(100) < 55  # noqa: PLR2004 - in 100
    sheets = copies * ((pages + 1) // 2 if two_sided else pages)
    line = JobLine(
        media=MFP.inputs[0].media_type,
        media_name=f"{name.split('_')[1].upper()} stationery",
        width_um=size.width_um,
        length_um=size.length_um,
        printed_area_mm2=area_mm2(size.width_um, size.length_um, pages * copies),
        used_area_mm2=area_mm2(size.width_um, size.length_um, sheets),
        colour_mode="colour" if random.randrange(100) < 30 else "mono",  # noqa: PLR2004 - in 100
        quality="normal",
        impressions=pages * copies,
        sheets=sheets,
    )
    return line, random.choice(PAPERS)
