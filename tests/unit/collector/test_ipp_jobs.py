"""Job attributes become job records that say what the printer said, and nothing that it did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.collector.sources.ipp.counts import Attempt
from services.collector.sources.ipp.cursor import Cursor
from services.collector.sources.ipp.jobs import completed_job
from services.collector.sources.ipp.message import Attribute, Data, Range, collection
from services.collector.sources.ipp.tags import Tag
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.traits import facts, traits
from services.collector.sources.ipp.view import View
from shared.errors import Reject
from shared.events.jobs import JobCompleted, PrinterRef, identified

DONE_AT = datetime(2026, 11, 22, 7, 36, 4, tzinfo=UTC)
PRINTER = PrinterRef(id="p-1")
_ENUMS = {"job-state", "print-quality", "finishings"}
_KEYWORDS = {"media", "sides", "print-color-mode", "job-state-reasons"}


def attribute(name: str, *data: Data) -> Attribute:
    if isinstance(data[0], bool):
        tag = Tag.BOOLEAN
    elif isinstance(data[0], int):
        tag = Tag.ENUM if name in _ENUMS else Tag.INTEGER
    elif isinstance(data[0], datetime):
        tag = Tag.DATE_TIME
    else:
        tag = Tag.KEYWORD if name in _KEYWORDS else Tag.NAME
    return Attribute.of(name, tag, *data)


def media(x: int, y: int, **members: str) -> list[Attribute]:
    size = collection("media-size", [attribute("x-dimension", x), attribute("y-dimension", y)])
    return [size, *(Attribute.of(name.replace("_", "-"), Tag.KEYWORD, text) for name, text in members.items())]


def a_job(*, media_col: list[Attribute] | None = None, **changed: Data | None) -> View:
    """What ippeveprinter gives for an A4 job of three pages, twice (see the capture in the peers' samples)."""
    values: dict[str, Data | None] = {
        "job-id": 1,
        "job-name": "Site plan rev C",
        "job-originating-user-name": "alice",
        "job-state": 9,
        "copies": 2,
        "sides": "one-sided",
        "print-color-mode": "color",
        "print-quality": 5,
        "job-impressions": 3,
        "job-impressions-completed": 3,
        "date-time-at-completed": DONE_AT,
    }
    values |= {name.replace("_", "-"): value for name, value in changed.items()}
    attributes = [attribute(name, value) for name, value in values.items() if value is not None]
    sheet = media(21_000, 29_700, media_type="stationery", media_source="main")
    attributes.append(collection("media-col", media_col or sheet))
    return View(attributes)


def a_printer(*more: Attribute) -> View:
    return View((Attribute.of("printer-make-and-model", Tag.TEXT, "HP DesignJet T1700"), *more))


ROLL = collection(
    "media-col-ready",
    [
        collection(
            "media-size",
            [
                attribute("x-dimension", 91_440),
                Attribute.of("y-dimension", Tag.RANGE, Range(27_900, 1_524_000)),
            ],
        ),
        Attribute.of("media-source", Tag.KEYWORD, "roll-1"),
        Attribute.of("media-type", Tag.KEYWORD, "stationery-coated"),
    ],
)
CUPS = Attribute.of("printer-type", Tag.ENUM, 4)


def record(job: View, *printer: Attribute, earlier: Attempt | None = None) -> JobCompleted:
    return completed_job(job, PRINTER, traits(a_printer(*printer)), DeviceClock(), earlier=earlier)


def test_a_device_that_counts_one_copy_is_multiplied_by_its_copies() -> None:
    done = record(a_job())
    line = done.lines[0]
    assert (line.impressions, line.sheets, done.measured) == (6, 6, "by_device")
    assert line.printed_area_mm2 == 6 * 210 * 297
    assert (line.media, line.media_name, line.quality, line.colour_mode) == (
        "stationery",
        "A4 stationery",
        "high",
        "colour",
    )
    assert done.person is not None
    assert (done.person.claimed, done.person.authenticated, done.title) == ("alice", False, "Site plan rev C")
    assert identified(done).job.key == "p-1/1/2026-11-22T07:36:04.000Z"


def test_a_device_that_counts_all_copies_is_taken_at_its_word() -> None:
    assert record(a_job(job_impressions_completed=6)).lines[0].impressions == 6
    assert record(a_job(job_media_sheets_completed=3)).lines[0].impressions == 3


def test_cups_counts_all_copies_and_keeps_counting_when_it_tries_again() -> None:
    job = a_job(job_impressions=None, job_impressions_completed=12, job_media_sheets_completed=12)
    assert record(job, CUPS).lines[0].impressions == 12
    retried = record(job, CUPS, earlier=Attempt(6, 6))
    assert (retried.lines[0].impressions, retried.lines[0].sheets) == (6, 6)
    assert (retried.measured, retried.job.source) == ("as_submitted", "cups")


def test_what_cups_counted_for_a_cancelled_job_says_nothing_of_what_came_out() -> None:
    values: dict[str, Data | None] = {"job_state": 7, "job_impressions_completed": 6}
    begun = record(a_job(**values, time_at_processing=1_795_333_041), CUPS)
    assert (begun.outcome, begun.measured, begun.lines[0].impressions) == ("cancelled_by_user", None, None)
    assert record(a_job(**values), CUPS).lines[0].impressions == 0


def test_a_device_that_says_that_nothing_came_out_of_a_cancelled_job_is_believed() -> None:
    line = record(a_job(job_state=7, job_impressions_completed=0)).lines[0]
    assert (line.impressions, line.sheets, line.printed_area_mm2, line.used_area_mm2) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("state", "reason", "printed", "outcome"),
    [
        (9, "job-completed-successfully", 3, "completed"),
        (8, "aborted-by-system", 0, "aborted"),
        (7, "job-canceled-by-user", 0, "cancelled_by_user"),
        (7, "job-canceled-at-device", 0, "cancelled_by_user"),
        (7, "aborted-by-system", 0, "cancelled_by_device"),
        (7, "job-canceled-by-user", 4, "partial"),
    ],
)
def test_the_outcome_follows_state_and_reasons(state: int, reason: str, printed: int, outcome: str) -> None:
    job = a_job(job_state=state, job_state_reasons=reason, job_impressions_completed=printed)
    assert record(job).outcome == outcome


def test_a_job_that_the_device_gave_up_is_not_blamed_on_a_person() -> None:
    """The words of CUPS 2.4.2 when its printer aborts a job; it ends as canceled, whoever ended it."""
    job = a_job(
        job_state=7,
        job_state_reasons="processing-to-stop-point",
        job_printer_state_message="Print job canceled at printer.",
        time_at_processing=1_795_542_932,
    )
    assert record(job, CUPS).outcome == "cancelled_by_device"


def test_counters_that_are_missing_stay_missing() -> None:
    line = record(a_job(job_impressions=None, job_impressions_completed=0)).lines[0]
    assert (line.impressions, line.sheets, line.printed_area_mm2, line.used_area_mm2) == (None,) * 4


def test_the_worked_example_of_a_roll_feeds_the_short_side() -> None:
    a1 = media(59_400, 84_100, media_source="roll-1")
    line = record(a_job(media_col=a1, copies=1, job_impressions=1, job_impressions_completed=1), ROLL).lines[0]
    assert (line.roll_width_um, line.printed_area_mm2, line.used_area_mm2) == (914_400, 499_554, 543_154)
    assert line.media == "stationery-coated"


def test_a_page_wider_than_the_roll_feeds_its_long_side() -> None:
    e0 = media(91_400, 121_900, media_source="roll-1")
    line = record(a_job(media_col=e0, copies=1, job_impressions=1, job_impressions_completed=1), ROLL).lines[0]
    assert line.used_area_mm2 == round(914.4 * 1219)


def test_two_sides_share_a_sheet_within_a_copy() -> None:
    line = record(a_job(sides="two-sided-long-edge")).lines[0]
    assert (line.impressions, line.sheets) == (6, 4)
    assert line.used_area_mm2 == 4 * 210 * 297


@pytest.mark.parametrize(
    ("said", "device_has_colour", "mode"),
    [
        ("monochrome", True, "mono"),
        ("process-monochrome", True, "mono"),
        ("bi-level", True, "mono"),
        ("color", True, "colour"),
        ("color", False, "mono"),
        ("auto", True, None),
        ("auto", False, "mono"),
        (None, None, None),
    ],
)
def test_the_colour_mode_is_said_or_certain(
    said: str | None, device_has_colour: bool | None, mode: str | None
) -> None:
    able = () if device_has_colour is None else (attribute("color-supported", device_has_colour),)
    assert record(a_job(print_color_mode=said), *able).lines[0].colour_mode == mode


def test_a_project_comes_from_the_account_id_or_cups_billing() -> None:
    assert record(a_job(job_billing="PRJ-4711")).project == "PRJ-4711"
    assert record(a_job(job_billing="PRJ-4711", job_account_id="P-100")).project == "P-100"
    assert record(a_job()).project is None


def test_unix_times_of_cups_are_dates() -> None:
    job = a_job(date_time_at_completed=None, time_at_completed=1_795_333_041)
    assert record(job, CUPS).completed_at == datetime(2026, 11, 22, 7, 37, 21, tzinfo=UTC)


def test_a_job_without_any_completion_time_is_refused() -> None:
    with pytest.raises(Reject, match="no completion time"):
        record(a_job(date_time_at_completed=None))


def up_time_job(number: int, seconds: int) -> View:
    return a_job(job_id=number, date_time_at_completed=None, time_at_completed=seconds)


def test_up_times_are_pinned_so_that_a_job_keeps_its_identity() -> None:
    job = a_job(date_time_at_completed=None, time_at_completed=24)
    read_at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    first = DeviceClock().seen(100, read_at)
    later = first.seen(160, read_at + timedelta(seconds=63.4))
    assert later.pins == first.pins
    assert first.moment(job, "completed") == read_at - timedelta(seconds=76)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=100)])
def test_a_job_keeps_its_identity_when_a_clock_is_set_or_drifts_and_later_jobs_get_the_new_time(jump) -> None:
    """Dated anew by the new difference, every job that the device still shows would be charged again."""
    read_at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    old, new = up_time_job(1, 1_000), up_time_job(2, 2_000)
    clock = DeviceClock().seen(1_500, read_at).after(old)
    stored = Cursor.parse(Cursor(clock.pins, clock.seen_s).text()).clock
    jumped = stored.seen(2_100, read_at + timedelta(seconds=600) + jump)
    assert jumped.moment(old, "completed") == clock.moment(old, "completed") == read_at - timedelta(seconds=500)
    assert jumped.moment(new, "completed") == read_at + timedelta(seconds=500) + jump


def test_a_device_that_was_started_anew_dates_its_jobs_by_the_new_start() -> None:
    read_at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    clock = DeviceClock().seen(90_000, read_at).after(up_time_job(1, 89_000))
    restarted = clock.seen(40, read_at + timedelta(hours=1))
    assert restarted.moment(up_time_job(1, 30), "completed") == read_at + timedelta(hours=1, seconds=-10)
    assert len(restarted.pins) == 1


@pytest.mark.parametrize("seconds", [0, -500, 5_000])
def test_a_job_of_an_earlier_run_of_the_device_is_not_dated_by_the_present_one(seconds: int) -> None:
    clock = DeviceClock().seen(40, DONE_AT)
    assert clock.moment(up_time_job(1, seconds), "completed") is None
    assert clock.after(up_time_job(1, seconds)) == clock


def test_a_clock_that_was_never_set_gives_way_to_the_up_time() -> None:
    job = a_job(date_time_at_completed=datetime(1970, 1, 1, tzinfo=UTC), time_at_completed=24)
    assert DeviceClock().seen(100, DONE_AT).moment(job, "completed") == DONE_AT - timedelta(seconds=76)


def test_control_characters_of_a_device_become_blanks_so_that_every_database_takes_them() -> None:
    done = record(a_job(job_name="plan\x00A\x1b[31m\x9b", job_originating_user_name="\x00"))
    assert (done.title, done.person) == ("plan A [31m", None)
    assert facts(a_printer(attribute("printer-name", "HP\x00"))).name == "HP"


def test_a_device_that_names_no_sides_prints_on_one() -> None:
    """Many plotters do not speak of sides at all: half of what they fed must not get lost."""
    line = record(a_job(sides=None)).lines[0]
    assert (line.impressions, line.sheets, line.used_area_mm2) == (6, 6, 6 * 210 * 297)


def test_where_a_device_may_print_on_both_sides_and_does_not_say_so_the_sheets_are_unknown() -> None:
    duplex = Attribute.of("sides-supported", Tag.KEYWORD, "one-sided", "two-sided-long-edge")
    line = record(a_job(sides=None), duplex).lines[0]
    assert (line.impressions, line.sheets, line.used_area_mm2) == (6, None, None)
    assert record(a_job(sides="two-sided-long-edge"), duplex).lines[0].sheets == 4


def test_copies_below_one_are_no_copies() -> None:
    done = record(a_job(copies=-4))
    assert (done.copies, done.lines[0].impressions) == (None, 3)


def test_the_serial_number_is_found_in_the_device_id() -> None:
    device_id = Attribute.of("printer-device-id", Tag.TEXT, "MFG:HP;MDL:DesignJet T1700;SN:CN12345678;CMD:PDF;")
    found = facts(a_printer(device_id, attribute("color-supported", True)))
    assert (found.serial, found.kind, found.supports_colour) == ("CN12345678", "ipp", True)
    assert facts(a_printer(CUPS)).kind == "cups"


@pytest.mark.parametrize(
    ("said", "person", "project"),
    [
        ({"job_accounting_user_id": "bob", "job_account_id": "P-7", "job_billing": "P-8"}, "bob", "P-7"),
        ({"job_accounting_user_id": "none", "job_account_id": "None", "job_billing": "P-8"}, "alice", "P-8"),
        ({"job_originating_user_name": "anonymous"}, None, None),
    ],
)
def test_a_job_is_for_whom_and_what_its_accounting_attributes_say(said, person, project):
    job = completed_job(a_job(**said), PRINTER, traits(a_printer()), DeviceClock())
    assert (job.person.claimed if job.person else None, job.project) == (person, project)


def test_a_job_keeps_its_uuid_by_which_another_source_of_it_may_be_known():
    job = completed_job(a_job(job_uuid="urn:uuid:6C45E777-4717"), PRINTER, traits(a_printer()), DeviceClock())
    assert job.correlation_id == "6c45e777-4717"
    assert completed_job(a_job(), PRINTER, traits(a_printer()), DeviceClock()).correlation_id is None
