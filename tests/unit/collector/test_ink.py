"""Ink estimated from supply levels: exact sums, only for jobs of which nobody told it, never against a source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.devices.reading import DeviceReading
from services.collector.ink.estimator import InkEstimator
from services.collector.ink.spread import Level, estimates, fallen, levels_of, spread
from services.collector.registry.printers import Printer
from shared.events.devices import DeviceSupply
from shared.events.jobs import JobLine
from tests.unit.collector.readings import NOON, SERIAL, by_cups, by_device
from tests.unit.collector.registry_rows import printer
from tests.unit.collector.test_taking import Desk

PLOTTER: Printer = printer(1, serial=SERIAL)


def supply(colour: str, tenths_of_ml: int) -> DeviceSupply:
    return DeviceSupply(
        index=1, kind="ink", colour=colour, level=tenths_of_ml, capacity=3_000, unit="tenths_of_ml", state="ok"
    )


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=30))
def test_the_parts_sum_up_to_the_fall_and_keep_its_proportions(amount: int, weights: list[int]) -> None:
    parts = spread(amount, weights)
    total = sum(weights)
    assert len(parts) == len(weights)
    assert sum(parts) == (amount if total else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert part >= 0
        assert not total or abs(part * total - amount * weight) < total


def test_a_level_that_rose_or_moved_less_than_a_step_says_nothing() -> None:
    before = {"cyan": Level(1_000, 100), "black": Level(1_000, 100), "yellow": Level(1_000, 100)}
    now = {"cyan": Level(800, 100), "black": Level(3_000, 100), "yellow": Level(950, 100), "magenta": Level(1, 1)}
    assert fallen(before, now) == {"cyan": 200}


def test_only_levels_told_by_volume_count() -> None:
    percent = DeviceSupply(index=2, kind="ink", colour="black", level=50, capacity=100, unit="percent", state="ok")
    toner = replace(supply("magenta", 5), kind="toner")
    waste = replace(supply("cyan", 5), colour=None)
    assert levels_of([supply("cyan", 20), percent, toner, waste]) == {"cyan": Level(2_000, 100)}


def test_ink_is_spread_by_area_after_what_sources_told_was_taken_off() -> None:
    jobs = [
        by_cups(lines=[JobLine(printed_area_mm2=300)]),
        by_cups(lines=[JobLine(printed_area_mm2=100)]),
        by_device(lines=[JobLine(printed_area_mm2=900, ink_ul={"cyan": 100})]),
        by_cups(kind="scan"),
    ]
    assert estimates(jobs, {"cyan": 500}) == [[{"cyan": 300}], [{"cyan": 100}], [None], [None]]


def test_without_areas_impressions_decide_and_without_anything_nothing_is_guessed() -> None:
    jobs = [by_cups(lines=[JobLine(impressions=2)]), by_cups(lines=[JobLine(impressions=1, printed_area_mm2=9)])]
    assert estimates(jobs, {"cyan": 300}) == [[{"cyan": 200}], [{"cyan": 100}]]
    assert estimates([by_cups(lines=[JobLine()])], {"cyan": 300}) == [[None]]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "journal.sqlite", PLOTTER)
    await desk.journal.open()
    yield desk
    await desk.journal.close()


async def levels(desk: Desk, minutes: int, *, cyan: int, status: str = "idle") -> None:
    reading = DeviceReading(
        at=NOON + timedelta(minutes=minutes), status=status, supplies=(supply("cyan", cyan),), serial=SERIAL
    )
    await InkEstimator(desk.journal, collector_id="c1").observe(PLOTTER, reading)


async def test_jobs_without_ink_get_their_part_once_and_a_source_that_measured_it_wins(desk: Desk) -> None:
    await levels(desk, -1, cyan=2_000)
    wide, narrow = ([JobLine(printed_area_mm2=area_mm2)] for area_mm2 in (300, 100))
    await desk.bring(by_cups(1, title="wide", lines=wide), by_cups(2, title="narrow", after_s=9, lines=narrow))
    await levels(desk, 1, cyan=1_990, status="printing")
    await levels(desk, 2, cyan=1_980)
    await levels(desk, 3, cyan=1_980)

    inks = {job.title: (job.lines[0].ink_ul, job.measured) for job in await desk.counted()}
    assert inks == {"wide": ({"cyan": 1_500}, "as_submitted"), "narrow": ({"cyan": 500}, "as_submitted")}
    corrections = [event for _, event in await desk.events() if event.type == "print.job.corrected.v1"]
    assert [each.data.reason for each in corrections] == ["ink_estimated"] * 2
    assert corrections[0].data.evidence["ink cyan"] == "fell by 2000 ul in all, known to 100 ul"
    assert corrections[0].data.evidence["ink"].startswith("estimated")

    await desk.bring(by_device(title="wide", after_s=40))
    measured = {job.title: job.lines[0].ink_ul for job in await desk.counted()}
    assert measured == {"wide": {"cyan": 200, "black": 100}, "narrow": {"cyan": 500}}


async def test_a_new_cartridge_begins_anew(desk: Desk) -> None:
    await levels(desk, -1, cyan=100)
    await desk.bring(by_cups())
    await levels(desk, 1, cyan=3_000)
    await levels(desk, 2, cyan=2_990)
    assert [job.lines[0].ink_ul for job in await desk.counted()] == [None]
    assert msgspec.json.encode(await desk.counted())
