"""Who made a device, its model and serial number: by the standard first, then by where its maker keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from services.collector.devices import mib
from services.collector.devices.definitions import Definition, load_makers
from services.collector.devices.view import View
from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid, parse_oid, within

_NO_SERIALS: Final = frozenset({"unknown", "none", "n/a", "not available", "invalid", "default", "<private>"})
_PRODUCT: Final = re.compile(r"\bPID:([^,;]+)")
_SERIAL: Final = re.compile(r"\b(?:SN:|S/N[ :]|Serial(?: Number)?[ :#]+)\s*([A-Za-z0-9-]{4,40})")
_ATTACHED: Final = re.compile(r"\bAttached to ([^:;]+?)(?: Rev\b|\s*:|$)", re.IGNORECASE)
_VERSION: Final = re.compile(
    r"(\s+(v|ver|version|rev|fw|firmware)?\.?\s*\d+(\.\d+)+\w*|\s+\w{2,6}\.\w{2,6}\.\w{3,6}|\s+/\S*)$",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(r"[;,]| / | firmware | version |\bFW:|\bS/N\b", re.IGNORECASE)
MAX_MODEL: Final = 100
_SERIAL_WORD: Final = 6
"""A shorter word that begins like the serial number may be part of the model."""


class Identity(NamedTuple):
    """Who a device is; None where it does not say."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None


def identity_of(view: View, printer: int | None, definitions: Sequence[Definition]) -> Identity:
    """Reads who a device is."""
    about = view.text(mib.SYS_DESCR)
    device_id = _device_id(view, definitions)
    serial = _serial(view, printer, definitions, about, device_id)
    model = _without_serial(_model(view, printer, definitions, about, device_id), serial)
    vendor = vendor_named(model) or vendor_named(device_id.get("MFG"))
    vendor = vendor or vendor_numbered(view.oid(mib.SYS_OBJECT_ID)) or vendor_named(about)
    if vendor is None:
        told = device_id.get("MFG") or _first(_column(view, mib.ENTITY_MAKER))
        vendor = vendor_named(told) or told
    return Identity(vendor, model, serial)


def vendor_named(text: str | None) -> str | None:
    """The maker whom a text names at its beginning."""
    start = (text or "").lower()
    for maker in load_makers().makers:
        for word in maker.words:
            if start.startswith(word) and not start[len(word) : len(word) + 1].isalpha():
                return maker.name
    return None


def vendor_numbered(sys_object_id: Oid | None) -> str | None:
    """The maker whose number a sysObjectID holds."""
    if sys_object_id is None or not within(sys_object_id, mib.ENTERPRISES):
        return None
    number = sys_object_id[len(mib.ENTERPRISES) : len(mib.ENTERPRISES) + 1]
    return next((each.name for each in load_makers().makers if (each.enterprise,) == number), None)


def _model(
    view: View,
    printer: int | None,
    definitions: Sequence[Definition],
    about: str | None,
    device_id: dict[str, str],
) -> str | None:
    host = view.text((*mib.HR_DEVICE, mib.HR_DEVICE_DESCR, printer)) if printer is not None else None
    private = _first(view.text(parse_oid(oid)) for each in definitions for oid in each.model)
    entity = _first(_column(view, mib.ENTITY_MODEL))
    named = (_PRODUCT.search(about) or _ATTACHED.search(about)) if about else None
    for text in (host, private, device_id.get("MDL"), named.group(1) if named else None, entity):
        if text and (model := _tidy(text)):
            return model
    # The administrator may have named it otherwise; out of the box it mostly is the model.
    called = _first(text_of(row.get(mib.PRINTER_NAME)) for row in view.rows(mib.GENERAL).values())
    if called and vendor_named(called):
        return _tidy(called)
    makers = load_makers()
    if about and not any(fnmatchcase(about.lower(), each) for each in makers.print_servers.texts):
        return _tidy(about)
    return None


def _tidy(text: str) -> str | None:
    """A model without the versions and options that follow it."""
    head = _TAIL.split(text, maxsplit=1)[0].strip()
    while (shorter := _VERSION.sub("", head)) != head:
        head = shorter
    return head.strip(" ,;-")[:MAX_MODEL] or None


def _without_serial(model: str | None, serial: str | None) -> str | None:
    """Some devices put their serial number, or its beginning, into their description."""
    words = (model or "").split()
    for place, word in enumerate(words[1:], start=1):
        if serial and len(word) >= _SERIAL_WORD and serial.startswith(word):
            return " ".join(words[:place])
    return model


def _serial(
    view: View,
    printer: int | None,
    definitions: Sequence[Definition],
    about: str | None,
    device_id: dict[str, str],
) -> str | None:
    standard = [view.text((*mib.GENERAL, mib.SERIAL_NUMBER, printer))] if printer is not None else []
    standard += [text_of(row.get(mib.SERIAL_NUMBER)) for row in view.rows(mib.GENERAL).values()]
    private = [view.text(parse_oid(oid)) for each in definitions for oid in each.serial]
    entity = _column(view, mib.ENTITY_SERIAL)
    named = _SERIAL.search(about) if about else None
    return _first(
        None if text is None or text.lower() in _NO_SERIALS or not text.strip("0-. *X?") else text
        for text in (*standard, *private, *entity, device_id.get("SN"), named.group(1) if named else None)
    )


def _device_id(view: View, definitions: Sequence[Definition]) -> dict[str, str]:
    """The fields of an IEEE 1284 device id, which reads like `MFG:HP;MDL:LaserJet 4;`."""
    text = _first(view.text(parse_oid(oid)) for each in definitions for oid in each.device_id) or ""
    pairs = (field.partition(":") for field in text.split(";"))
    found = {key.strip().upper(): value.strip() for key, _, value in pairs if value.strip()}
    names = {"MANUFACTURER": "MFG", "MODEL": "MDL", "SERN": "SN", "SERIALNUMBER": "SN"}
    return {names.get(key, key): value for key, value in found.items()}


def _column(view: View, column: int) -> list[str | None]:
    """A column of entPhysicalTable."""
    return [text_of(row.get(column)) for row in view.rows(mib.ENTITY).values()]


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text), None)
