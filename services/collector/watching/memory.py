"""What is remembered of a device between readings and over restarts, and the events that come of a new reading.

Events and memory go into the journal in one transaction: nothing is told twice or never.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.collector.devices.reading import DeviceReading
from services.collector.journal import Entry
from services.collector.registry.printers import Printer
from services.collector.watching.conditions import OpenAlert, changed
from shared.events.devices import (
    DEVICE_ALERT,
    DEVICE_CHANGED,
    DeviceAlert,
    DeviceChanged,
    DeviceCondition,
)
from shared.events.envelope import encode, new_event
from shared.ids import uuid7

DEVICES_TOPIC: Final = "devices.v1"
ALERTS_TOPIC: Final = "alerts.v1"
CURSOR_PREFIX: Final = "device:"
UNREACHABLE: Final = "unreachable"
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Memory(Struct, frozen=True, kw_only=True):
    """What was told of a device: the digest of its last state, when that was, and the alerts that are open."""

    digest: str = ""
    at: datetime | None = None
    open: dict[str, OpenAlert] = {}

    def text(self) -> str:
        """As it is stored in the journal."""
        return msgspec.json.encode(self).decode()


def memory_of(text: str) -> Memory:
    """The memory that was stored; an empty one for what is none."""
    try:
        return msgspec.json.decode(text, type=Memory)
    except msgspec.DecodeError:
        return Memory()


def newer(one: Memory, other: Memory) -> Memory:
    """Of two memories of one device the newer one: it may have been read elsewhere meanwhile."""
    return other if (other.at or _NO_TIME) > (one.at or _NO_TIME) else one


def news(
    printer: Printer,
    reading: DeviceReading,
    now: Mapping[str, DeviceCondition],
    memory: Memory,
    *,
    collector_id: str,
) -> tuple[list[Entry], Memory]:
    """The events of a reading, none when all is as before, and what is to be remembered."""
    told = reading.told(printer.id)
    digest = _digest(told)
    opened, alerts = changed(printer.id, printer.name, memory.open, now, reading.at)
    entries = [_alert_entry(alert, reading.at, collector_id) for alert in alerts]
    if digest != memory.digest:
        entries.insert(0, _changed_entry(told, collector_id))
    return entries, Memory(digest=digest, at=reading.at, open=opened) if entries else memory


def out_of_reach(last: DeviceReading | None, at: datetime) -> DeviceReading:
    """The reading of a device that does not answer: what it said last, and that it is unreachable."""
    return replace(last, at=at, status=UNREACHABLE) if last else DeviceReading(at=at, status=UNREACHABLE)


def _digest(told: DeviceChanged) -> str:
    return blake2b(encode(replace(told, at=_NO_TIME)), digest_size=12).hexdigest()


def _changed_entry(told: DeviceChanged, collector_id: str) -> Entry:
    event_id = str(uuid7())
    event = new_event(
        DEVICE_CHANGED,
        told,
        event_id=event_id,
        source=f"/collector/{collector_id}/snmp",
        time=told.at,
        subject=told.id,
    )
    return Entry(DEVICES_TOPIC, told.id, event_id, encode(event))


def _alert_entry(alert: DeviceAlert, at: datetime, collector_id: str) -> Entry:
    event_id = f"{alert.id}/{alert.state}"
    event = new_event(
        DEVICE_ALERT,
        alert,
        event_id=event_id,
        source=f"/collector/{collector_id}/snmp",
        time=at,
        subject=alert.subject,
    )
    return Entry(ALERTS_TOPIC, alert.subject, event_id, encode(event))
