"""`device.changed.v1` and `device.alert.v1`: what a device says of itself, and what of it needs a person.

What the device does not say is absent, never 0.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Code, Text

DEVICE_CHANGED: Final = "device.changed.v1"
DEVICE_ALERT: Final = "device.alert.v1"
MAX_ROWS: Final = 200
"""Of each list; a device with more is broken."""

Total = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Percent = Annotated[int, Meta(ge=0, le=100)]


class DeviceCounter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A counter that only grows: `life` (all that the device ever made), `power_on` (since it was switched on).

    Makers add `total`, `mono`, `colour`, `duplex`, `copies`, `scans` and others. `unit` is impressions, sheets,
    feet, metres, hours or another unit of RFC 3805 (PrtMarkerCounterUnitTC); without it the device names none.
    """

    name: Code
    unit: Code | None = None
    value: Total


class DeviceSupply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One supply or one waste box (RFC 3805, prtMarkerSuppliesTable).

    `level` and `capacity` are in `unit` (percent, tenths_of_ml, impressions ...); `level_percent` is what is left,
    and for a waste box the room that is left. `state` is `ok`, `low`, `empty`, `some_left` or `unknown`, for a
    waste box `ok`, `nearly_full`, `full` or `unknown`.
    """

    index: int
    name: Text | None = None
    kind: Code | None = None
    colour: Code | None = None
    level_percent: Percent | None = None
    level: Total | None = None
    capacity: Total | None = None
    unit: Code | None = None
    state: Code


class DeviceInput(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tray or roll (RFC 3805, prtInputTable); `state` is `ok`, `low`, `empty`, `some_left` or `unknown`."""

    index: int
    name: Text | None = None
    media: Text | None = None
    level_percent: Percent | None = None
    state: Code


class DeviceCondition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is wrong at the device right now.

    Attributes:
        kind: `supply_low`, `supply_empty`, `waste_nearly_full`, `waste_full`, `paper_low`, `paper_out`,
            `output_full`, `cover_open`, `jam`, `offline` or `attention`.
        severity: `critical` when the device does not print, `warning`, or `info`, such as that it sleeps.
        words: what the device says, or what its bits mean.
        part: which supply or tray, as the device numbers it.
        code: of prtAlertCode (RFC 3805, PrtAlertCodeTC).
    """

    kind: Code
    severity: Code
    words: Text
    part: Code | None = None
    code: int | None = None


class DeviceChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device says of itself since `at`: the whole of it, told when something has changed.

    `status` is `idle`, `printing`, `warmup`, `standby`, `stopped`, `offline` or `unknown`.
    """

    id: Code
    at: Moment
    vendor: Text | None = None
    model: Text | None = None
    serial: Text | None = None
    sys_object_id: Text | None = None
    status: Code | None = None
    alerts: Annotated[list[DeviceCondition], Meta(max_length=MAX_ROWS)] = []
    counters: Annotated[list[DeviceCounter], Meta(max_length=MAX_ROWS)] = []
    supplies: Annotated[list[DeviceSupply], Meta(max_length=MAX_ROWS)] = []
    inputs: Annotated[list[DeviceInput], Meta(max_length=MAX_ROWS)] = []


class DeviceAlert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A condition of a device that a person should know: told once when it begins and once when it is over.

    `id` is the same for both; `words` say what is wrong at which printer, and what to do.
    """

    id: Code
    state: Literal["raised", "cleared"]
    subject: Text
    printer: Text
    kind: Code
    severity: Code
    words: Text
    part: Code | None = None
    raised_at: Moment
    cleared_at: Moment | None = None


DeviceChangedEvent = CloudEvent[DeviceChanged]
DeviceAlertEvent = CloudEvent[DeviceAlert]
