"""What a PIWS job queue says of its jobs, in XML or in JSON: names to values, and nothing concluded from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from services.collector.sources.quantities import length_um, unit_name, volume_ul, whole
from services.collector.sources.tree import Node, read_json, read_xml
from shared.errors import Reject

NAMESPACE: Final = "http://www.hp.com/schemas/piws/v2_0"
MAX_JOBS: Final = 5_000
MAX_PAGES: Final = 2_000
MAX_INKS: Final = 24
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""1970-01-01 stands for a time that is not set (seen on a DesignJet Z9)."""
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Consumption:
    """What was used up: amounts as they are told, their units where they are told; ink in uL by its name."""

    square: Decimal | None = None
    square_unit: str | None = None
    linear: Decimal | None = None
    linear_unit: str | None = None
    paper: str | None = None
    ink_ul: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a job."""

    width_um: int | None
    height_um: int | None
    media_type: str | None
    quality: str | None
    printed_copies: int | None
    grey_coverage: Decimal | None
    colour_coverage: Decimal | None
    used: Consumption


@dataclass(frozen=True, slots=True)
class QueueJob:
    """One job, whatever its state."""

    uuid: str
    kind: str
    name: str | None
    user: str | None
    account: str | None
    uri: str | None
    status: str
    completion: str
    requested_copies: int | None
    printed_copies: int | None
    printed_pages: int | None
    submitted_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    used: Consumption
    pages: tuple[QueuePage, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole queue at one moment."""

    jobs: tuple[QueueJob, ...]
    status: str | None
    device_time: datetime | None


def read_document(body: bytes) -> Node:
    """The tree of an answer, whichever of the two it is written in.

    Raises:
        Reject: it is neither.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return read_json(body)
    if start == b"<":
        return read_xml(body)
    raise Reject("it is neither XML nor JSON")


def read_snapshot(body: bytes) -> Snapshot:
    """Reads what jobs/all answers.

    Raises:
        Reject: it is no such document, or has too many jobs.
    """
    document = read_document(body)
    root = document.first("JobQueueSnapshot") if "JobQueueSnapshot" in document.children else document
    if "ModificationNumber" not in root.children and "Jobs" not in root.children:
        raise Reject("it is no list of jobs of PIWS (JobQueueSnapshot)")
    nodes = [*root.first("Jobs").within("Job2DPrint")]
    if len(nodes) > MAX_JOBS:
        raise Reject(f"its queue has more than {MAX_JOBS} jobs")
    jobs = tuple(_job(node) for node in nodes if node.said("UUID"))
    return Snapshot(jobs, root.said("Status", "JobQueueStatus"), moment(root.said("Timestamp")))


def moment(text: str | None) -> datetime | None:
    """A time with its zone, UTC where none is told; None for one that was never set."""
    if text is None or len(text) > 40:  # noqa: PLR2004 - longer than any way of writing it
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC) if _EARLIEST <= found < _LATEST else None
    except OverflowError:
        return None


def _job(node: Node) -> QueueJob:
    settings, accounting = node.first("Settings"), node.first("Accounting")
    arrived = accounting.said("ArrivalTimestamp")
    return QueueJob(
        uuid=(node.said("UUID") or "")[:100],
        kind=node.said("Type") or "",
        name=settings.said("JobName"),
        user=settings.said("UserName"),
        account=settings.said("Account"),
        uri=node.said("URI"),
        status=node.said("Status", "JobStatus") or "",
        completion=node.said("Status", "CompletionStatus") or "",
        requested_copies=whole(settings.number("RequestedCopies")),
        printed_copies=whole(node.number("Progress", "NumberOfPrintedCopies")),
        printed_pages=whole(node.number("Progress", "NumberOfPrintedPages")),
        submitted_at=moment(accounting.said("SubmissionTimestamp")) or moment(arrived),
        started_at=moment(accounting.said("PrintingTimestamp")),
        completed_at=moment(accounting.said("CompletionTimestamp")),
        used=_consumption(accounting),
        pages=tuple(_page(page) for page in node.all("Pages", "Page")[:MAX_PAGES]),
    )


def _page(node: Node) -> QueuePage:
    settings, accounting = node.first("Settings"), node.first("Accounting")
    return QueuePage(
        width_um=_side(settings, "Width"),
        height_um=_side(settings, "Height"),
        media_type=settings.said("MediaType"),
        quality=settings.said("PrintQuality"),
        printed_copies=whole(node.number("Progress", "NumberOfPrintedCopies")),
        grey_coverage=accounting.number("GrayPixelCoverage"),
        colour_coverage=accounting.number("ColorPixelCoverage"),
        used=_consumption(accounting),
    )


def _side(settings: Node, name: str) -> int | None:
    """A side of the page; of a number without a unit it can't be told how long it is."""
    unit = settings.unit("PageSize", name)
    found = length_um(settings.number("PageSize", name), unit) if unit else None
    return found or None


def _consumption(accounting: Node) -> Consumption:
    media = accounting.all("MediaCollectionConsumption", "MediaConsumption")
    square, square_unit = _sum(media, "SquareAmount")
    linear, linear_unit = _sum(media, "LinearAmount")
    inks: dict[str, int] = {}
    for node in accounting.all("InkCollectionConsumption", "InkConsumption")[:MAX_INKS]:
        # Without a unit these are cubic centimetres, as a reader of a Latex 800W has it.
        found = volume_ul(node.number("Amount"), node.unit("Amount") or "cc")
        if found:
            name = node.said("InkName") or "unknown"
            inks[name] = inks.get(name, 0) + found
    paper = next((said for node in media if (said := node.said("PaperId"))), None)
    return Consumption(square, square_unit, linear, linear_unit, paper, tuple(inks.items()))


def _sum(media: Sequence[Node], name: str) -> tuple[Decimal | None, str | None]:
    """The sum of one amount over all media that a job was printed on; nothing where the units differ."""
    told = [(amount, node.unit(name)) for node in media if (amount := node.number(name)) is not None]
    units = {unit_name(unit) if unit else None for _, unit in told}
    if len(units) != 1 or any(amount < 0 for amount, _ in told):
        return None, None
    return sum((amount for amount, _ in told), Decimal()), units.pop()
