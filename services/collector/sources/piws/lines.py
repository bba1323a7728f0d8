"""The lines of a PIWS job: pages that are alike together, with what was fed and the ink that was used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.collector.sources.piws.amounts import Amounts
from services.collector.sources.piws.snapshot import QueueJob, QueuePage
from shared.events.jobs import MAX_LINES, ColourMode, JobLine
from shared.units import area_mm2 as rectangle_mm2

MAX_CODE: Final = 200
Colour = Callable[[str], str]


class _Kind(NamedTuple):
    """What makes pages alike."""

    media: str | None
    width_um: int | None
    height_um: int | None
    quality: str | None
    colour: ColourMode | None


def lines_of(job: QueueJob, counts: Sequence[int], amounts: Amounts, colour_of: Colour) -> list[JobLine]:
    """The lines, in the order of their first pages; at least one. What the pages tell spreads the amounts."""
    kinds: dict[_Kind, list[int]] = {}
    for at, page in enumerate(job.pages):
        kinds.setdefault(_kind(page), []).append(at)
    groups = list(kinds.items())[:MAX_LINES] or [(_Kind(job.used.paper, None, None, None, None), [])]
    shares = [_share(job, counts, pages) for _, pages in groups]
    used = apportion(amounts.used_mm2, [share.area for share in shares])
    inks = _inks(amounts, shares, colour_of)
    return [
        JobLine(
            media=(kind.media or "")[:MAX_CODE] or None,
            page_range=_page_range(pages) if len(groups) > 1 else None,
            roll_width_um=amounts.roll_width_um,
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


def _inks(amounts: Amounts, shares: Sequence[_Share], colour_of: Colour) -> list[dict[str, int]]:
    """The ink of each group by colour: as its pages tell, else by their size."""
    spread: list[dict[str, int]] = [{} for _ in shares]
    for name, total in amounts.ink_ul.items():
        weights = [share.ink.get(name, 0) for share in shares]
        for at, part in enumerate(apportion(total, weights if any(weights) else [share.area for share in shares])):
            if part:
                spread[at][colour_of(name)] = spread[at].get(colour_of(name), 0) + part
    return spread


def _printed_mm2(kind: _Kind, count: int, used_mm2: int | None) -> int | None:
    """What the pages measure; never more than was fed, which a page that was cut short would make it."""
    if kind.width_um is None or kind.height_um is None:
        return None
    found = rectangle_mm2(kind.width_um, kind.height_um, count)
    return found if used_mm2 is None else min(found, used_mm2)


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
