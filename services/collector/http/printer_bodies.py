"""What the printers API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from services.collector.http.access_bodies import AccessEdit, AccessView
from services.collector.onboarding.checks import Check
from services.collector.polling.poller import PrinterStatus
from services.collector.registry.printers import Printer
from services.collector.sources.source import SourceKind
from shared.errors import Reject
from shared.http.problems import FieldError, Invalid
from shared.http.routes import DEFAULT_LIMIT, MAX_LIMIT
from shared.printable import has_controls

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
AddressText = Annotated[str, Meta(min_length=1, max_length=500)]


class NewPrinter(Struct, frozen=True, kw_only=True):
    """A printer to be added: who it is is asked of the device, its name too if none is given."""

    address: AddressText
    name: Name | None = None
    group: Name | None = None
    access: AccessEdit = AccessEdit()


class PrinterEdit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be changed; what is left out stays, and null clears a group."""

    name: Name | UnsetType = UNSET
    address: AddressText | UnsetType = UNSET
    group: Name | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    disabled_reason: Reason | UnsetType | None = UNSET
    access: AccessEdit | UnsetType = UNSET


class Replacement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another device at a printer's place: asked at the printer's address unless another one is given."""

    address: AddressText | UnsetType = UNSET
    access: AccessEdit = AccessEdit()


class PrinterView(Struct, frozen=True, kw_only=True):
    """A printer with what polling has found of it."""

    id: str
    name: str
    address: str
    kind: SourceKind
    serial: str | None
    uuid: str | None
    model: str | None
    group: str | None
    enabled: bool
    disabled_reason: str | None
    added_at: datetime
    changed_at: datetime
    device_since: datetime | None
    former_serials: list[str]
    version: int
    access: AccessView
    status: PrinterStatus
    warnings: list[str] = []


class PrinterPage(Struct, frozen=True):
    """One page of printers by name; `next` is the cursor of the following one."""

    items: list[PrinterView]
    next: str | None = None


class PrinterQuery(Struct, frozen=True):
    """Filters and paging of the list."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: str = ""
    name: str = ""
    group: str = ""
    enabled: bool | None = None


class TestReport(Struct, frozen=True):
    """What testing a printer has found."""

    __test__ = False

    result: Literal["OK", "WARN", "FAIL"]
    checks: list[Check]


def view(printer: Printer, access: AccessView, status: PrinterStatus, warning: str | None = None) -> PrinterView:
    """A printer as the API shows it."""
    return PrinterView(
        id=printer.id,
        name=printer.name,
        address=printer.address,
        kind=printer.kind,
        serial=printer.serial,
        uuid=printer.uuid,
        model=printer.model,
        group=printer.group,
        enabled=printer.enabled,
        disabled_reason=printer.disabled_reason,
        added_at=printer.added_at,
        changed_at=printer.changed_at,
        device_since=printer.device_since,
        former_serials=list(printer.former_serials),
        version=printer.version,
        access=access,
        status=status,
        warnings=[warning] if warning else [],
    )


def report(checks: list[Check]) -> TestReport:
    """A report whose result is that of its worst check."""
    found = {check.result for check in checks}
    return TestReport("FAIL" if "FAIL" in found else "WARN" if "WARN" in found else "OK", checks)


def clean(text: str | None, pointer: str) -> str | None:
    """A name without blanks around it.

    Raises:
        Reject: nothing is left, or it holds control characters.
    """
    if text is None:
        return None
    if has_controls(text) or not text.strip():
        raise Reject("a name needs visible characters and no control characters", pointer=pointer)
    return text.strip()


def sort_key(printer: Printer) -> tuple[str, str]:
    """The order of the list; unique, as ids are."""
    return printer.name.lower(), printer.id


def cursor_of(printer: Printer) -> str:
    """The cursor that continues after a printer."""
    return "\x1f".join(sort_key(printer)).encode().hex()


def parse_cursor(cursor: str) -> tuple[str, str]:
    """The place in the list that a cursor names.

    Raises:
        Invalid: it was not given by us.
    """
    try:
        name, _, printer_id = bytes.fromhex(cursor).decode().rpartition("\x1f")
    except ValueError as error:
        raise Invalid([FieldError(pointer="cursor", detail="take it from `next` of the page before")]) from error
    return name, printer_id
