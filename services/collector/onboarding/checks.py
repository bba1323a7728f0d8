"""Asks a device who it is before it is registered, and tests one thoroughly with a remedy for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

import aiohttp
from msgspec import Struct

from services.collector.access import Access
from services.collector.addresses import AddressGuard
from services.collector.registry.printers import Printer, other_device, serial_of
from services.collector.sources.source import PrinterFacts, PrinterSource, Reading
from services.collector.vault import Vault
from shared.clock import Clock
from shared.errors import Reject, Retry, Unanswered
from shared.events.jobs import PrinterRef

MAX_SKEW: Final = timedelta(seconds=60)
"""A device's clock may be off by so much before it is worth a warning: jobs get their day from it."""

Result = Literal["OK", "WARN", "FAIL"]
Open = Callable[[str, PrinterRef, Access], PrinterSource]


class Check(Struct, frozen=True):
    """One thing that was tested, what was found, and what to do about it."""

    name: str
    result: Result
    detail: str
    remedy: str = ""


async def identify(address: str, access: Access, guard: AddressGuard, open_source: Open) -> PrinterFacts:
    """Asks the device at an address who it is.

    Raises:
        Unanswered: it can't be reached.
        Reject: it is not an IPP printer, or is outside the allowed networks.
    """
    try:
        await guard.check(address)
        source = open_source(address, PrinterRef(), access)
        try:
            return await source.probe()
        finally:
            await source.close()
    except Retry as error:
        if isinstance(error.__cause__, aiohttp.ClientResponseError):
            raise _no_printer(address, "what it answers is not HTTP") from error
        raise Unanswered(f"{error}.", pointer="/address") from error
    except Reject as error:
        if error.pointer:
            raise
        raise _no_printer(address, error.reason) from error


def _no_printer(address: str, reason: str) -> Reject:
    told = f"it{reason.removeprefix(address)}" if reason.startswith(f"{address} ") else reason
    return Reject(f"{address} answers, but not as an IPP printer that can be read: {told}.", pointer="/address")


async def examine(
    printer: Printer, vault: Vault, guard: AddressGuard, open_source: Open, clock: Clock
) -> list[Check]:
    """Tests a printer step by step; stops where nothing further could work."""
    try:
        await guard.check(printer.address)
    except (Retry, Reject) as error:
        return [Check("address", "FAIL", str(error), "Correct the address, or the networks that are allowed.")]
    try:
        access = vault.open(printer.id, printer.sealed_access)
    except Reject as error:
        found, _, remedy = error.reason.rpartition(": ")
        return [Check("credentials", "FAIL", f"{found}.", f"{remedy[:1].upper()}{remedy[1:]}")]
    source = open_source(printer.address, printer.ref, access)
    try:
        try:
            facts = await source.probe()
        except Retry as error:
            remedy = "Is it switched on, is the address right, does a firewall stand between?"
            return [Check("reachable", "FAIL", str(error), remedy)]
        except Reject as error:
            remedy = "Switch IPP on at the printer, and check the path: /ipp/print is usual."
            return [Check("reachable", "OK", "It answers."), Check("IPP", "FAIL", error.reason, remedy)]
        checks = [
            Check("reachable", "OK", "It answers."),
            Check("IPP", "OK", facts.make_and_model or "It does not tell its model."),
            _device(printer, facts),
            _clock(facts.current_time, clock.now()),
        ]
        try:
            reading = await source.completed_jobs()
        except (Retry, Reject) as error:
            remedy = "Allow Get-Jobs for the collector's address; on CUPS: a policy that lets it see all jobs."
            return [*checks, Check("job history", "FAIL", str(error), remedy)]
        return checks + _history(reading)
    finally:
        await source.close()


def _device(printer: Printer, facts: PrinterFacts) -> Check:
    if wrong := other_device(printer, facts):
        return Check("identity", "FAIL", f"{wrong[0].upper()}{wrong[1:]}.", "Register it as a printer of its own.")
    if serial := serial_of(facts):
        return Check("identity", "OK", f"Serial number {serial}.")
    if facts.uuid:
        return Check("identity", "OK", f"UUID {facts.uuid}; it tells no serial number.")
    remedy = "Keep its address fixed: nothing else tells this printer from another."
    return Check("identity", "WARN", "It tells neither a serial number nor a UUID.", remedy)


def _clock(device_time: datetime | None, now: datetime) -> Check:
    if device_time is None:
        return Check("clock", "WARN", "It does not tell the time.", "Times are taken from when it was started.")
    skew = device_time - now
    seconds = abs(skew) // timedelta(seconds=1)
    if abs(skew) <= MAX_SKEW:
        return Check("clock", "OK", f"Off by {seconds} s.")
    way = "ahead" if skew > timedelta() else "behind"
    remedy = "Set the printer's clock, best by NTP: a job's day and price follow from it."
    return Check("clock", "WARN", f"It is {seconds} s {way}.", remedy)


def _history(reading: Reading) -> list[Check]:
    if reading.refused:
        remedy = "Set the printer's clock; without times its jobs can't be told apart."
        found = f"{len(reading.refused)} jobs can't be read, such as: {reading.refused[0]}."
        history = Check("job history", "WARN", found, remedy)
    else:
        history = Check("job history", "OK", f"{len(reading.jobs)} ended jobs can be read.")
    if not reading.jobs:
        return [history, Check("user names", "WARN", "No job yet to tell by.", "Print a page and test again.")]
    named = sum(1 for job in reading.jobs if job.person and job.person.claimed)
    if named:
        return [history, Check("user names", "OK", f"{named} of {len(reading.jobs)} jobs name who printed.")]
    remedy = "Let the printer show user names in its job list; on CUPS: `JobPrivateValues none`."
    return [history, Check("user names", "WARN", "No job names who printed.", remedy)]
