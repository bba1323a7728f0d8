"""The registry as a process on real PostgreSQL and printers: groups, exchanged devices, secrets, certificates."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.collector.snmp.values import Tag, VarBind
from tests.fixtures.cups.ippeveprinter import EvePrinter, start_ippeveprinter
from tests.fixtures.snmp.snmpd import AUTH_KEY, PRIV_KEY, USER, start_snmpd
from tests.running import Running, free_port

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
POLL = {"INKMETER_POLL_INTERVAL_S": "0.5"}


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    running.start("collector", INKMETER_SECRET_KEY=KEYS[0], **POLL)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[EvePrinter]:
    started = start_ippeveprinter(tmp_path / "eve")
    try:
        yield started
    finally:
        started.stop()


def ask(shop: Running, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
    status, answer = shop.http("collector", method, path, body)
    assert status == expect, answer
    return answer


def test_groups_are_made_renamed_and_removed_and_no_printer_goes_with_them(shop: Running, printer: EvePrinter):
    added = ask(shop, "POST", "/v1/printers", {"address": printer.uri, "group": "Plotters"}, expect=201)
    one = f"/v1/printers/{added['id']}"
    (plotters,) = ask(shop, "GET", "/v1/groups")["items"]
    assert (plotters["name"], [each["id"] for each in plotters["printers"]]) == ("Plotters", [added["id"]])

    empty = ask(shop, "POST", "/v1/groups", {"name": "Reprographics"}, expect=201)
    assert empty["printers"] == []
    ask(shop, "POST", "/v1/groups", {"name": "reprographics"}, expect=409)
    assert ask(shop, "GET", "/v1/groups?limit=1")["next"]

    member = f"/v1/groups/{empty['id']}/printers/{added['id']}"
    assert [each["id"] for each in ask(shop, "PUT", member)["printers"]] == [added["id"]]
    assert ask(shop, "GET", f"/v1/groups/{plotters['id']}")["printers"] == []
    ask(shop, "DELETE", f"/v1/groups/{plotters['id']}/printers/{added['id']}", expect=404)

    renamed = ask(shop, "PATCH", f"/v1/groups/{empty['id']}", {"name": "Copy shop"})
    assert (renamed["name"], renamed["printers"][0]["id"]) == ("Copy shop", added["id"])
    assert ask(shop, "GET", one)["group"] == "Copy shop"
    # In another spelling it is the same group.
    assert ask(shop, "PATCH", one, {"group": "COPY SHOP"})["group"] == "Copy shop"

    ask(shop, "DELETE", f"/v1/groups/{empty['id']}", expect=204)
    assert ask(shop, "GET", one)["group"] is None
    ask(shop, "GET", f"/v1/groups/{empty['id']}", expect=404)


def test_another_device_at_the_place_keeps_the_printers_id_and_old_jobs_are_still_its(
    shop: Running, printer: EvePrinter, tmp_path: Path
):
    added = ask(shop, "POST", "/v1/printers", {"address": printer.uri, "name": "plotter"}, expect=201)
    one = f"/v1/printers/{added['id']}"
    other = start_ippeveprinter(tmp_path / "other", name="Other", attributes=None)
    try:
        ask(shop, "PATCH", one, {"address": other.uri}, expect=409)
        after = ask(shop, "POST", f"{one}/replace", {"address": other.uri})
    finally:
        other.stop()
    assert (after["id"], after["name"], after["address"]) == (added["id"], "plotter", other.uri)
    assert after["uuid"] != added["uuid"]
    assert after["device_since"]


def test_secrets_are_sealed_in_the_database_and_a_new_key_takes_over(
    shop: Running, printer: EvePrinter, database_url: str
):
    access = {"username": "admin", "password": "pass-word-1", "snmp": {"community": "comm-unity-1"}}
    added = ask(shop, "POST", "/v1/printers", {"address": printer.uri, "access": access}, expect=201)
    with psycopg.connect(database_url) as connection:
        stored = [row[0] for row in connection.execute("SELECT sealed_access FROM collector.printer")]
    assert stored[0].startswith("1:")
    everything = shop.log_of("collector") + str(stored)
    assert ask(shop, "POST", "/v1/access/reseal") == {"printers": 1, "sealed_again": 0, "unreadable": []}

    shop.stop("collector")
    shop.start("collector", INKMETER_SECRET_KEY=f"{KEYS[1]},{KEYS[0]}", **POLL)
    assert shop.json("printers", "reseal") == {"printers": 1, "sealed_again": 1, "unreadable": []}
    shop.stop("collector")
    shop.start("collector", INKMETER_SECRET_KEY=KEYS[1], **POLL)
    after = ask(shop, "GET", f"/v1/printers/{added['id']}")
    assert (after["access"]["username"], after["access"]["fault"]) == ("admin", None)
    shop.stop("collector")
    shop.start("collector", INKMETER_SECRET_KEY=KEYS[0], **POLL)
    lost = ask(shop, "GET", f"/v1/printers/{added['id']}")
    assert "encrypted with key" in lost["access"]["fault"]
    assert ask(shop, "POST", "/v1/access/reseal")["unreadable"] == [lost["name"]]
    everything += shop.log_of("collector") + str(lost)
    for secret in ("pass-word-1", "comm-unity-1", *KEYS):
        assert secret not in everything


@pytest.mark.needs("ippeveprinter", "dbus-daemon")
def test_a_certificate_that_a_device_signed_itself_is_pinned_and_a_new_one_refused_until_accepted(
    shop: Running, printer: EvePrinter
):
    address = printer.uri.replace("ipp://", "ipps://")
    added = ask(shop, "POST", "/v1/printers", {"address": address, "name": "plotter"}, expect=201)
    pinned = added["access"]["certificate_sha256"]
    assert len(pinned) == 64
    one = f"/v1/printers/{added['id']}"
    assert _check(ask(shop, "POST", f"{one}/test"), "certificate")["result"] == "OK"

    ask(shop, "PATCH", one, {"access": {"certificate_sha256": "ab" * 32}})
    report = ask(shop, "POST", f"{one}/test")
    check = _check(report, "certificate")
    assert (report["result"], check["result"]) == ("FAIL", "FAIL")
    assert f"inkmeter printers edit plotter --certificate {pinned}" in check["remedy"]
    ask(shop, "PATCH", one, {"access": {"certificate_sha256": pinned}})
    assert _check(ask(shop, "POST", f"{one}/test"), "certificate")["result"] == "OK"


@pytest.mark.needs("ippeveprinter", "dbus-daemon", "snmpd")
def test_a_log_in_by_snmp_is_tested_on_a_real_agent(shop: Running, printer: EvePrinter, tmp_path: Path):
    port = free_port()
    name = (1, 3, 6, 1, 2, 1, 1, 1, 0)
    agent = start_snmpd(tmp_path, {name: VarBind(name, Tag.OCTETS, b"Example 36")}, port)
    keys = {"INKMETER_SNMP_AUTH_KEY": AUTH_KEY, "INKMETER_SNMP_PRIV_KEY": PRIV_KEY}
    try:
        v3 = ["--snmp-user", USER, "--snmp-port", str(port)]
        added = shop.inkmeter("printers", "add", "plotter", printer.uri, *v3, **keys)
        assert added.returncode == 0, added.stderr
        done = shop.inkmeter("printers", "test", "plotter")
        assert ("Example 36" in done.stdout, done.returncode) == (True, 0), done.stdout
        wrong = shop.inkmeter("printers", "edit", "plotter", *v3, **(keys | {"INKMETER_SNMP_AUTH_KEY": "x" * 12}))
        assert wrong.returncode == 0, wrong.stderr
        (one,) = ask(shop, "GET", "/v1/printers")["items"]
        check = _check(ask(shop, "POST", f"/v1/printers/{one['id']}/test"), "SNMP")
        assert (check["result"], bool(check["remedy"])) == ("FAIL", True)
        shown = shop.inkmeter("printers", "show", "plotter").stdout
        assert f"version 3, port {port}, user {USER}, signed by SHA256, encrypted by AES" in shown
        for secret in (AUTH_KEY, PRIV_KEY):
            assert secret not in shown + str(one) + shop.log_of("collector")
    finally:
        agent.stop()


def _check(report: Any, name: str) -> Any:
    return next(check for check in report["checks"] if check["name"] == name)
