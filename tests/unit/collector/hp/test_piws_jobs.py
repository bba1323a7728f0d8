"""What a PIWS queue says becomes records of jobs: areas in the right unit, each print once, nothing made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.demo.piws import PiwsJob, PiwsPage
from deploy.demo.piws_server import serve_piws
from services.collector.sources.source import Reading
from shared.events.jobs import PrinterRef, identified
from tests.unit.collector.hp.plotter import MODEL, NOON, REF, a1_job, device, source_at


async def look(machine, cursor: str = "", *, ref: PrinterRef = REF, now=NOON) -> Reading:
    async with serve_piws(machine) as served:
        source = source_at(served.address, ref=ref, now=now)
        try:
            return await source.completed_jobs(cursor)
        finally:
            await source.close()


@pytest.mark.parametrize("style", ["xml", "json"])
@pytest.mark.parametrize("units", [False, True])
async def test_a_job_is_read_alike_in_xml_and_json_with_plain_numbers_and_with_units(style: str, units: bool):
    reading = await look(device(a1_job(account="P-100"), style=style, units=units))
    (job,) = reading.jobs
    line = job.lines[0]
    assert (job.person.claimed, job.title, job.project) == ("alice", "site plan.pdf", "P-100")
    assert (job.outcome, job.kind, job.copies, job.measured) == ("completed", "print", 1, "by_device")
    assert (line.width_um, line.length_um, line.roll_width_um) == (594_000, 841_000, 914_400)
    assert line.printed_area_mm2 == 499_554
    assert line.used_area_mm2 == 543_154
    assert line.ink_ul == {"cyan": 200, "magenta": 200, "yellow": 100, "black": 100}
    assert (line.colour_mode, line.quality, line.impressions) == ("colour", "normal", 1)
    assert job.completed_at == NOON
    assert job.started_at == NOON - timedelta(minutes=2)
    assert reading.refused == reading.doubts == ()
    assert identified(job).job.id


@pytest.mark.parametrize(
    ("unit", "square", "linear"),
    [
        ("in2", "841.890512", "23.385827"),
        ("m2", "0.543154", "0.594"),
        ("ft2", "5.846462", "1.948819"),
        ("mm2", "543153.6", "594"),
        ("cm2", "5431.536", "59.4"),
    ],
)
async def test_the_unit_of_areas_is_found_out_from_the_pages(unit: str, square: str, linear: str):
    reading = await look(device(a1_job(square=square, linear=linear), square_unit=unit))
    assert reading.jobs[0].lines[0].used_area_mm2 in (543_153, 543_154, 543_155)
    assert reading.jobs[0].lines[0].roll_width_um == 914_400


async def test_a_unit_that_was_found_counts_for_jobs_that_could_not_tell_it():
    machine = device(a1_job())
    first = await look(machine)
    machine.jobs = [a1_job("sizeless", pages=[PiwsPage(width_in="", height_in="")])]
    second = await look(machine, first.cursor)
    assert second.jobs[0].lines[0].used_area_mm2 == 543_154
    assert second.jobs[0].lines[0].printed_area_mm2 is None


async def test_an_area_that_does_not_fit_its_pages_is_told_and_not_booked():
    """The definition says square inches, the device counts square metres: 645 times too little."""
    latex = replace_model("HP Latex 800 W")
    reading = await look(device(a1_job(square="0.543154")), ref=latex)
    line = reading.jobs[0].lines[0]
    assert line.used_area_mm2 is None
    assert line.printed_area_mm2 == 499_554
    (doubt,) = reading.doubts
    assert "would be 350 mm2 in in2, while its pages measure 499554 mm2; in m2 it would fit" in doubt


async def test_without_any_page_size_the_unit_stays_unknown_and_is_told():
    reading = await look(device(a1_job(pages=[PiwsPage(width_in="", height_in="")])))
    assert reading.jobs[0].lines[0].used_area_mm2 is None
    assert "its SquareAmount is in a unit that is not known" in reading.doubts[0]


def replace_model(model: str) -> PrinterRef:
    return PrinterRef(id="p1", serial="CN12345Z9A", model=model)


async def test_copies_are_in_the_totals_once():
    reading = await look(device(a1_job(copies=3)))
    line = reading.jobs[0].lines[0]
    assert (reading.jobs[0].copies, line.impressions) == (3, 3)
    assert line.printed_area_mm2 == 3 * 499_554
    assert line.used_area_mm2 == 1_629_462


@pytest.mark.parametrize(
    ("amount", "length", "ink"),
    [("2525.671536", "70.157481", "0.6"), ("841.890512", "23.385827", "0.2")],
    ids=["pages count all copies", "pages count one copy"],
)
async def test_amounts_that_only_pages_tell_count_all_copies(amount: str, length: str, ink: str):
    """In the capture of a Z9 the job's own lists are empty, and whether its pages count copies is not told."""
    sized = PiwsPage(square="841.890512", linear="23.385827")
    page = PiwsPage(printed_copies=3, square=amount, linear=length, ink_cc={"C": ink})
    machine = device(a1_job("one", pages=[sized]), a1_job("three", copies=3, pages=[page]), totals=False)
    one, three = (await look(machine)).jobs
    assert one.lines[0].used_area_mm2 == 543_154
    assert (three.lines[0].used_area_mm2, three.lines[0].ink_ul) == (1_629_462, {"cyan": 600})
    assert three.lines[0].roll_width_um == 914_400


async def test_a_small_page_on_a_wide_roll_is_believed_when_the_length_fits_and_doubted_when_not():
    """A4 fed 210 mm of a roll of 64 inches is 5.5 times its area; with a margin of 60 mm it is 7."""
    a4 = PiwsPage(width_in="8.267717", height_in="11.692913")
    latex = replace_model("HP Latex 800 W")
    fits = a1_job(square="680.3", linear="10.63", pages=[a4])
    reading = await look(device(fits), ref=latex)
    assert (reading.doubts, reading.jobs[0].lines[0].used_area_mm2) == ((), 438_902)
    in_cm = a1_job(square="680.3", linear="21.0", pages=[a4])
    reading = await look(device(in_cm), ref=latex)
    assert "in cm2 it would fit" in reading.doubts[0]


async def test_pages_that_differ_are_lines_of_their_own_that_sum_to_the_job():
    a1 = PiwsPage(square="841.89", ink_cc={"C": "0.3"}, colour="5")
    a4 = PiwsPage(width_in="8.267717", height_in="11.692913", square="420.95", ink_cc={"K": "0.1"}, grey="9")
    job = a1_job(
        square="2104.73", linear="58.46", ink_cc={"C": "0.601", "K": "0.1"}, printed_pages=3, pages=[a1, a4, a1]
    )
    (record,) = (await look(device(job))).jobs
    assert [line.page_range for line in record.lines] == ["1,3", "2"]
    assert [line.impressions for line in record.lines] == [2, 1]
    assert [line.colour_mode for line in record.lines] == ["colour", "mono"]
    assert sum(line.used_area_mm2 for line in record.lines) == 1_357_888
    assert [line.ink_ul for line in record.lines] == [{"cyan": 601}, {"black": 100}]


@pytest.mark.parametrize(
    ("job", "outcome", "impressions"),
    [
        (a1_job(status="Deleted"), "completed", 1),
        (
            a1_job(status="Deleted", completion="Cancelled", copies=2, printed_pages=1, pages=[PiwsPage()]),
            "partial",
            1,
        ),
        (a1_job(status="Aborted", completion="Error"), "aborted", 1),
    ],
)
async def test_how_a_job_ended_follows_from_status_and_counts(job: PiwsJob, outcome: str, impressions: int):
    (record,) = (await look(device(job))).jobs
    assert (record.outcome, record.lines[0].impressions) == (outcome, impressions)


def nothing_came_out(**more: object) -> PiwsJob:
    """As in the captures of a Z9: deleted or cancelled before anything was printed, every date of 1970."""
    page = PiwsPage(printed_copies=0)
    return PiwsJob("source.tif", printed_copies=0, printed_pages=0, pages=[page], **more)


async def test_a_job_that_was_deleted_unprinted_consumed_nothing_and_is_dated_once():
    machine = device(nothing_came_out(status="Deleted"))
    first = await look(machine)
    (record,) = first.jobs
    line = record.lines[0]
    assert (record.outcome, record.completed_at, record.submitted_at) == ("cancelled_by_user", NOON, None)
    assert (line.impressions, line.printed_area_mm2, line.used_area_mm2, line.ink_ul) == (0, 0, None, None)
    again = await look(machine, first.cursor, now=NOON + timedelta(hours=1))
    assert again.jobs == ()


@pytest.mark.parametrize("status", ["Paused", "WaitingToPrint", "Processing", "Printing", "OnHold"])
async def test_jobs_that_have_not_ended_are_not_told(status: str):
    reading = await look(device(nothing_came_out(status=status)))
    assert reading.jobs == reading.refused == ()
    assert reading.state.queued_jobs == 1


async def test_an_unknown_status_without_an_end_is_told_and_one_with_an_end_counts():
    assert (
        "is Levitating and has no completion time"
        in (await look(device(nothing_came_out(status="Levitating")))).refused[0]
    )
    assert len((await look(device(a1_job(status="Levitating")))).jobs) == 1


async def test_a_reprint_tells_only_what_came_on_top():
    """The device's own number of copies grows with every reprint of the same job."""
    machine = device(a1_job(copies=2))
    first = await look(machine)
    later = NOON + timedelta(hours=1)
    machine.jobs[0] = a1_job(copies=3, at=later, job_uuid=machine.jobs[0].job_uuid)
    second = await look(machine, first.cursor)
    (record,) = second.jobs
    line = record.lines[0]
    assert (record.kind, record.copies, record.completed_at) == ("reprint", 1, later)
    assert (line.impressions, line.printed_area_mm2) == (1, 499_554)
    assert first.jobs[0].lines[0].used_area_mm2 + line.used_area_mm2 == 1_629_462
    assert line.ink_ul == {"cyan": 200}
    assert (await look(machine, second.cursor)).jobs == ()


async def test_a_reprint_that_is_counted_anew_is_told_whole():
    machine = device(a1_job())
    first = await look(machine)
    again = a1_job(at=NOON + timedelta(hours=1), job_uuid=machine.jobs[0].job_uuid)
    machine.jobs[0] = again
    (record,) = (await look(machine, first.cursor)).jobs
    assert (record.kind, record.lines[0].impressions) == ("reprint", 1)


async def test_deleting_a_printed_job_afterwards_charges_nothing_more():
    machine = device(a1_job())
    first = await look(machine)
    machine.jobs[0] = replace(machine.jobs[0], status="Deleted", completed_at=NOON + timedelta(minutes=5))
    assert (await look(machine, first.cursor)).jobs == ()


async def test_a_device_that_does_not_account_gives_the_size_that_was_sent():
    (record,) = (await look(device(a1_job(square="0.0", linear="0.0", ink_cc={})))).jobs
    line = record.lines[0]
    assert (record.measured, line.printed_area_mm2, line.used_area_mm2) == ("as_submitted", 499_554, None)
    assert line.ink_ul is None


async def test_ten_jobs_of_one_name_are_ten_jobs_in_order():
    jobs = [a1_job("same", at=NOON - timedelta(minutes=number)) for number in range(10)]
    reading = await look(device(*jobs))
    assert len(reading.jobs) == 10
    assert [each.completed_at for each in reading.jobs] == sorted(each.completed_at for each in reading.jobs)


async def test_the_model_of_the_definition_file_is_told_apart_by_name():
    assert (await look(device(a1_job()), ref=replace_model(MODEL))).doubts == ()
