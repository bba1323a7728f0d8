"""The IPP source reads a real ippeveprinter and a real cupsd as it should."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.models import MFP, T1700
from deploy.demo.server import serve_printer
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.cursor import Cursor
from services.collector.sources.ipp.requests import get_jobs
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.ipp.tags import GroupTag
from services.collector.sources.ipp.view import View
from services.collector.sources.source import Reading
from shared.errors import NotFound, Reject, Retry
from shared.events.jobs import JobCompleted, PrinterRef
from tests.deadline import eventually_async
from tests.fixtures.cups.cupsd import Cupsd, start_cupsd
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import EvePrinter, start_ippeveprinter
from tests.fixtures.cups.process import free_port

pytestmark = pytest.mark.needs("ippeveprinter", "cupsd", "lp", "lpadmin", "dbus-daemon", "root")

DEADLINE_S = 20.0
PRINTER = PrinterRef(id="p-1")


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvePrinter]:
    running = start_ippeveprinter(tmp_path_factory.mktemp("eve"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cupsd(printer: EvePrinter) -> Iterator[Cupsd]:
    running = start_cupsd()
    running.add_queue("plotter", printer.uri)
    yield running
    running.stop()


async def job_titled(source: IppSource, title: str) -> tuple[JobCompleted, Reading]:
    """Reads until the job has ended, as the poller does."""
    cursor = ""

    async def look() -> tuple[JobCompleted, Reading] | None:
        nonlocal cursor
        reading = await source.completed_jobs(cursor)
        cursor = reading.cursor
        return next(((job, reading) for job in reading.jobs if job.title == title), None)

    found = await eventually_async(look, within_s=DEADLINE_S, what=f"{title} is read")
    assert found is not None
    return found


async def test_a_device_tells_who_it_is(printer: EvePrinter) -> None:
    source = IppSource.at(printer.uri)
    found = await source.probe()
    await source.close()
    assert (found.kind, found.make_and_model, found.serial) == ("ipp", "HP DesignJet T1700", "CN12345678")
    assert found.supports_colour is True
    assert found.state.activity == "idle"
    assert found.uuid is not None


async def test_a_job_printed_by_lp_is_read_from_the_device_and_from_its_queue(
    printer: EvePrinter, cupsd: Cupsd, tmp_path: Path
) -> None:
    document = pdf(tmp_path / "plan.pdf", pages=3)
    options = ("-n", "2", "-o", "media=iso_a1_594x841mm", "-o", "job-billing=P-100")
    cupsd.lp("plotter", document, *options, "-o", "print-color-mode=monochrome", title='Site plan ü|"C"')

    device, queue = IppSource.at(printer.uri, PRINTER), IppSource.at(cupsd.queue_uri("plotter"), PRINTER)
    by_device, _ = await job_titled(device, 'Site plan ü|"C"')
    by_queue, reading = await job_titled(queue, 'Site plan ü|"C"')
    again = await device.completed_jobs()
    await device.close()
    await queue.close()

    for job in (by_device, by_queue):
        assert job.outcome == "completed"
        assert job.person is not None
        assert (job.person.claimed, job.person.authenticated) == ("alice", False)
        assert (job.copies, job.project) == (2, "P-100")
        line = job.lines[0]
        assert (line.impressions, line.sheets) == (6, 6)
        assert (line.width_um, line.length_um, line.printed_area_mm2) == (594_000, 841_000, 6 * 499_554)
        assert line.colour_mode == "mono"
    assert (by_device.measured, by_queue.measured) == ("by_device", "as_submitted")
    assert (by_device.lines[0].roll_width_um, by_device.lines[0].used_area_mm2) == (914_400, 3_258_922)
    assert by_device in again.jobs
    assert reading.state.prints_on == printer.uri


SIMULATED = {
    "plotter": (T1700, ("media=iso_a1_594x841mm", "sides=one-sided"), ((6,), 6, 499_554, 3_258_922)),
    "office": (MFP, ("media=iso_a4_210x297mm", "sides=two-sided-long-edge"), ((8, 6), 4, 62_370, 4 * 62_370)),
}


@pytest.mark.parametrize("which", SIMULATED)
async def test_lp_prints_on_a_simulated_printer_through_cups(cupsd: Cupsd, tmp_path: Path, which: str) -> None:
    """On two sides CUPS mostly fills up each copy to a whole sheet: three pages become four."""
    model, options, counted = SIMULATED[which]
    async with serve_printer(model, pace=0.01) as simulated:
        await asyncio.to_thread(cupsd.add_queue, model.key, simulated.uri)
        wanted = [word for option in (*options, "job-billing=P-100") for word in ("-o", option)]
        document = pdf(tmp_path / "plan.pdf", pages=3)
        await asyncio.to_thread(cupsd.lp, model.key, document, "-n", "2", *wanted, title="simulated")
        source = IppSource.at(simulated.uri, PRINTER)
        job, _ = await job_titled(source, "simulated")
        await source.close()
    line = job.lines[0]
    assert (job.outcome, job.copies, job.project, job.measured) == ("completed", 2, "P-100", "by_device")
    sides, sheets, side_mm2, used_mm2 = counted
    assert line.impressions in sides
    assert (line.sheets, line.printed_area_mm2, line.used_area_mm2) == (
        sheets,
        line.impressions * side_mm2,
        used_mm2,
    )


async def test_a_cancelled_and_an_aborted_job_say_so(printer: EvePrinter, cupsd: Cupsd, tmp_path: Path) -> None:
    failing = pdf(tmp_path / "fails.pdf")
    cupsd.add_queue("straight", printer.uri, "-o", "printer-error-policy=abort-job")
    cupsd.lp("straight", failing, title="will FAIL there")
    held = cupsd.lp("plotter", failing, "-H", "hold", title="cancelled while held")
    cupsd.cancel("plotter", held)

    device, queue = IppSource.at(printer.uri, PRINTER), IppSource.at(cupsd.queue_uri("plotter"), PRINTER)
    aborted, _ = await job_titled(device, "will FAIL there")
    cancelled, _ = await job_titled(queue, "cancelled while held")
    await device.close()
    await queue.close()
    assert aborted.outcome == "aborted"
    assert (cancelled.outcome, cancelled.lines[0].impressions) == ("cancelled_by_user", 0)


async def test_jobs_that_ended_while_nobody_looked_are_all_read(cupsd: Cupsd, tmp_path: Path) -> None:
    document = pdf(tmp_path / "many.pdf")
    source = IppSource.at(cupsd.queue_uri("plotter"), PRINTER)
    cupsd.lp("plotter", document, title="the first")
    _, before = await job_titled(source, "the first")
    for number in range(60):
        cupsd.cancel("plotter", cupsd.lp("plotter", document, "-H", "hold", title=f"held {number}"))
    reading = await source.completed_jobs(before.cursor)
    await source.close()
    assert {f"held {number}" for number in range(60)} <= {job.title for job in reading.jobs}


async def test_what_is_no_printer_is_told_in_one_sentence(cupsd: Cupsd) -> None:
    with pytest.raises(Retry, match="can't be reached"):
        await _probe(f"ipp://127.0.0.1:{free_port()}/ipp/print")
    with pytest.raises(NotFound, match="status 0x0406"):
        await _probe(cupsd.queue_uri("nowhere"))
    with pytest.raises(Reject, match="is not a printer's address"):
        await _probe("ftp://127.0.0.1/ipp/print")


async def _probe(address: str) -> None:
    source = IppSource.at(address)
    try:
        await source.probe()
    finally:
        await source.close()


async def test_a_job_that_cups_had_to_print_twice_is_counted_once(
    printer: EvePrinter, cupsd: Cupsd, tmp_path: Path
) -> None:
    """CUPS goes on counting from one attempt to the next: six sides of two attempts are three that came out."""
    mended = cupsd.folder / "mended"
    cupsd.add_backend("flaky", f"cat > /dev/null\n[ -e {mended} ] || exit 1\nexit 0")
    source = IppSource.at(cupsd.add_queue("flaky", printer.uri, "-o", "printer-error-policy=retry-job"), PRINTER)
    cupsd.redirect("flaky", "flaky:/nowhere")
    cupsd.lp("flaky", pdf(tmp_path / "plan.pdf", pages=3), title="twice")
    cursor = ""

    async def look() -> Reading | None:
        nonlocal cursor
        reading = await source.completed_jobs(cursor)
        cursor = reading.cursor
        if Cursor.parse(cursor).attempts:
            mended.touch()
        return reading if reading.jobs else None

    reading = await eventually_async(look, within_s=40, what="the second attempt is read")
    client = IppClient(Address.parse(cupsd.queue_uri("flaky")))
    counted = await client.send(get_jobs(client.address.uri, "completed", limit=1))
    await client.close()
    await source.close()
    assert reading is not None
    assert (reading.jobs[0].outcome, reading.jobs[0].lines[0].impressions) == ("completed", 3)
    assert View(counted.first(GroupTag.JOB)).integer("job-impressions-completed") == 6


async def test_a_job_that_somebody_has_printed_again_is_a_job_of_its_own_with_its_own_counts(
    cupsd: Cupsd, tmp_path: Path
) -> None:
    """The button *Reprint* of CUPS: its counters go on, so that three sides end at six. It needs no event."""
    source = IppSource.at(cupsd.queue_uri("plotter"), PRINTER)
    number = cupsd.lp("plotter", pdf(tmp_path / "plan.pdf", pages=3), title="again")
    first, before = await job_titled(source, "again")
    await source.close()
    await asyncio.to_thread(cupsd.hold, "plotter", number, "restart")

    later = IppSource.at(cupsd.queue_uri("plotter"), PRINTER)
    cursor = before.cursor

    async def look() -> JobCompleted | None:
        nonlocal cursor
        reading = await later.completed_jobs(cursor)
        cursor = reading.cursor
        return next((job for job in reading.jobs if job.title == "again" and job != first), None)

    second = await eventually_async(look, within_s=30, what="the second print is read")
    await later.close()
    assert second is not None
    assert second.completed_at > first.completed_at
    assert [job.lines[0].impressions for job in (first, second)] == [3, 3]
    assert [job.lines[0].sheets for job in (first, second)] == [3, 3]
