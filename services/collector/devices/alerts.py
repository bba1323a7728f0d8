"""The alert table of a printer (RFC 3805, prtAlertTable), joined with its error bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.collector.devices import mib
from services.collector.devices.view import Row, View, number_of
from services.collector.snmp.text import text_of
from shared.events.devices import DeviceCondition

_CRITICAL: Final = 3
"""PrtAlertSeverityLevelTC: critical(3), warning(4), warningBinaryChangeEvent(5)."""
_TRANSIENT: Final = 5
_SEVERITIES: Final = {_CRITICAL: "critical", 4: "warning"}
_SUPPLY_GROUPS: Final = frozenset({10, 11, 12})
_FULL: Final = 15
_GROUPS: Final = {
    5: "general",
    6: "cover",
    8: "input",
    9: "output",
    10: "marker",
    11: "supply",
    12: "supply",
    13: "media path",
    14: "channel",
    15: "interpreter",
    16: "console",
    30: "finisher",
}
"""PrtAlertGroupTC, as parts are called in alerts."""

_BY_CODE: Final[dict[int, tuple[str, str]]] = {
    3: ("cover_open", "A cover is open"),
    5: ("cover_open", "An interlock is open"),
    8: ("jam", "Paper jam"),
    9: ("attention", "A part is missing"),
    10: ("attention", "A part nears the end of its life"),
    11: ("attention", "A part is at the end of its life"),
    12: ("paper_low", "Nearly empty"),
    13: ("paper_out", "Empty"),
    14: ("output_full", "Nearly full"),
    15: ("output_full", "Full"),
    18: ("cover_open", "A part is open"),
    22: ("offline", "Off line"),
    501: ("cover_open", "A door is open"),
    504: ("offline", "Switched off"),
    801: ("attention", "A tray is missing"),
    807: ("paper_low", "Paper is low"),
    808: ("paper_out", "No paper"),
    809: ("paper_out", "Other paper is wanted"),
    810: ("paper_out", "Paper is to be fed by hand"),
    901: ("attention", "An output tray is missing"),
    902: ("output_full", "An output tray is nearly full"),
    903: ("output_full", "An output tray is full"),
    1101: ("supply_empty", "Toner is empty"),
    1102: ("supply_empty", "Ink is empty"),
    1103: ("supply_empty", "A ribbon is empty"),
    1104: ("supply_low", "Toner is low"),
    1105: ("supply_low", "Ink is low"),
    1106: ("supply_low", "A ribbon is low"),
    1107: ("waste_nearly_full", "Waste toner is nearly full"),
    1108: ("waste_nearly_full", "Waste ink is nearly full"),
    1109: ("waste_full", "Waste toner is full"),
    1110: ("waste_full", "Waste ink is full"),
    1111: ("attention", "A drum nears the end of its life"),
    1112: ("attention", "A drum is at the end of its life"),
    1113: ("supply_low", "Developer is low"),
    1114: ("supply_empty", "Developer is empty"),
    1115: ("supply_empty", "A toner cartridge is missing"),
    1301: ("attention", "A media tray is missing"),
    1302: ("output_full", "A media tray is nearly full"),
    1303: ("output_full", "A media tray is full"),
}
"""PrtAlertCodeTC -> kind, words."""
_OF_SUPPLIES: Final = {
    "paper_low": "supply_low",
    "paper_out": "supply_empty",
    "output_full": "waste_nearly_full",
}
"""What nearly empty, empty and nearly full mean in the groups of supplies."""
_NO_NEWS: Final = frozenset({4, 6, 7, 19, 20, 23, 24, 25, 27, 502, 503, 507, *range(802, 807)})
"""Codes of what is in order: closed, switched on, ready, asleep, another paper in a tray."""


def is_known(code: int) -> bool:
    """Whether a code of the standard says what is wrong."""
    return code in _BY_CODE


def table_alerts(view: View) -> list[DeviceCondition]:
    """What the alert table says, without events that are over as soon as they are told."""
    found = []
    for row in view.rows(mib.ALERT).values():
        severity = number_of(row.get(mib.ALERT_SEVERITY))
        if severity is None and mib.ALERT_DESCR not in row and mib.ALERT_CODE not in row:
            continue
        in_order = number_of(row.get(mib.ALERT_CODE)) in _NO_NEWS and severity != _CRITICAL
        if severity != _TRANSIENT and not in_order:
            found.append(_alert(row, severity))
    return found


def _alert(row: Row, severity: int | None) -> DeviceCondition:
    code = number_of(row.get(mib.ALERT_CODE))
    group = number_of(row.get(mib.ALERT_GROUP))
    index = number_of(row.get(mib.ALERT_GROUP_INDEX))
    kind, words = _BY_CODE.get(code or 0, ("attention", "The device asks for attention"))
    if group in _SUPPLY_GROUPS:
        kind = _OF_SUPPLIES.get(kind, kind)
    if kind == "waste_nearly_full" and code == _FULL:
        kind = "waste_full"
    part = _GROUPS.get(group or 0)
    if part and index is not None and index > 0:
        part = f"{part} {index}"
    return DeviceCondition(
        kind=kind,
        severity=_SEVERITIES.get(severity or 0, "info"),
        words=text_of(row.get(mib.ALERT_DESCR)) or words,
        part=part,
        code=code,
    )


_IMPLIED: Final = {"paper_out": "paper_low", "supply_empty": "supply_low"}
"""What a device that tells the one mostly tells, too."""


def joined(table: Sequence[DeviceCondition], bits: Sequence[DeviceCondition]) -> tuple[DeviceCondition, ...]:
    """The alerts of the table, each once, and of the bits those that the table does not tell in other words."""
    told = {alert.kind for alert in table}
    # "No paper" of one tray sets the bits for low paper and for an empty tray as well.
    told |= {weak for strong, weak in _IMPLIED.items() if strong in told}
    rest: dict[str, DeviceCondition] = {}
    for alert in sorted(bits, key=lambda each: each.severity):
        if alert.kind not in told:
            key = alert.words if alert.kind == "attention" else alert.kind
            rest.setdefault(key, alert)
    return (*dict.fromkeys(table), *rest.values())
