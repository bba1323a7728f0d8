"""What people do with a print server, on real CUPS and a real printer, to the row of the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.requests import get_jobs
from services.collector.sources.ipp.tags import GroupTag
from services.collector.sources.ipp.view import View
from tests.acceptance.summaries import project_row, wait_for_jobs
from tests.deadline import eventually, eventually_async
from tests.fixtures.cups.cupsd import Cupsd
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import HERE, EvePrinter, start_ippeveprinter
from tests.running import Running

pytestmark = pytest.mark.needs("cupsd", "ippeveprinter", "lp", "lpadmin", "dbus-daemon", "root")

WITHIN_S = 40.0
QUEUED = 30


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvePrinter]:
    """A printer that takes its time."""
    printer = start_ippeveprinter(
        tmp_path_factory.mktemp("slow"), name="Slow", engine=HERE / "stubborn-engine", serial="CN00000002"
    )
    yield printer
    printer.stop()


@pytest.fixture(scope="module")
def queue(shop: Running, cups: Cupsd, slow: EvePrinter) -> Iterator[str]:
    """A queue to it that is read."""
    uri = cups.add_queue("slow", slow.uri, "-o", "printer-error-policy=retry-job")
    added = shop.json("printers", "add", uri, "--name", "Slow on CUPS")
    yield uri
    shop.json("printers", "remove", added["name"], "--yes")


def billed(project: str) -> tuple[str, ...]:
    return ("-o", f"job-billing={project}", "-o", "media=iso_a1_594x841mm")


async def jobs(uri: str, which: Any) -> list[View]:
    client = IppClient(Address.parse(uri))
    try:
        answer = await client.send(get_jobs(client.address.uri, which, limit=50))
        return [View(group) for group in answer.every(GroupTag.JOB)]
    finally:
        await client.close()


async def printing(slow: EvePrinter, title: str, sides: int) -> None:
    """Waits until the device has printed so many sides of a job."""

    async def found() -> bool:
        return any(
            job.text("job-name") == title and (job.integer("job-impressions-completed") or 0) >= sides
            for job in await jobs(slow.uri, "not-completed")
        )

    await eventually_async(found, within_s=WITHIN_S, what=f"{sides} sides of {title}")


def test_a_job_is_counted_with_its_copies(shop, cups, queue, tmp_path: Path):
    cups.lp("slow", pdf(tmp_path / "a.pdf", pages=2), "-n", "2", *billed("P-CUPS-PRINT"), title="two by two")
    row = wait_for_jobs(shop, "P-CUPS-PRINT", 1, within_s=WITHIN_S)
    assert (row["jobs"], row["impressions"], int(row["printed_area_mm2"])) == (1, 4, 4 * 499_554)


async def test_a_job_cancelled_while_it_prints_is_charged_as_far_as_the_device_got(
    shop, cups, queue, slow, tmp_path: Path
):
    """CUPS says three of six sides or six, as its filters ran; the device stops at four."""
    document = pdf(tmp_path / "b.pdf", pages=6)
    number = cups.lp("slow", document, *billed("P-CUPS-CANCEL"), title="stops at 4")
    await printing(slow, "stops at 4", 1)
    cups.cancel("slow", number)

    row = wait_for_jobs(shop, "P-CUPS-CANCEL", 1, within_s=WITHIN_S)

    assert (row["jobs"], row["impressions"], int(row["printed_area_mm2"])) == (1, 4, 4 * 499_554)
    listed = shop.json("jobs", "list", "--project", "P-CUPS-CANCEL")
    assert [job["outcome"] for job in listed] == ["partial"]


async def test_a_job_held_while_it_prints_and_then_released_is_not_counted_twice(
    shop, cups, queue, slow, tmp_path: Path
):
    number = cups.lp("slow", pdf(tmp_path / "c.pdf", pages=6), *billed("P-CUPS-HOLD"), title="held")
    await printing(slow, "held", 2)
    cups.hold("slow", number)
    cups.hold("slow", number, "resume")

    row = wait_for_jobs(shop, "P-CUPS-HOLD", 1, within_s=WITHIN_S)

    told = [job.integer("job-impressions-completed") for job in await jobs(queue, "completed")]
    assert (told[0] or 0) >= 12, "CUPS tells the sum of all attempts"
    assert (row["jobs"], row["impressions"]) == (1, 6)


async def test_a_job_read_from_the_queue_and_from_the_device_is_charged_once_as_the_device_says(
    shop, cups, queue, slow, tmp_path: Path
):
    shop.json("printers", "add", slow.uri, "--name", "Slow itself")
    document = pdf(tmp_path / "e.pdf", pages=6)
    try:
        cups.lp("slow", document, *billed("P-CUPS-BOTH"), title="both whole")
        wait_for_jobs(shop, "P-CUPS-BOTH", 1, within_s=WITHIN_S)
        number = cups.lp("slow", document, *billed("P-CUPS-BOTH"), title="both stops at 4")
        await printing(slow, "both stops at 4", 1)
        cups.cancel("slow", number)

        def settled() -> bool:
            row = project_row(shop, "P-CUPS-BOTH")
            return (row["jobs"], row["impressions"]) == (2, 10)

        eventually(settled, within_s=WITHIN_S, what="two jobs of six and four sides")
        looks = {name: looked_at(shop, name) for name in ("Slow itself", "Slow on CUPS")}
        for name, before in looks.items():
            eventually(lambda: looked_at(shop, name) > before, within_s=WITHIN_S, what="another look")  # noqa: B023
        assert settled(), project_row(shop, "P-CUPS-BOTH")
    finally:
        shop.json("printers", "remove", "Slow itself", "--yes")


def looked_at(shop: Running, name: str) -> str:
    return str(shop.json("printers", "show", name)["status"]["succeeded_at"])


def test_what_was_queued_while_the_printer_was_off_is_counted_once_each(shop, cups, plotter, tmp_path: Path):
    """Plotter off, thirty jobs queued, plotter on again at the same address: it prints and tells them all."""
    folder = tmp_path / "eve"
    device = start_ippeveprinter(folder / "on", name="Sometimes", serial="CN00000003")
    uri = cups.add_queue("sometimes", device.uri, "-o", "printer-error-policy=retry-job")
    shop.json("printers", "add", uri, "--name", "Sometimes on CUPS")
    device.stop()
    document = pdf(tmp_path / "d.pdf")
    for number in range(QUEUED):
        cups.lp("sometimes", document, *billed("P-CUPS-OFF"), title=f"queued {number}")
    eventually(lambda: waiting(shop) == QUEUED, within_s=WITHIN_S, what="the collector sees the queue wait")
    assert not project_row(shop, "P-CUPS-OFF")

    device = start_ippeveprinter(folder / "again", name="Sometimes", port=device.port, serial="CN00000003")
    try:
        row = wait_for_jobs(shop, "P-CUPS-OFF", QUEUED, within_s=3 * WITHIN_S)
        assert (row["jobs"], row["impressions"]) == (QUEUED, QUEUED)
        listed = shop.json("jobs", "list", "--project", "P-CUPS-OFF")
        assert {job["title"] for job in listed} == {f"queued {number}" for number in range(QUEUED)}
        shop.json("printers", "remove", "Sometimes on CUPS", "--yes")
    finally:
        device.stop()


def waiting(shop: Running) -> int:
    return shop.json("printers", "show", "Sometimes on CUPS")["status"]["queued_jobs"] or 0
