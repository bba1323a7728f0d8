"""Tests a printer thoroughly: each check says what was found, and what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from services.collector.access import Access
from services.collector.onboarding.certificates import Certificate, shown_certificate
from services.collector.onboarding.reach import SILENT_BY_SNMP, Reach
from services.collector.registry.printers import Printer, other_device, serial_of
from services.collector.sources.outgoing import AccessRefused
from services.collector.sources.schemes import NO_SCHEME, SCHEMES
from services.collector.sources.source import PrinterFacts, PrinterSource, Reading
from shared.errors import Reject, Retry

MAX_SKEW: Final = timedelta(seconds=60)
"""A device's clock may be off by so much before it is worth a warning: jobs get their day from it."""
SPEAKS: Final = {"piws": "HP's job queue", "ews": "HP's accounting table", "snmp": "SNMP"}
"""What is spoken with an address of a scheme, less what follows a plus sign; IPP with all others."""

Result = Literal["OK", "WARN", "FAIL"]


class Check(Struct, frozen=True):
    """One thing that was tested, what was found, and what to do about it."""

    name: str
    result: Result
    detail: str
    remedy: str = ""


async def examine(printer: Printer, reach: Reach) -> list[Check]:
    """Tests a printer step by step; stops where nothing further could work."""
    try:
        await reach.guard.check(printer.address)
    except (Retry, Reject) as error:
        return [Check("address", "FAIL", str(error), "Correct the address, or the networks that are allowed.")]
    try:
        access = reach.access(printer)
    except Reject as error:
        found, _, remedy = error.reason.rpartition(": ")
        return [Check("credentials", "FAIL", f"{found}.", f"{remedy[:1].upper()}{remedy[1:]}")]
    checks = await _certificate(printer, access, reach)
    if not any(check.result == "FAIL" for check in checks):
        source = reach.open_source(printer.address, printer.ref, access)
        try:
            checks = [*await _source(printer, access, source, reach.clock.now()), *checks]
        finally:
            await source.close()
    return checks + await _snmp(printer, access, reach)


async def _source(printer: Printer, access: Access, source: PrinterSource, now: datetime) -> list[Check]:
    spoken = SPEAKS.get(printer.address.partition("://")[0].partition("+")[0], "IPP")
    answers = Check("reachable", "OK", "It answers.")
    try:
        facts = await source.probe()
    except Retry as error:
        remedy = "Is it switched on, is the address right, does a firewall stand between?"
        if spoken == "SNMP":
            remedy += f" {SILENT_BY_SNMP}"
        return [Check("reachable", "FAIL", str(error), remedy)]
    except AccessRefused as error:
        return [answers, _refused(printer, access, error)]
    except Reject as error:
        remedy = f"Switch {spoken} on at the printer" + (
            ", and check the path: /ipp/print is usual." if spoken == "IPP" else "."
        )
        return [answers, Check(spoken, "FAIL", error.reason, remedy)]
    checks = [
        answers,
        Check(spoken, "OK", facts.make_and_model or "It does not tell its model."),
        _device(printer, facts),
    ]
    if spoken != "SNMP":
        checks.append(_clock(facts.current_time, now))
    try:
        reading = await source.completed_jobs()
    except AccessRefused as error:
        return [*checks, _refused(printer, access, error)]
    except (Retry, Reject) as error:
        remedy = "Allow Get-Jobs for the collector's address; on CUPS: a policy that lets it see all jobs."
        if spoken != "IPP":
            remedy = f"Allow {spoken} for the collector's address, with the user name and password given here."
        return [*checks, Check("job history", "FAIL", str(error), remedy)]
    if spoken == "SNMP" and not reading.jobs and not reading.refused:
        remedy = "Read it by IPP or its maker's own interface too, or bring its jobs by CUPS, files or HTTP."
        return [*checks, Check("job history", "WARN", "By SNMP it tells of no jobs.", remedy)]
    return [*checks, _credentials(access), *_history(reading)]


def _refused(printer: Printer, access: Access, error: AccessRefused) -> Check:
    edit = f"`inkmeter printers edit {printer.name} --user NAME --ask-password`"
    remedy = f"Give another user name or password: {edit}." if access.username else f"Give them: {edit}."
    return Check("credentials", "FAIL", error.reason, remedy)


def _credentials(access: Access) -> Check:
    if access.username:
        return Check("credentials", "OK", f"It takes user {access.username}.")
    return Check("credentials", "OK", "It asks for none.")


async def _certificate(printer: Printer, access: Access, reach: Reach) -> list[Check]:
    if not SCHEMES.get(printer.address.partition("://")[0], NO_SCHEME).tls:
        if access.password and not printer.address.startswith("snmp://"):
            remedy = "Use an address with TLS, such as ipps:// instead of ipp://."
            return [Check("certificate", "WARN", "The password goes over the network unencrypted.", remedy)]
        return []
    try:
        shown = await shown_certificate(printer.address, reach.guard)
    except (Retry, Reject) as error:
        return [Check("reachable", "FAIL", str(error), "Is it switched on, and does it speak TLS there?")]
    return [_shown(printer, access, shown, reach.clock.now())]


def _shown(printer: Printer, access: Access, shown: Certificate, now: datetime) -> Check:
    accept = f"`inkmeter printers edit {printer.name} --certificate {shown.sha256}`"
    if access.certificate_sha256 and access.certificate_sha256 != shown.sha256:
        remedy = f"If the device made a new one, accept it: {accept}; else somebody stands between."
        found = f"It shows another certificate than the pinned one: SHA-256 {shown.sha256}."
        return Check("certificate", "FAIL", found, remedy)
    if access.certificate_sha256:
        return Check("certificate", "OK", f"It shows the pinned one, SHA-256 {shown.sha256}.")
    if not shown.trusted:
        found = f"Nobody vouches for its certificate ({shown.reason}): SHA-256 {shown.sha256}."
        return Check("certificate", "FAIL", found, f"Compare it with the one at the device and pin it: {accept}.")
    if shown.expires_at is not None and shown.expires_at - now < timedelta(days=14):
        found = f"Its certificate ends on {shown.expires_at:%Y-%m-%d}."
        return Check("certificate", "WARN", found, "Let the device renew it.")
    return Check("certificate", "OK", "Its certificate is trusted.")


async def _snmp(printer: Printer, access: Access, reach: Reach) -> list[Check]:
    if access.snmp is None or reach.ask_snmp is None or printer.address.startswith("snmp://"):
        return []
    try:
        ip = (await reach.guard.allowed(urlsplit(printer.address).hostname or ""))[0]
        told = await reach.ask_snmp(str(ip), access.snmp)
    except Retry as error:
        remedy = "Switch SNMP on at the printer, and check port and community: a wrong one gets no answer."
        return [Check("SNMP", "FAIL", str(error), remedy)]
    except Reject as error:
        remedy = f"Correct how to log in: `inkmeter printers edit {printer.name} --snmp-version ...`."
        return [Check("SNMP", "FAIL", error.reason, remedy)]
    return [Check("SNMP", "OK", told or "It answers.")]


def _device(printer: Printer, facts: PrinterFacts) -> Check:
    if wrong := other_device(printer, facts):
        exchanged = f"If it was exchanged: `inkmeter printers replace {printer.name}`"
        remedy = f"{exchanged}; else register it as a printer of its own."
        return Check("identity", "FAIL", f"{wrong[0].upper()}{wrong[1:]}.", remedy)
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
    elif reading.doubts:
        remedy = "What is doubtful is left out of the jobs; docs/printers/ tells of each kind of source."
        found = f"{len(reading.jobs)} ended jobs can be read, with doubts: {reading.doubts[0]}."
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
