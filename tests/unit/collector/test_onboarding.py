"""Onboarding checks: each fault is told with its remedy, and a certificate counts only if it is the pinned one."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.collector.access import Access, SnmpAccess
from services.collector.addresses import AddressGuard
from services.collector.networks import parse_networks
from services.collector.onboarding import checks, reach
from services.collector.onboarding.certificates import Certificate, shown_certificate
from services.collector.onboarding.checks import Check, examine
from services.collector.onboarding.reach import Reach
from services.collector.sources.outgoing import AccessRefused
from services.collector.vault import NO_ACCESS, Vault
from shared.clock import FixedClock
from shared.errors import Reject, Retry, Unanswered
from tests.unit.collector.registry_rows import printer
from tests.unit.collector.test_ipp_client_defence import LOOPBACK, certificate, serving
from tests.unit.collector.test_look import NOW, FakeSource, ended

KEY = bytes(range(32))
GUARD = AddressGuard(parse_networks("192.0.2.0/24"))
SEEN = Certificate(
    "ab" * 32, trusted=False, reason="self-signed certificate", expires_at=NOW + timedelta(days=900)
)


async def examined(
    source: FakeSource,
    access: Access = NO_ACCESS,
    *,
    address: str = "ipp://192.0.2.1:631/ipp/print",
    ask_snmp=None,
) -> dict[str, Check]:
    vault = Vault([KEY])
    known = replace(printer(1), address=address, sealed_access=vault.seal("id-1", access))
    way = Reach(GUARD, lambda *_: source, vault, FixedClock(NOW), ask_snmp)
    return {check.name: check for check in await examine(known, way)}


async def test_a_device_that_wants_a_password_says_how_to_give_it():
    source = FakeSource(ended(1))
    source.error = AccessRefused("it asks for a password (HTTP 401)")
    found = await examined(source)
    assert (found["reachable"].result, found["credentials"].result) == ("OK", "FAIL")
    assert "inkmeter printers edit plotter-1 --user NAME --ask-password" in found["credentials"].remedy
    assert "another user name or password" in (await examined(source, Access(username="a")))["credentials"].remedy


async def test_a_password_in_the_clear_is_warned_of():
    found = await examined(FakeSource(ended(1)), Access(username="admin", password="x"))
    assert (found["credentials"].detail, found["certificate"].result) == ("It takes user admin.", "WARN")
    assert "ipps://" in found["certificate"].remedy


async def test_a_device_silent_by_snmp_may_know_another_community():
    source = FakeSource()
    source.error = Retry("192.0.2.1:161 does not answer by SNMP within 6 s")
    found = await examined(source, Access(username="a", password="b"), address="snmp://192.0.2.1:161")
    assert "community" in found["reachable"].remedy
    assert "certificate" not in found
    way = Reach(GUARD, lambda *_: source, Vault([KEY]), FixedClock(NOW))
    with pytest.raises(Unanswered, match=r"within 6 s\. Is SNMP switched on there, and the community"):
        await way.identify("snmp://192.0.2.1:161", NO_ACCESS)


@pytest.mark.parametrize(
    ("pinned", "shown", "result", "words"),
    [
        ("ab" * 32, SEEN, "OK", "the pinned one"),
        ("cd" * 32, SEEN, "FAIL", "another certificate than the pinned one"),
        ("", SEEN, "FAIL", "Nobody vouches for its certificate (self-signed certificate)"),
        ("", changed(SEEN, trusted=True), "OK", "trusted"),
        ("", changed(SEEN, trusted=True, expires_at=NOW + timedelta(days=3)), "WARN", "ends on"),
    ],
)
async def test_a_certificate_is_held_to_what_was_pinned(monkeypatch, pinned, shown, result, words):
    async def show(*_: object) -> Certificate:
        return shown

    monkeypatch.setattr(checks, "shown_certificate", show)
    found = await examined(
        FakeSource(ended(1)), Access(certificate_sha256=pinned), address="ipps://192.0.2.1:631/ipp/print"
    )
    assert (found["certificate"].result, words in found["certificate"].detail) == (result, True)
    assert ("reachable" in found) == (result != "FAIL"), "nothing is said to who shows the wrong one"
    if result == "FAIL":
        assert f"--certificate {SEEN.sha256}" in found["certificate"].remedy


async def test_snmp_is_tested_where_it_is_wanted():
    answers: dict[str, str | Exception] = {"public": "Example 36", "slow": Retry("no answer"), "no": Reject("no")}

    async def ask(ip: str, access: SnmpAccess) -> str:
        assert ip == "192.0.2.1"
        told = answers[access.community]
        if isinstance(told, Exception):
            raise told
        return told

    for community, result in (("public", "OK"), ("slow", "FAIL"), ("no", "FAIL")):
        access = Access(snmp=SnmpAccess(community=community))
        found = (await examined(FakeSource(ended(1)), access, ask_snmp=ask))["SNMP"]
        assert (found.result, bool(found.remedy)) == (result, result == "FAIL")
    assert "SNMP" not in await examined(FakeSource(ended(1)), ask_snmp=ask)


async def test_what_a_device_shows_is_read_without_saying_anything_to_it(tmp_path):
    context, fingerprint = certificate(tmp_path)
    async with serving(tls=context) as server:
        shown = await shown_certificate(f"ipps://127.0.0.1:{server.port}/", AddressGuard(LOOPBACK))
        assert (shown.sha256, shown.trusted, server.asked) == (fingerprint.hex(), False, 0)
        assert "self-signed" in shown.reason
        with pytest.raises(Reject, match="outside the networks"):
            await shown_certificate(f"ipps://127.0.0.1:{server.port}/", GUARD)
    async with serving() as plain:
        with pytest.raises(Retry, match="can't be reached by TLS"):
            await shown_certificate(f"ipps://127.0.0.1:{plain.port}/", AddressGuard(LOOPBACK))
    with pytest.raises(Retry, match="can't be reached"):
        await shown_certificate(f"ipps://127.0.0.1:{plain.port}/", AddressGuard(LOOPBACK))


async def test_who_is_added_by_tls_is_pinned_only_if_nobody_vouches(monkeypatch):
    shown = SEEN

    async def show(*_: object) -> Certificate:
        return shown

    monkeypatch.setattr(reach, "shown_certificate", show)
    way = Reach(GUARD, lambda *_: FakeSource(), Vault([KEY]), FixedClock(NOW))
    assert (await way.pinned("ipps://192.0.2.1:631/", Access())).certificate_sha256 == SEEN.sha256
    assert (await way.pinned("ipp://192.0.2.1:631/", Access())).certificate_sha256 == ""
    told = Access(certificate_sha256="cd" * 32)
    assert await way.pinned("ipps://192.0.2.1:631/", told) == told
    shown = changed(SEEN, trusted=True)
    assert (await way.pinned("ipps://192.0.2.1:631/", Access())).certificate_sha256 == ""


async def test_a_device_that_is_read_by_snmp_alone_is_not_asked_for_what_it_can_not_tell():
    found = await examined(FakeSource(), Access(snmp=SnmpAccess()), address="snmp://192.0.2.1:161")
    assert list(found) == ["reachable", "SNMP", "identity", "job history"]
    assert (found["SNMP"].result, found["job history"].result) == ("OK", "WARN")
