"""Alerts of devices: told once when they begin, once when they are over, and the same after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.collector.devices.reading import DeviceReading
from services.collector.watching.conditions import OpenAlert, changed, conditions_of, still_open, unreachable
from shared.events.devices import DeviceAlert, DeviceCondition, DeviceSupply

AT = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)


def reading(*alerts: DeviceCondition, **supplies: tuple[int | None, str]) -> DeviceReading:
    found = tuple(
        DeviceSupply(
            index=index,
            name=name,
            kind="waste_toner" if "waste" in name else "toner",
            level_percent=percent,
            state=state,
        )
        for index, (name, (percent, state)) in enumerate(supplies.items(), start=1)
    )
    return DeviceReading(at=AT, supplies=found, alerts=alerts)


def condition(kind: str, severity: str = "critical", **other: Any) -> DeviceCondition:
    return DeviceCondition(kind=kind, severity=severity, words=kind, **other)


class Story:
    """One printer through a series of readings."""

    def __init__(self) -> None:
        self.open: dict[str, OpenAlert] = {}
        self.at = AT

    def then(self, now: DeviceReading | dict[str, DeviceCondition]) -> list[str]:
        self.at += timedelta(minutes=1)
        conditions = now if isinstance(now, dict) else conditions_of(now, self.open)
        self.open, self.told = changed("id", "Plotter", self.open, conditions, self.at)
        return [f"{each.state} {each.kind}" for each in self.told]

    told: list[DeviceAlert]


def test_a_supply_is_told_low_and_empty_once_and_cleared_when_it_is_replaced() -> None:
    story = Story()
    assert story.then(reading(cyan=(40, "ok"))) == []
    assert story.then(reading(cyan=(9, "low"))) == ["raised supply_low"]
    assert story.told[0].words == "Plotter: cyan is low (9 % left). Have a new one at hand."
    raised = story.told[0].id
    assert story.then(reading(cyan=(8, "low"))) == []
    assert story.then(reading(cyan=(0, "empty"))) == ["raised supply_empty"]
    assert story.then(reading(cyan=(100, "ok"))) == ["cleared supply_low", "cleared supply_empty"]
    assert story.told[0].id == raised
    assert story.told[0].cleared_at == story.at
    assert story.then(reading(cyan=(5, "low"))) == ["raised supply_low"]
    assert story.told[0].id != raised


def test_a_level_that_swings_around_the_threshold_is_told_once() -> None:
    story = Story()
    told = [
        story.then(reading(cyan=(percent, "low" if percent <= 10 else "ok"))) for percent in (10, 11, 10, 12, 11)
    ]
    assert told == [["raised supply_low"], [], [], [], []]
    assert story.then(reading(cyan=(20, "ok"))) == ["cleared supply_low"]


def test_a_waste_box_that_fills_up_is_told() -> None:
    story = Story()
    assert story.then(reading(waste=(3, "nearly_full"))) == ["raised waste_nearly_full"]
    assert story.then(reading(waste=(0, "full"))) == ["raised waste_full"]
    assert story.then(reading(waste=(100, "ok"))) == ["cleared waste_nearly_full", "cleared waste_full"]


def test_what_the_device_says_in_general_is_not_told_beside_what_it_says_of_one_supply() -> None:
    story = Story()
    assert story.then(reading(condition("supply_low", "warning"), cyan=(9, "low"))) == ["raised supply_low"]
    assert Story().then(reading(condition("supply_low", "warning"), cyan=(None, "unknown"))) == [
        "raised supply_low"
    ]


@pytest.mark.parametrize("kind", ["paper_out", "cover_open", "jam", "offline"])
def test_what_stops_a_printer_is_told_once_and_cleared(kind: str) -> None:
    story = Story()
    assert story.then(reading(condition(kind))) == [f"raised {kind}"]
    assert story.then(reading(condition(kind))) == []
    assert story.then(reading()) == [f"cleared {kind}"]


def test_what_only_warns_of_paper_is_not_told() -> None:
    assert Story().then(reading(condition("paper_low", "warning"), condition("paper_out", "warning"))) == []


def test_what_a_maker_warns_of_in_its_own_words_is_not_told() -> None:
    asleep = condition("attention", "info", code=2), condition("attention", "warning", code=30_001)
    assert Story().then(reading(*asleep)) == []
    assert Story().then(reading(condition("attention", "warning", code=1111))) == ["raised attention"]
    assert Story().then(reading(condition("attention", "warning"))) == ["raised attention"]


def test_two_jams_at_two_places_are_two() -> None:
    jams = condition("jam", part="input 1"), condition("jam", part="output 1")
    assert Story().then(reading(*jams)) == ["raised jam", "raised jam"]


def test_a_device_that_does_not_answer_keeps_its_other_alerts() -> None:
    story = Story()
    story.then(reading(cyan=(9, "low")))
    assert story.then(unreachable("no answer") | still_open(story.open)) == ["raised offline"]
    assert story.then(unreachable("no answer") | still_open(story.open)) == []
    assert story.then(reading(cyan=(9, "low"))) == ["cleared offline"]
