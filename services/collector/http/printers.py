"""HTTP of the registry: /v1/printers."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from services.collector.access import Access
from services.collector.addresses import AddressGuard, normal_address
from services.collector.http.access_bodies import AccessEdit, access_view, edited
from services.collector.http.printer_bodies import (
    NewPrinter,
    PrinterEdit,
    PrinterPage,
    PrinterQuery,
    PrinterView,
    TestReport,
    clean,
    cursor_of,
    own_name,
    parse_cursor,
    report,
    sort_key,
    view,
)
from services.collector.onboarding.checks import Check, Open, examine, identify
from services.collector.polling.poller import Poller
from services.collector.registry.printers import Printer, other_device, serial_of
from services.collector.registry.registry import Registry
from services.collector.registry.twice import told_twice
from services.collector.vault import NO_ACCESS, Vault
from shared.clock import Clock
from shared.errors import Conflict, Reject
from shared.http.conditions import require_match
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.routes import Answer, Call, Route


class PrintersApi:
    """Answers for printers; reads from memory, changes through the registry."""

    def __init__(
        self,
        registry: Registry,
        poller: Poller,
        guard: AddressGuard,
        open_source: Open,
        vault: Vault,
        *,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._poller = poller
        self._guard = guard
        self._open_source = open_source
        self._vault = vault
        self._clock = clock

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
            and (not query.group or printer.group == query.group)
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
        key = call.idempotency_key
        if key and (before := await self._registry.added_before(key)):
            return self._answer(before, status=201)
        address = normal_address(body.address)
        name, group = clean(body.name, "/name"), clean(body.group, "/group")
        self._refuse_taken(name, address)
        access = edited(NO_ACCESS, body.access)
        facts = await identify(address, access, self._guard, self._open_source)
        if name is None:
            name = own_name(facts, address)
            self._refuse_taken(name, address)
        printer_id = await self._registry.id_for(serial=serial_of(facts), uuid=facts.uuid)
        now = self._clock.now()
        printer = Printer(
            id=printer_id,
            name=name,
            address=address,
            kind=facts.kind,
            serial=serial_of(facts),
            uuid=facts.uuid,
            model=facts.make_and_model,
            group=group,
            added_at=now,
            changed_at=now,
            sealed_access=self._vault.seal(printer_id, access),
        )
        added = await self._registry.add(printer, idempotency_key=key)
        return self._answer(added, status=201, prints_on=facts.state.prints_on)

    async def edit(self, call: Call) -> Answer:
        """Changes what the body names; a new address must lead to the same device."""
        printer = self._matched(call)
        edit: PrinterEdit = call.body
        changes: dict[str, Any] = {
            key: value for key, value in asdict(edit).items() if value is not UNSET and key != "access"
        }
        for field in ("name", "group"):
            if field in changes:
                changes[field] = clean(changes[field], f"/{field}")
        if changes.get("enabled") and "disabled_reason" not in changes:
            changes["disabled_reason"] = None
        access = None
        if isinstance(edit.access, AccessEdit):
            access = edited(self._known_access(printer), edit.access)
            changes["sealed_access"] = self._vault.seal(printer.id, access)
        if "address" in changes:
            changes |= await self._moved(printer, normal_address(changes["address"]), access)
        wanted = replace(printer, **changes)
        return self._answer(printer if wanted == printer else await self._registry.change(wanted))

    async def remove(self, call: Call) -> Answer:
        """Takes a printer out."""
        await self._registry.remove(self._matched(call))
        return Answer(status=204)

    async def test(self, call: Call) -> TestReport:
        """Tests a printer now."""
        printer = self._registry.get(call.path["id"])
        checks = await examine(printer, self._vault, self._guard, self._open_source, self._clock)
        if warning := self._told_twice().get(printer.id):
            checks.append(Check("counted once", "OK", warning))
        return report(checks)

    def _known_access(self, printer: Printer) -> Access:
        """What an edit starts from; what can't be decrypted any more is given anew."""
        try:
            return self._vault.open(printer.id, printer.sealed_access)
        except Reject:
            return NO_ACCESS

    async def _moved(self, printer: Printer, address: str, access: Access | None) -> dict[str, Any]:
        if address == printer.address:
            return {}
        if access is None:
            access = self._vault.open(printer.id, printer.sealed_access)
        facts = await identify(address, access, self._guard, self._open_source)
        if wrong := other_device(printer, facts):
            raise Conflict(f"{address}: {wrong}; add it as a printer of its own.", pointer="/address")
        return {
            "address": address,
            "kind": facts.kind,
            "serial": serial_of(facts) or printer.serial,
            "uuid": facts.uuid or printer.uuid,
            "model": facts.make_and_model or printer.model,
        }

    def _refuse_taken(self, name: str | None, address: str) -> None:
        """Says so before the device is asked; the registry's own check has the last word."""
        for printer in self._registry.printers():
            if name is not None and printer.name.lower() == name.lower():
                raise Conflict(f"A printer named {printer.name} is registered already.", pointer="/name")
            if printer.address == address:
                raise Conflict(f"{address} is registered already, as {printer.name}.", pointer="/address")

    def _matched(self, call: Call) -> Printer:
        printer = self._registry.get(call.path["id"])
        require_match(call.if_match, printer.etag, f"printer {printer.name}")
        return printer

    def _told_twice(self, new: Printer | None = None, prints_on: str | None = None) -> dict[str, str]:
        """Warnings by printer; a new one was not read yet, what it prints on is known from its probe."""

        def device_uri(printer: Printer) -> str | None:
            known = self._poller.status(printer.id).prints_on
            return known or (prints_on if new and printer.id == new.id else None)

        return told_twice(self._registry.printers(), device_uri)

    def _answer(self, printer: Printer, *, status: int = 200, prints_on: str | None = None) -> Answer:
        headers = {"ETag": printer.etag}
        if status == 201:  # noqa: PLR2004 - Created
            headers["Location"] = f"/v1/printers/{printer.id}"
        warning = self._told_twice(printer, prints_on).get(printer.id)
        return Answer(self._view(printer, warning), status=status, headers=headers)

    def _view(self, printer: Printer, warning: str | None) -> PrinterView:
        return view(printer, access_view(printer, self._vault), self._poller.status(printer.id), warning)
