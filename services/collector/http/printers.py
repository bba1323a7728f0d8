"""HTTP of the registry: /v1/printers."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import UNSET
from msgspec.structs import asdict, replace

from services.collector.addresses import normal_address
from services.collector.http.access_bodies import AccessEdit, access_view, edited
from services.collector.http.printer_bodies import (
    NewPrinter,
    PrinterEdit,
    PrinterPage,
    PrinterQuery,
    PrinterView,
    Replacement,
    TestReport,
    clean,
    cursor_of,
    parse_cursor,
    report,
    sort_key,
    view,
)
from services.collector.onboarding.changes import PrinterChanges
from services.collector.onboarding.checks import Check, examine
from services.collector.onboarding.reach import Reach
from services.collector.polling.poller import PrinterStatus
from services.collector.registry.printers import Printer
from services.collector.registry.registry import Registry
from services.collector.registry.twice import told_twice
from services.collector.vault import NO_ACCESS
from shared.http.conditions import require_match
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.idempotency import creation_of
from shared.http.routes import Answer, Call, Route


class KnowsStatus(Protocol):
    """What is known of each printer, whichever collector reads it; see assignment.statuses."""

    def status(self, printer_id: str) -> PrinterStatus:
        """What was found; empty for a printer that was not looked at yet."""
        ...


class PrintersApi:
    """Answers for printers; reads from memory, changes through the registry."""

    def __init__(self, registry: Registry, statuses: KnowsStatus, reach: Reach) -> None:
        self._registry = registry
        self._statuses = statuses
        self._reach = reach
        self._changes = PrinterChanges(registry, reach)

    def routes(self) -> list[Route]:
        """The routes to serve."""
        one = "/v1/printers/{id}"
        return [
            Route(method="GET", path="/v1/printers", handler=self.every, query=PrinterQuery, answer=PrinterPage,
                  summary="Printers by name, with what polling has found."),
            Route(method="POST", path="/v1/printers", handler=self.add, body=NewPrinter, answer=PrinterView,
                  status=201, errors=(409,), takes=(IDEMPOTENCY_KEY,), gives=(ETAG, LOCATION),
                  summary="Add a printer, once the device has told who it is."),
            Route(method="GET", path=one, handler=self.one, answer=PrinterView, errors=(404,),
                  gives=(ETAG,), summary="One printer."),
            Route(method="PATCH", path=one, handler=self.edit, body=PrinterEdit, answer=PrinterView,
                  errors=(404, 409), takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Change a printer; If-Match guards against others' changes."),
            Route(method="DELETE", path=one, handler=self.remove, status=204, errors=(404,), takes=(IF_MATCH,),
                  summary="Take a printer out of the registry; what it printed stays."),
            Route(method="POST", path=f"{one}/replace", handler=self.put_in_place, body=Replacement,
                  answer=PrinterView, errors=(404, 409), takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Put another device in a printer's place; its history stays."),
            Route(method="POST", path=f"{one}/test", handler=self.test, answer=TestReport, errors=(404,),
                  summary="Test a printer: a list of checks, each with a remedy."),
        ]  # fmt: skip

    async def every(self, call: Call) -> PrinterPage:
        """A page of printers."""
        query: PrinterQuery = call.query
        after = parse_cursor(query.cursor) if query.cursor else ("", "")
        found = [
            printer
            for printer in self._registry.printers()
            if sort_key(printer) > after
            and (not query.name or printer.name.lower() == query.name.lower())
            and (not query.group or (printer.group or "").lower() == query.group.lower())
            and query.enabled in (None, printer.enabled)
        ]
        page = found[: query.limit]
        following = cursor_of(page[-1]) if len(found) > query.limit else None
        warnings = self._told_twice()
        return PrinterPage([self._view(printer, warnings.get(printer.id)) for printer in page], following)

    async def one(self, call: Call) -> Answer:
        """One printer with its entity tag."""
        return self._answer(self._registry.get(call.path["id"]))

    async def add(self, call: Call) -> Answer:
        """Adds a printer; the same Idempotency-Key again answers the printer that it added."""
        body: NewPrinter = call.body
        creation = await creation_of(call)
        if creation and (before := await self._registry.added_before(creation)):
            return self._answer(before, status=201)
        address, access = normal_address(body.address), edited(NO_ACCESS, body.access)
        name, group = clean(body.name, "/name"), clean(body.group, "/group")
        printer, facts = await self._changes.new(address, access, name=name, group=group)
        added = await self._registry.add(printer, creation=creation)
        return self._answer(added, status=201, prints_on=facts.state.prints_on)

    async def edit(self, call: Call) -> Answer:
        """Changes what the body names; a new address must lead to the same device."""
        printer = self._matched(call)
        edit: PrinterEdit = call.body
        changes: dict[str, Any] = {
            name: value
            for name, value in asdict(edit).items()
            if value is not UNSET and name not in ("access", "address")
        }
        for field in ("name", "group"):
            if field in changes:
                changes[field] = clean(changes[field], f"/{field}")
        if changes.get("enabled") and "disabled_reason" not in changes:
            changes["disabled_reason"] = None
        wanted = replace(printer, **changes)
        if isinstance(edit.access, AccessEdit):
            access = edited(self._reach.access_to_edit(printer), edit.access)
            wanted = self._reach.with_access(wanted, access)
        if isinstance(edit.address, str):
            wanted = await self._changes.moved(wanted, normal_address(edit.address))
        return self._answer(printer if wanted == printer else await self._registry.change(wanted))

    async def put_in_place(self, call: Call) -> Answer:
        """Puts another device in the printer's place; what was printed stays under the printer's id."""
        printer = self._matched(call)
        body: Replacement = call.body
        address = normal_address(body.address) if isinstance(body.address, str) else printer.address
        access = edited(replace(self._reach.access_to_edit(printer), certificate_sha256=""), body.access)
        return self._answer(await self._registry.change(await self._changes.replaced(printer, address, access)))

    async def remove(self, call: Call) -> Answer:
        """Takes a printer out."""
        await self._registry.remove(self._matched(call))
        return Answer(status=204)

    async def test(self, call: Call) -> TestReport:
        """Tests a printer now."""
        printer = self._registry.get(call.path["id"])
        checks = await examine(printer, self._reach)
        if warning := self._told_twice().get(printer.id):
            checks.append(Check("counted once", "OK", warning))
        return report(checks)

    def _matched(self, call: Call) -> Printer:
        printer = self._registry.get(call.path["id"])
        require_match(call.if_match, printer.etag, f"printer {printer.name}")
        return printer

    def _told_twice(self, new: Printer | None = None, prints_on: str | None = None) -> dict[str, str]:
        """Warnings by printer; a new one was not read yet, what it prints on is known from its probe."""

        def device_uri(printer: Printer) -> str | None:
            known = self._statuses.status(printer.id).prints_on
            return known or (prints_on if new and printer.id == new.id else None)

        return told_twice(self._registry.printers(), device_uri)

    def _answer(self, printer: Printer, *, status: int = 200, prints_on: str | None = None) -> Answer:
        headers = {"ETag": printer.etag}
        if status == 201:  # noqa: PLR2004 - Created
            headers["Location"] = f"/v1/printers/{printer.id}"
        warning = self._told_twice(printer, prints_on).get(printer.id)
        return Answer(self._view(printer, warning), status=status, headers=headers)

    def _view(self, printer: Printer, warning: str | None) -> PrinterView:
        return view(printer, access_view(printer, self._reach.vault), self._statuses.status(printer.id), warning)
