"""The lines of a PIWS job: pages that are alike together, with what was fed and the ink that was used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.collector.sources.piws.snapshot import Consumption, QueueJob, QueuePage
from services.collector.sources.quantities import area_mm2, length_um
from shared.events.jobs import MAX_LINES, ColourMode, JobLine
from shared.money import round_half_even
from shared.units import area_mm2 as rectangle_mm2

MAX_CODE: Final = 200
MIN_ROLL_UM: Final = 100_000
MAX_ROLL_UM: Final = 5_500_000
"""Narrower than a sheet, wider than any roll: such a quotient tells that the units do not belong together."""
ROLL_STEP_UM: Final = 100
"""A tenth of a millimetre: a quotient of rounded amounts tells no more."""
Colour = Callable[[str], str]


class _Kind(NamedTuple):
    """What makes pages alike."""

    media: str | None
    width_um: int | None
    height_um: int | None
    quality: str | None
    colour: ColourMode | None


@dataclass(frozen=True, slots=True)
class Measure:
    """How the amounts of this job are to be taken; None: they are not."""

    square_unit: str | None
    linear_unit: str | None
    colour_of: Colour


def impressions_of(job: QueueJob) -> list[int]:
    """How often each page came out.

    Pages that tell their own copies are believed. Else the job's count of printed pages is dealt out in page
    order, as a job is printed copy by copy; else a completed job has printed each page as often as it has copies.
    """
    told = [page.printed_copies or 0 for page in job.pages]
    if any(told):
        return told
    count = len(job.pages)
    if job.printed_pages and count:
        return [(job.printed_pages + count - 1 - at) // count for at in range(count)]
    return [job.printed_copies or 0] * count


def pages_mm2(job: QueueJob, counts: Sequence[int]) -> int | None:
    """What the pages that came out measure together; None where the size of one of them is not told."""
    total = 0
    for page, count in zip(job.pages, counts, strict=True):
        if page.width_um is None or page.height_um is None:
            return None
        total += rectangle_mm2(page.width_um, page.height_um, count)
    return total if job.pages else None


def lines_of(job: QueueJob, counts: Sequence[int], how: Measure) -> list[JobLine]:
    """The lines, in the order of their first pages; at least one.

    The job's own totals are what is booked, and the pages only say how they are spread: whether amounts of a page
    count all copies is not told, and so can't be wrong.
    """
    kinds: dict[_Kind, list[int]] = {}
    for at, page in enumerate(job.pages):
        kinds.setdefault(_kind(page), []).append(at)
    groups = list(kinds.items())[:MAX_LINES] or [(_Kind(job.used.paper, None, None, None, None), [])]
    shares = [_share(job, counts, pages) for _, pages in groups]
    used = apportion(_total_mm2(job, how), [share.area for share in shares])
    inks = _inks(job, [share.ink for share in shares], how.colour_of)
    roll = _roll_um(job.used, how)
    return [
        JobLine(
            media=(kind.media or "")[:MAX_CODE] or None,
            page_range=_page_range(pages) if len(groups) > 1 else None,
            roll_width_um=roll,
            width_um=kind.width_um,
            length_um=kind.height_um,
            printed_area_mm2=_printed_mm2(kind, sum(counts[at] for at in pages), area) if pages else None,
            used_area_mm2=area,
            colour_mode=kind.colour,
            quality=(kind.quality or "").lower()[:MAX_CODE] or None,
            ink_ul=ink or None,
            impressions=sum(counts[at] for at in pages) if pages else job.printed_pages,
        )
        for (kind, pages), area, ink in zip(groups, used, inks, strict=True)
    ]


def apportion(total: int | None, shares: Sequence[int]) -> list[int | None]:
    """Splits a total by shares so that the parts sum to it: each remainder to the largest fractions."""
    if total is None:
        return [None] * len(shares)
    whole = sum(shares)
    if whole <= 0:
        shares, whole = [1] * len(shares), len(shares)
    parts = [total * share // whole for share in shares]
    order = sorted(range(len(shares)), key=lambda at: (-(total * shares[at] % whole), at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return list(parts)


@dataclass(frozen=True, slots=True)
class _Share:
    area: int
    ink: dict[str, int]


def _share(job: QueueJob, counts: Sequence[int], pages: Sequence[int]) -> _Share:
    """What part of the job's totals a group has: by what its pages tell, else by their size."""
    scale = 10**6
    told = any(page.used.square for page in job.pages)
    area, ink = 0, dict[str, int]()
    for at in pages:
        page = job.pages[at]
        if told:
            area += int((page.used.square or 0) * scale)
        else:
            area += rectangle_mm2(page.width_um or 1, page.height_um or 1, max(counts[at], 0))
        for name, amount in page.used.ink_ul:
            ink[name] = ink.get(name, 0) + amount
    return _Share(area, ink)


def _total_mm2(job: QueueJob, how: Measure) -> int | None:
    """The area that was fed, of the job's own total, else of its pages' sum."""
    if how.square_unit is None:
        return None
    amount = job.used.square
    if not amount:
        told = [page.used.square for page in job.pages if page.used.square is not None]
        amount = sum(told, start=type(told[0])()) if told else amount
    return area_mm2(amount, how.square_unit) or None


def _inks(job: QueueJob, shares: Sequence[dict[str, int]], colour_of: Colour) -> list[dict[str, int]]:
    """The ink of each group, by colour: the job's totals, else the sums of the pages."""
    totals = dict(job.used.ink_ul)
    if not totals:
        found: list[dict[str, int]] = []
        for share in shares:
            merged: dict[str, int] = {}
            for name, amount in share.items():
                merged[colour_of(name)] = merged.get(colour_of(name), 0) + amount
            found.append(merged)
        return found
    spread: list[dict[str, int]] = [{} for _ in shares]
    for name, total in totals.items():
        weights = [share.get(name, 0) for share in shares]
        for at, part in enumerate(apportion(total, weights)):
            if part:
                spread[at][colour_of(name)] = spread[at].get(colour_of(name), 0) + part
    return spread


def _printed_mm2(kind: _Kind, count: int, used_mm2: int | None) -> int | None:
    """What the pages measure; never more than was fed, which a page that was cut short would make it."""
    if kind.width_um is None or kind.height_um is None:
        return None
    found = rectangle_mm2(kind.width_um, kind.height_um, count)
    return found if used_mm2 is None else min(found, used_mm2)


def _roll_um(used: Consumption, how: Measure) -> int | None:
    """The width of the roll: the area fed by the length fed, where both are told and make sense."""
    if how.square_unit is None or how.linear_unit is None or not used.linear or not used.square:
        return None
    area, length = area_mm2(used.square, how.square_unit), length_um(used.linear, how.linear_unit)
    if not area or not length:
        return None
    width = round_half_even(area * 1_000_000, length * ROLL_STEP_UM) * ROLL_STEP_UM
    return width if MIN_ROLL_UM <= width <= MAX_ROLL_UM else None


def _kind(page: QueuePage) -> _Kind:
    return _Kind(
        page.used.paper or page.media_type, page.width_um, page.height_um, page.quality, _colour_mode(page)
    )


def _colour_mode(page: QueuePage) -> ColourMode | None:
    """By the pixels that are coloured; ink alone does not tell, as black is mixed of colours, too."""
    if (page.colour_coverage or 0) > 0:
        return "colour"
    return "mono" if (page.grey_coverage or 0) > 0 else None


def _page_range(pages: Sequence[int]) -> str:
    """Pages from 0 as `1-3,5`."""
    parts: list[list[int]] = []
    for at in pages:
        if parts and parts[-1][-1] == at - 1:
            parts[-1].append(at)
        else:
            parts.append([at])
    return ",".join(f"{part[0] + 1}-{part[-1] + 1}" if len(part) > 1 else f"{part[0] + 1}" for part in parts)[:900]
