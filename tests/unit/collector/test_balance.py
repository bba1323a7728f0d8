"""A device's counter against its jobs: what lasts is booked, what comes late is taken back, none is negative."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.correlation.amounts import NOTHING, Amounts, amounts_of
from services.collector.reconcile.balance import Account, Booking, Point, Step, opened, step
from services.collector.reconcile.unknown import taken_back, unknown_job
from shared.events.jobs import JobLine, PrinterRef
from tests.unit.collector.readings import NOON, by_cups, by_device

GRACE = timedelta(minutes=10)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


class Meter:
    """One counter, its jobs, and an account of them that books as it is told."""

    def __init__(self, *, unit: str = "impressions", value: int = 1_000) -> None:
        self.value = value
        self.account = opened("life", unit, Point(value, NOON))
        self.sums = self.late = NOTHING

    def look(self, minutes: int) -> Step:
        made = step(self.account, Point(self.value, at(minutes)), self.sums, self.late, grace=GRACE)
        bookings = list(made.account.bookings)
        for amount, of_period in ((made.take_back, True), (made.take_back_late, False)):
            for place, left in taken_back(tuple(bookings), amount, self.account.period, of_period=of_period):
                bookings[place] = replace(bookings[place], amount=left)
        if made.book:
            job = unknown_job(made.account, made.book, device="d", printer=PrinterRef(id="p"), sums=self.sums)
            bookings.append(
                Booking(told=job, amount=made.book, period=self.account.period, key="p", first_key="k")
            )
        if made.is_new_base:
            self.sums = self.late = NOTHING
        if made.take_back_late:
            self.late = NOTHING
        self.account = replace(made.account, bookings=tuple(bookings))
        return made

    def print_out(self, impressions: int, *, told: bool = True) -> None:
        self.value += impressions
        if told:
            self.tell(impressions)

    def tell(self, impressions: int) -> None:
        self.sums = replace(self.sums, jobs=self.sums.jobs + 1, impressions=self.sums.impressions + impressions)

    @property
    def unknown(self) -> int:
        return sum(each.amount for each in self.account.bookings)


def test_what_jobs_tell_leaves_nothing_open() -> None:
    meter = Meter()
    meter.print_out(7)
    made = meter.look(1)
    assert (made.book, meter.account.waiting, meter.account.balanced.value) == (0, None, 1_007)


def test_five_that_nobody_told_are_booked_after_the_grace_time_and_gone_when_jobs_come_late() -> None:
    meter = Meter()
    meter.print_out(5, told=False)
    assert meter.look(1).book == 0
    assert meter.look(10).book == 0
    assert meter.look(11).book == 5
    assert meter.unknown == 5
    assert meter.look(30).book == 0

    meter.tell(3)
    assert meter.look(31).take_back == 3
    meter.tell(2)
    meter.look(32)
    assert meter.unknown == 0
    assert meter.account.balanced.value == 1_005


def test_only_what_lasted_is_booked() -> None:
    meter = Meter()
    meter.print_out(5, told=False)
    meter.look(1)
    meter.print_out(20, told=False)
    meter.look(5)
    meter.tell(20)
    meter.print_out(9, told=False)
    assert meter.look(12).book == 5
    assert meter.look(12 + 10).book == 0, "the rest begins to wait only then"
    assert meter.look(12 + 21).book == 9


def test_a_counter_that_falls_begins_anew_and_what_was_booked_stays() -> None:
    meter = Meter()
    meter.print_out(5, told=False)
    meter.look(1)
    meter.look(12)
    meter.value = 3
    made = meter.look(13)
    assert (made.book, made.is_new_base, meter.unknown) == (0, True, 5)
    assert "fell from 1005 to 3" in meter.account.notes[-1].words

    meter.print_out(2, told=False)
    meter.look(14)
    assert meter.look(25).book == 2
    meter.late = Amounts(impressions=4)
    meter.look(26)
    assert meter.unknown == 3, "late jobs of before the reset take back what was booked then"


def test_a_counter_that_leaps_was_set_and_books_nothing() -> None:
    meter = Meter()
    meter.value += 5_000_000
    made = meter.look(1)
    assert (made.is_new_base, made.book) == (True, 0)
    assert "jumped" in meter.account.notes[-1].words


def test_jobs_ahead_of_the_counter_are_drift_and_book_nothing() -> None:
    meter = Meter()
    meter.tell(4)
    assert meter.look(1).book == 0
    assert meter.account.ahead == 4
    assert meter.look(12).is_new_base
    assert (meter.account.drift, meter.account.ahead) == (4, 0)
    meter.print_out(6, told=False)
    meter.look(13)
    assert meter.look(24).book == 6, "later gaps are found all the same"


def test_jobs_that_do_not_tell_the_quantity_can_not_be_set_against_the_counter() -> None:
    meter = Meter()
    meter.print_out(5, told=False)
    meter.sums = Amounts(jobs=1, without_impressions=1)
    meter.look(1)
    made = meter.look(12)
    assert (made.book, made.is_new_base) == (0, True)


def test_a_clock_that_is_set_back_does_not_stop_the_grace_time() -> None:
    meter = Meter()
    meter.print_out(5, told=False)
    meter.look(60)
    meter.look(0)
    assert meter.look(10).book == 5


@pytest.mark.parametrize(("unit", "feet_um"), [("feet", 304_800), ("metres", 1_000_000)])
def test_lengths_are_booked_in_whole_units_and_one_unit_is_no_gap(unit: str, feet_um: int) -> None:
    meter = Meter(unit=unit, value=100)
    meter.value += 4
    meter.sums = Amounts(jobs=1, length_um=3 * feet_um + 1)
    meter.look(1)
    assert meter.look(12).book == 0
    meter.value += 4
    meter.look(13)
    assert meter.look(24).book == 4 * feet_um


def test_what_a_job_adds() -> None:
    assert amounts_of(by_cups()) == Amounts(jobs=1, impressions=1, sheets=1, length_um=841_000)
    plotted = amounts_of(by_device(lines=[JobLine(used_area_mm2=543_154, roll_width_um=914_400)]))
    assert plotted == Amounts(jobs=1, without_impressions=1, without_sheets=1, length_um=594_000)
    assert amounts_of(by_cups(kind="scan")) == NOTHING
    assert amounts_of(by_cups(outcome="aborted", lines=[JobLine()])) == Amounts(jobs=1)


MOVES = st.lists(
    st.tuples(st.sampled_from(["told", "untold", "late"]), st.integers(0, 30), st.integers(1, 8)), max_size=40
)


@given(MOVES)
def test_in_the_end_unknown_is_what_nobody_told_and_never_negative(
    moves: list[tuple[str, int, int]],
) -> None:
    meter, now, untold = Meter(), 0, 0
    for what, impressions, minutes in moves:
        now += minutes
        if what == "late":
            late = min(impressions, untold)
            meter.tell(late)
            untold -= late
        else:
            meter.print_out(impressions, told=what == "told")
            untold += impressions if what == "untold" else 0
        meter.look(now)
        assert 0 <= meter.unknown <= untold
    for _ in range(4):
        now += 11
        meter.look(now)
    assert meter.unknown == untold
    assert _counted(meter.account) == meter.value - 1_000


def _counted(account: Account) -> int:
    return account.last.value - account.base.value
