"""Alerts: when something is worth a look, with its evidence and its words for people. Pure.

An alert's id follows from what it is about, so that the same finding again, from a redelivery or a rebuild, is the
same alert. No document's title is in any of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from services.accounting.aggregates.cells import Sums
from services.accounting.aggregates.norms import Norm, is_far_above
from shared.events import AlertRaised, ChargePosted
from shared.events.alerts import CancelledEvidence, DensityEvidence, RepeatEvidence
from shared.events.charges import ChargePerson

_NAMESPACE: Final = uuid.UUID("5b0a9a8e-4f0d-5c62-9b1f-6f2b6a3f7d10")
_MM2_PER_M2: Final = 1_000_000
_MINUTE_S: Final = 60


class Limits(NamedTuple):
    """When something is unusual.

    Attributes:
        repeats: how many prints of one document by one person are an alert, and again at each multiple.
        repeat_within_s: within how long.
        density_times: how many times the usual ink density is far above it,
        density_deviations: and by how many of the usual deviations.
        cancelled_percent: of a printer's used area of a day that was cancelled or aborted,
        cancelled_least_mm2: when the printer used at least so much.
    """

    repeats: int = 3
    repeat_within_s: int = 3_600
    density_times: int = 3
    density_deviations: int = 6
    cancelled_percent: int = 30
    cancelled_least_mm2: int = 5 * _MM2_PER_M2


class Repeat(NamedTuple):
    """A job with the earlier ones of the same document and person, itself last."""

    job_id: str
    printer: str
    person: str
    completed_at: datetime
    jobs: Sequence[str]


def alert_id(*parts: object) -> str:
    """The id of the alert about these parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts)))


def repeated(repeats: Sequence[Repeat], limits: Limits) -> Iterator[AlertRaised]:
    """An alert when a document was printed for the third time, the sixth, and so on."""
    for each in repeats:
        times = len(each.jobs)
        if times < limits.repeats or times % limits.repeats:
            continue
        minutes = limits.repeat_within_s // _MINUTE_S
        yield AlertRaised(
            id=alert_id("repeat", each.job_id),
            kind="repeated_document",
            subject=f"printer/{each.printer}",
            words=(
                f"The same document was printed {times} times within {minutes} minutes by one person: "
                "ask whether the first prints came out well."
            ),
            person=ChargePerson(claimed=each.person or None),
            job_id=each.job_id,
            occurred_at=each.completed_at,
            repeat=RepeatEvidence(times=times, within_s=limits.repeat_within_s, jobs=list(each.jobs)),
        )


def unusual_density(charge: ChargePosted, density: int, norm: Norm | None, limits: Limits) -> AlertRaised | None:
    """An alert when a line took far more ink than is usual for its printer and medium."""
    if norm is None or not is_far_above(
        density, norm, times=limits.density_times, deviations=limits.density_deviations
    ):
        return None
    return AlertRaised(
        id=alert_id("density", charge.id),
        kind="ink_density",
        subject=f"printer/{charge.printer}",
        words=(
            f"A print took {_ml(density)} ml of ink per m2, usual there are {_ml(norm.median_nl_per_m2)}: "
            "look at the document's settings and at the printer's calibration."
        ),
        person=charge.person if charge.person.claimed else None,
        job_id=charge.job_id,
        occurred_at=charge.occurred_at,
        density=DensityEvidence(
            media=charge.media or "",
            density_nl_per_m2=density,
            median_nl_per_m2=norm.median_nl_per_m2,
            deviation_nl_per_m2=norm.deviation_nl_per_m2,
            samples=norm.samples,
        ),
    )


def much_cancelled(printer: str, day: str, sums: Sums, limits: Limits, *, now: datetime) -> AlertRaised | None:
    """An alert, once a day and printer, when a large share of what it used was cancelled or aborted."""
    used, cancelled = sums.used_area_mm2, sums.cancelled_area_mm2
    if used < limits.cancelled_least_mm2 or cancelled * 100 < limits.cancelled_percent * used:
        return None
    percent = cancelled * 100 // used
    return AlertRaised(
        id=alert_id("cancelled", printer, day),
        kind="cancelled_area",
        subject=f"printer/{printer}",
        words=(
            f"{percent} % of what this printer used on {day} went into jobs that were cancelled or failed: "
            "look for jams, wrong media, or people who stop prints."
        ),
        occurred_at=now,
        cancelled=CancelledEvidence(day=day, cancelled_area_mm2=cancelled, used_area_mm2=used, percent=percent),
    )


def _ml(nl: int) -> str:
    """Nanolitre as millilitre with two decimals, cut off."""
    hundredths = nl // 10_000
    return f"{hundredths // 100}.{hundredths % 100:02d}"
