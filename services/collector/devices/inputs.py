"""Trays and rolls by the standard (RFC 3805, prtInputTable)."""

from __future__ import annotations

from typing import Final

from services.collector.devices import mib
from services.collector.devices.supplies import level_percent, supply_state
from services.collector.devices.view import View, level_of
from services.collector.snmp.text import text_of
from shared.events.devices import DeviceInput

_NO_NAME: Final = frozenset({"unknown", "none", "other", "not specified"})


def inputs_of(view: View) -> tuple[DeviceInput, ...]:
    """All trays and rolls, each once, in the order of the device."""
    found: dict[tuple[object, ...], DeviceInput] = {}
    for index, row in view.rows(mib.INPUT).items():
        level = level_of(row.get(mib.INPUT_LEVEL))
        capacity = level_of(row.get(mib.INPUT_CAPACITY))
        percent = level_percent(level, capacity)
        media = text_of(row.get(mib.INPUT_MEDIA)) or text_of(row.get(mib.INPUT_MEDIA_TYPE))
        each = DeviceInput(
            index=index[-1],
            name=text_of(row.get(mib.INPUT_NAME)) or text_of(row.get(mib.INPUT_DESCR)),
            media=None if media is None or media.lower() in _NO_NAME else media,
            level_percent=percent,
            state=supply_state(level, percent, waste=False),
        )
        found.setdefault((each.index, each.name, each.media, level), each)
    return tuple(found.values())
