"""Status, detected errors and alerts by RFC 2790 and 3805."""

from __future__ import annotations

import pytest

from services.collector.devices import mib
from services.collector.devices.alerts import joined, table_alerts
from services.collector.devices.status import MEANINGS, detected, error_bits, printer_index, status_of
from services.collector.devices.view import View
from services.collector.snmp.values import Oid, Tag, VarBind


def view(**objects: int | bytes | Oid | None) -> View:
    """A device 7 with a printer's status, a device's status, and error bits."""
    names: dict[str, Oid] = {
        "doing": (*mib.HR_PRINTER, mib.HR_PRINTER_STATUS, 7),
        "errors": (*mib.HR_PRINTER, mib.HR_PRINTER_ERRORS, 7),
        "device": (*mib.HR_DEVICE, mib.HR_DEVICE_STATUS, 7),
    }
    found = {}
    for name, value in objects.items():
        if value is not None:
            tag = Tag.OCTETS if isinstance(value, bytes) else Tag.INTEGER
            found[names[name]] = VarBind(names[name], tag, value)
    return View(found)


@pytest.mark.parametrize(
    ("doing", "device", "errors", "status"),
    [
        (3, 2, b"\x00", "idle"),
        (4, 2, b"\x00", "printing"),
        (5, 2, b"\x00", "warmup"),
        (5, 5, b"\x00", "warmup"),
        (1, 2, b"\x00", "standby"),
        (1, 3, b"\x00", "standby"),
        (1, 5, b"\x00", "stopped"),
        (2, 2, b"\x00", "unknown"),
        (1, None, None, "unknown"),
        (3, 5, b"\x00", "stopped"),
        (3, 2, b"\x04", "stopped"),
        (4, 2, b"\x04", "printing"),
        (3, 3, b"\x80", "idle"),
        (3, 3, b"\x20", "idle"),
        (3, 2, b"\x40", "stopped"),
        (4, 5, b"\x00", "stopped"),
        (3, 2, b"\x02", "offline"),
        (None, 5, b"\x02", "offline"),
        (None, 5, None, "stopped"),
        (None, 2, b"\x00", None),
        (None, None, None, None),
        (3, None, b"", "idle"),
    ],
)
def test_what_stops_a_printer_wins_over_what_it_does(doing, device, errors, status) -> None:
    assert status_of(view(doing=doing, device=device, errors=errors), 7) == status


@pytest.mark.parametrize(
    ("octets", "kinds"),
    [
        (b"\x40", ["paper_out"]),
        (b"\x80", ["paper_low"]),
        (b"\x08\x00", ["cover_open"]),
        (b"\x04", ["jam"]),
        (b"\x02", ["offline"]),
        (b"\x01", ["attention"]),
        (b"\x00\x80", ["attention"]),
        (b"\x00\x08", ["output_full"]),
        (b"\x00\x01", []),
        (b"\xff\xff\xff", [MEANINGS[bit][0] for bit in sorted(MEANINGS)]),
        (b"", []),
        (None, []),
    ],
)
def test_each_bit_has_its_meaning_and_missing_octets_have_none(octets, kinds) -> None:
    assert [each.kind for each in detected(view(errors=octets), 7)] == kinds
    assert max(error_bits(octets), default=0) <= 15


def test_the_printer_is_the_device_of_that_type() -> None:
    rows = {
        (*mib.HR_DEVICE, mib.HR_DEVICE_TYPE, 1): VarBind((), Tag.OID, (1, 3, 6, 1, 2, 1, 25, 3, 1, 4)),
        (*mib.HR_DEVICE, mib.HR_DEVICE_TYPE, 9): VarBind((), Tag.OID, mib.HR_DEVICE_PRINTER),
    }
    assert printer_index(View(rows)) == 9
    del rows[(*mib.HR_DEVICE, mib.HR_DEVICE_TYPE, 9)]
    assert printer_index(View(rows)) is None, "a network card is no printer"
    supply = (*mib.SUPPLY, mib.SUPPLY_LEVEL, 5, 1)
    assert printer_index(View(rows | {supply: VarBind(supply, Tag.INTEGER, 1)})) == 5
    assert printer_index(view(doing=3)) == 7
    assert printer_index(View({})) is None


def alert(row: int, **columns: int | str) -> dict[Oid, VarBind]:
    names = {"severity": 2, "group": 4, "index": 5, "code": 7, "words": 8}
    found = {}
    for name, value in columns.items():
        oid = (*mib.ALERT, names[name], 1, row)
        text = isinstance(value, str)
        found[oid] = VarBind(oid, Tag.OCTETS if text else Tag.INTEGER, value.encode() if text else value)
    return found


@pytest.mark.parametrize(
    ("columns", "kind", "severity", "part"),
    [
        ({"severity": 3, "group": 8, "index": 2, "code": 808}, "paper_out", "critical", "input 2"),
        ({"severity": 4, "group": 11, "index": 3, "code": 1104}, "supply_low", "warning", "supply 3"),
        ({"severity": 3, "group": 11, "index": 1, "code": 13}, "supply_empty", "critical", "supply 1"),
        ({"severity": 4, "group": 11, "index": 1, "code": 12}, "supply_low", "warning", "supply 1"),
        ({"severity": 4, "group": 11, "index": 5, "code": 14}, "waste_nearly_full", "warning", "supply 5"),
        ({"severity": 3, "group": 11, "index": 5, "code": 15}, "waste_full", "critical", "supply 5"),
        ({"severity": 3, "group": 6, "index": 1, "code": 3}, "cover_open", "critical", "cover 1"),
        ({"severity": 3, "group": 13, "index": -1, "code": 8}, "jam", "critical", "media path"),
        ({"severity": 3, "group": 9, "index": 1, "code": 903}, "output_full", "critical", "output 1"),
        ({"severity": 3, "group": 99, "code": 30_000}, "attention", "critical", None),
        ({"severity": 3}, "attention", "critical", None),
        ({"severity": 1, "group": 5, "code": 2, "words": "Sleep mode on"}, "attention", "info", "general"),
        ({"severity": 3, "code": 502}, "attention", "critical", None),
    ],
)
def test_an_alert_is_told_by_its_code_and_group(columns, kind, severity, part) -> None:
    (found,) = table_alerts(View(alert(1, **columns)))
    assert (found.kind, found.severity, found.part) == (kind, severity, part)
    assert found.words


@pytest.mark.parametrize("columns", [{"severity": 5, "code": 8}, {"severity": 4, "code": 507}, {"group": 8}])
def test_what_is_over_or_in_order_is_no_alert(columns) -> None:
    assert table_alerts(View(alert(1, **columns))) == []


def test_the_bits_tell_only_what_the_table_does_not() -> None:
    table = table_alerts(View(alert(1, severity=3, group=8, index=2, code=808, words="Fach 2 leer")))
    bits = detected(view(errors=b"\xc4"), 7)
    assert [(each.kind, each.words) for each in joined(table, bits)] == [
        ("paper_out", "Fach 2 leer"),
        ("jam", "Paper jam"),
    ]
