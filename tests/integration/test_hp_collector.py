"""HP's devices from end to end: added by a command, read by the collector, charged by accounting."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.piws import PiwsDevice
from deploy.demo.piws_server import serve_piws
from tests.deadline import eventually
from tests.fixtures.hp.background import Background
from tests.fixtures.snmp.snmpd import start_snmpd
from tests.running import Running, free_port
from tests.unit.collector.hp.ews_pages import RU_ROW, page, row
from tests.unit.collector.hp.hostile import answering, body
from tests.unit.collector.hp.laserjet import Job, objects
from tests.unit.collector.hp.plotter import a1_job

KEY = base64.b64encode(bytes(range(32))).decode()
POLL = {
    "INKMETER_SECRET_KEY": KEY,
    "INKMETER_POLL_INTERVAL_S": "0.5",
    "INKMETER_POLL_MAX_DELAY_S": "1",
}
WITHIN_S = 30.0
PRICES = """
name = "density"
book = "price"
currency = "EUR"
valid_from = 2020-01-01
area = "printed"

[[ppu]]
category = "B"
per_m2 = "1.10"
"""


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    running.start("collector", "accounting", **POLL)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def background() -> Iterator[Background]:
    found = Background()
    try:
        yield found
    finally:
        found.close()


def charged(shop: Running, count: int) -> list[dict[str, Any]]:
    """The jobs in the ledger, once there are so many."""

    def enough() -> list[dict[str, Any]]:
        status, answer = shop.http("accounting", "GET", "/v1/jobs")
        assert status == 200, answer
        return answer["items"] if len(answer["items"]) >= count else []

    return eventually(enough, within_s=WITHIN_S, what=f"{count} jobs in the ledger")


def test_a_plotter_with_its_own_certificate_is_pinned_read_and_charged_once_over_a_reboot(
    shop: Running, background: Background, tmp_path: Path
):
    prices = tmp_path / "density.toml"
    prices.write_text(PRICES)
    shop.json("prices", "import", str(prices))
    shop.json("prices", "publish", "density")
    now = datetime.now(UTC).replace(microsecond=0)
    ink = {"C": "0.20", "M": "0.20", "Y": "0.10", "K": "0.10"}
    device = PiwsDevice(jobs=[a1_job("site plan.pdf", at=now - timedelta(minutes=2), ink_cc=ink)])
    served = background.enter(serve_piws(device, tls=True))

    added = shop.json("printers", "add", "plotter", served.address)
    (first,) = charged(shop, 1)
    device.reboot()
    device.jobs.append(a1_job("after the reboot", at=now, ink_cc=ink))
    both = charged(shop, 2)

    assert (added["kind"], added["serial"], added["model"]) == ("piws", "CN12345Z9A", "HP DesignJet Z9")
    assert added["access"]["certificate_sha256"] == served.fingerprint
    assert first["title"] == "site plan.pdf"
    assert [each["price"] for each in both] == ["0.549500", "0.549500"]
    tested = shop.json("printers", "test", "plotter")
    assert {check["name"]: check["result"] for check in tested["checks"]}["job history"] == "OK"
    assert len(charged(shop, 2)) == 2


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
GARBAGE = (BOMB, b"<a>" * 2_000_000, b"x" * 10_000_000, b"{" * 300_000)


def test_a_device_that_answers_garbage_is_told_of_and_hinders_no_other(shop: Running, background: Background):
    now = datetime.now(UTC).replace(microsecond=0)
    broken, sound = PiwsDevice(serial="CN1"), PiwsDevice(serial="CN2")
    for name, device in (("broken", broken), ("sound", sound)):
        shop.json("printers", "add", name, background.enter(serve_piws(device)).address)
    reasons: set[str] = set()
    for number, garbage in enumerate(GARBAGE, 1):
        broken.garbage = garbage

        def another_reason() -> bool:
            error = shop.json("printers", "show", "broken")["status"]["error"] or ""
            if "answers" not in error or error in reasons:
                return False
            reasons.add(error)
            return True

        eventually(another_reason, within_s=WITHIN_S, what="the garbage is told of")
        sound.jobs.append(a1_job(f"sound {number}", at=now))
        assert len(charged(shop, number)) == number
    broken.jobs.append(a1_job("broken", at=now))
    broken.garbage = b""
    assert {job["title"] for job in charged(shop, 5)} == {"broken", *(f"sound {number}" for number in range(1, 5))}
    assert "look_broke" not in shop.log_of("collector")


def test_an_accounting_page_in_russian_becomes_jobs(shop: Running, background: Background):
    asked = background.enter(answering(body(page(row(RU_ROW, [("K", "1,54 мл.")])), "text/html"), "ews+http"))
    address = f"{asked.address}?timezone=Europe/Moscow&locale=ru&layout=pagewide-xl"

    added = shop.json("printers", "add", "pagewide", address)
    (job,) = charged(shop, 1)

    assert added["kind"] == "ews"
    assert (job["title"], job["person"]) == (RU_ROW[0], "Biegler")
    assert job["completed_at"].startswith("2024-07-18T13:08:11")
    assert shop.inkmeter("printers", "show", "pagewide").returncode == 0


@pytest.mark.needs("snmpd")
def test_a_laserjet_without_ipp_tells_its_last_jobs_by_snmp(shop: Running, tmp_path: Path):
    port = free_port()
    jobs = [Job(7, name="Angebot Müller.docx", pages=4, copies=2), Job(8, user="bob")]
    agent = start_snmpd(tmp_path, objects(*jobs), port)
    try:
        added = shop.json("printers", "add", "laserjet", f"snmp://127.0.0.1:{port}")
        found = charged(shop, 2)
    finally:
        agent.stop()
    assert added["kind"] == "snmp"
    assert {(job["title"], job["person"]) for job in found} == {
        ("Angebot Müller.docx", "alice"),
        ("Report.docx", "bob"),
    }
