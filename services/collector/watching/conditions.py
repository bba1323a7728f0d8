"""What of a device a person should know: which conditions have begun and which are over since the last reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.collector.devices.alerts import is_known
from services.collector.devices.reading import DeviceReading
from services.collector.devices.supplies import LOW_PERCENT
from shared.events.devices import DeviceAlert, DeviceCondition, DeviceSupply

HYSTERESIS_PERCENT: Final = 3
"""A supply that was low stays so until it is that much above: levels go up and down by a percent by themselves."""
MAX_PART: Final = 60
OFFLINE: Final = "offline"
_TOLD: Final = frozenset({"supply_low", "supply_empty", "waste_nearly_full", "waste_full", "attention"})
"""Kinds that are told even when the device still prints; of the others only what stops it."""
_OF_SUPPLY: Final = {
    "empty": ("supply_empty", "critical"),
    "low": ("supply_low", "warning"),
    "full": ("waste_full", "critical"),
    "nearly_full": ("waste_nearly_full", "warning"),
}
_REMEDIES: Final = {
    "supply_low": "Have a new one at hand.",
    "supply_empty": "Put in a new one.",
    "waste_nearly_full": "Have a new one at hand.",
    "waste_full": "Put in an empty one.",
    "paper_out": "Load paper.",
    "cover_open": "Close it.",
    "jam": "Take the paper out.",
    "output_full": "Take the prints out.",
    OFFLINE: "Is it switched on, and is its network cable in?",
}


class OpenAlert(Struct, frozen=True, kw_only=True):
    """A condition that was told and is not over."""

    id: str
    kind: str
    severity: str
    words: str
    part: str | None = None
    raised_at: datetime


Open = Mapping[str, OpenAlert]
"""By kind and part."""


def conditions_of(reading: DeviceReading, before: Open) -> dict[str, DeviceCondition]:
    """What is wrong now and worth telling, by kind and part."""
    found: dict[str, DeviceCondition] = {}
    for supply in reading.supplies:
        for condition in _of_supply(supply, before):
            found[key_of(condition)] = condition
    detailed = {condition.kind for condition in found.values()}
    for alert in reading.alerts:
        if not _worth_telling(alert):
            continue
        # "A supply is low" says no more than "cyan is low".
        if alert.kind in detailed and (alert.part is None or alert.kind in dict(_OF_SUPPLY.values())):
            continue
        found.setdefault(key_of(alert), alert)
    return found


def _worth_telling(alert: DeviceCondition) -> bool:
    """What stops the device, and warnings of the standard's own: makers warn of much, such as that it sleeps."""
    if alert.severity == "critical":
        return True
    return alert.severity == "warning" and alert.kind in _TOLD and (alert.code is None or is_known(alert.code))


def _of_supply(supply: DeviceSupply, before: Open) -> Iterable[DeviceCondition]:
    """Low and empty; a supply that is empty is low as well, so that `low` is told and cleared but once."""
    part = f"supply {supply.index}"
    name = supply.name or part
    both: dict[str, tuple[str, ...]] = {"empty": ("low", "empty"), "full": ("nearly_full", "full")}
    states = both.get(supply.state, (supply.state,))
    low = "nearly_full" if (supply.kind or "").startswith("waste") else "low"
    if states == ("ok",) and _key(_OF_SUPPLY[low][0], part) in before:
        percent = supply.level_percent
        states = (low,) if percent is not None and percent <= LOW_PERCENT + HYSTERESIS_PERCENT else ()
    left = "" if supply.level_percent is None else f" ({supply.level_percent} % left)"
    for state in states:
        if state in _OF_SUPPLY:
            kind, severity = _OF_SUPPLY[state]
            words = f"{name} is {state.replace('_', ' ')}{left}"
            yield DeviceCondition(kind=kind, severity=severity, words=words, part=part)


def unreachable(error: str) -> dict[str, DeviceCondition]:
    """The one condition of a device that does not answer."""
    condition = DeviceCondition(kind=OFFLINE, severity="critical", words=f"does not answer: {error}")
    return {key_of(condition): condition}


def still_open(before: Open) -> dict[str, DeviceCondition]:
    """What was told and can't be looked at now: it stays as it is."""
    return {
        key: DeviceCondition(kind=each.kind, severity=each.severity, words=each.words, part=each.part)
        for key, each in before.items()
    }


def key_of(condition: DeviceCondition) -> str:
    """What tells two conditions of one device apart; attention is told by its words."""
    part = condition.part or (condition.words if condition.kind == "attention" else "")
    return _key(condition.kind, part)


def _key(kind: str, part: str) -> str:
    return f"{kind}/{part[:MAX_PART]}"


def changed(
    printer_id: str, name: str, before: Open, now: Mapping[str, DeviceCondition], at: datetime
) -> tuple[dict[str, OpenAlert], list[DeviceAlert]]:
    """What is open from now on, and what is to be told."""
    told: list[DeviceAlert] = []
    stays: dict[str, OpenAlert] = {key: alert for key, alert in before.items() if key in now}
    for key, alert in before.items():
        if key not in now:
            words = f"{name}: over: {alert.words}"
            told.append(_told(printer_id, name, alert, words=words, cleared_at=at))
    for key, condition in now.items():
        if key not in stays:
            stays[key] = OpenAlert(
                id=f"{printer_id}/{key}/{at.isoformat(timespec='milliseconds')}",
                kind=condition.kind,
                severity=condition.severity,
                words=condition.words,
                part=condition.part,
                raised_at=at,
            )
            remedy = _REMEDIES.get(condition.kind, "")
            words = f"{name}: {condition.words.rstrip('.')}. {remedy}".strip()
            told.append(_told(printer_id, name, stays[key], words=words, cleared_at=None))
    return stays, told


def _told(printer_id: str, name: str, alert: OpenAlert, *, words: str, cleared_at: datetime | None) -> DeviceAlert:
    return DeviceAlert(
        id=alert.id,
        state="cleared" if cleared_at else "raised",
        subject=f"printer/{printer_id}",
        printer=name,
        kind=alert.kind,
        severity=alert.severity,
        words=words[:1_000],
        part=alert.part,
        raised_at=alert.raised_at,
        cleared_at=cleared_at,
    )
