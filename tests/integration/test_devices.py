"""Devices watched by the collector as a process: simulated printers, real Kafka, traps of net-snmp."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.collector.snmp.files import load_recording
from services.collector.snmp.recording import written
from tests.deadline import eventually
from tests.fixtures.cups.process import Running as Program
from tests.fixtures.cups.process import start
from tests.fixtures.snmp.snmpd import answers
from tests.integration.test_collector import wait_for
from tests.running import INKMETER, Running, free_port

PRINTERS = Path(__file__).parents[1] / "fixtures" / "printers"
CYAN_LEVEL = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9, 1, 5)
PRINTER_ALERT = "1.3.6.1.2.1.43.18.2.0.1"
"""printerV2Alert (RFC 3805)."""
ONLY_BY_TRAP = {"INKMETER_DEVICE_INTERVAL_S": "3600"}


class Plotter:
    """`inkmeter printers simulate` at a port that stays the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.objects = load_recording(PRINTERS / "canon-tm-5300.inkrec")[""]
        self.program: Program | None = None

    def says(self, **levels: int) -> None:
        """Starts it, or starts it again with another level of cyan."""
        self.stop()
        if "cyan" in levels:
            self.objects[CYAN_LEVEL] = self.objects[CYAN_LEVEL]._replace(value=levels["cyan"])
        file = self.folder / "plotter.inkrec"
        file.write_text(written({"": self.objects}))
        command = [INKMETER, "printers", "simulate", str(file), "--snmp-port", str(self.port), "--json"]
        self.program = start(command, self.folder / "plotter.log", lambda: answers(self.port))

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()
            assert self.program.process.returncode == 0, self.program.tail()


@pytest.fixture
def plotter(tmp_path: Path) -> Iterator[Plotter]:
    found = Plotter(tmp_path)
    found.says(cyan=2_100)
    yield found
    found.stop()


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    yield running
    running.close()


def trap(port: int) -> None:
    command = ["snmptrap", "-v", "2c", "-c", "public", "-m", "", f"127.0.0.1:{port}", "", PRINTER_ALERT]
    subprocess.run(command, check=True, capture_output=True, timeout=20)


@pytest.mark.needs("snmptrap")
async def test_a_trap_has_a_device_read_at_once_and_a_supply_that_is_low_is_told_once(
    shop: Running, plotter: Plotter
) -> None:
    traps = free_port()
    shop.start("collector", INKMETER_TRAP_PORT=str(traps), **ONLY_BY_TRAP)
    added = shop.json("printers", "add", "plotter", f"snmp://127.0.0.1:{plotter.port}")
    assert (added["kind"], added["model"]) == ("snmp", "Canon TM-5300")
    (first,) = await wait_for(shop, "devices.v1", 1)
    assert first["_key"] == added["id"]
    assert first["data"]["supplies"][4]["level_percent"] == 70

    plotter.says(cyan=120)
    trap(traps)
    events = await wait_for(shop, "devices.v1", 2)
    assert (
        events[1]["data"]["supplies"][4] | {"state": "low", "level_percent": 4} == events[1]["data"]["supplies"][4]
    )
    (alert,) = await wait_for(shop, "alerts.v1", 1)
    assert alert["type"] == "device.alert.v1"
    assert (alert["data"]["state"], alert["data"]["kind"]) == ("raised", "supply_low")
    assert alert["data"]["words"].startswith("plotter: CANON Cyan Ink Tank is low (4 % left).")

    plotter.says(cyan=3_000)
    trap(traps)
    alerts = await wait_for(shop, "alerts.v1", 2)
    assert (alerts[1]["data"]["state"], alerts[1]["data"]["id"]) == ("cleared", alert["data"]["id"])


async def test_what_a_device_says_is_shown_and_kept_while_it_is_away(shop: Running, plotter: Plotter) -> None:
    shop.start("collector", INKMETER_DEVICE_INTERVAL_S="0.5")
    shop.json("printers", "add", "plotter", f"snmp://127.0.0.1:{plotter.port}")

    def device() -> dict[str, Any]:
        return json.loads(shop.inkmeter("printers", "device", "plotter", "--json").stdout)

    eventually(lambda: device()["model"] == "Canon TM-5300", within_s=20, what="the device is read")
    shown = shop.inkmeter("printers", "device", "plotter").stdout
    assert "CANON Cyan Ink Tank" in shown
    assert "21588" in shown

    plotter.stop()
    eventually(lambda: device()["error"] is not None, within_s=40, what="the device is missed")
    assert device()["supplies"][4]["level_percent"] == 70
    states = [event["data"].get("status") for event in await wait_for(shop, "devices.v1", 2, within_s=90)]
    assert states == [None, "unreachable"]
    assert (await wait_for(shop, "alerts.v1", 1))[0]["data"]["kind"] == "offline"

    # What was told is remembered over a restart, also by a collector that never read the device.
    shop.stop("collector")
    shop.start("collector", INKMETER_DEVICE_INTERVAL_S="0.5", INKMETER_COLLECTOR_ID="c2")
    shown_again = device()
    assert (shown_again["status"], shown_again["read_by"]) == ("unreachable", "c1")
    assert shown_again["supplies"][4]["level_percent"] == 70
    plotter.says()
    alerts = await wait_for(shop, "alerts.v1", 2, within_s=90)
    assert [alert["data"]["state"] for alert in alerts] == ["raised", "cleared"]


def test_a_printer_is_probed_and_recorded_and_the_recording_reads_the_same(
    tmp_path: Path, plotter: Plotter
) -> None:
    def run(*words: str) -> str:
        done = subprocess.run([INKMETER, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    at = ("127.0.0.1", "--snmp-port", str(plotter.port), "--snmp-community", "public")
    probed = json.loads(run("printers", "probe", *at, "--json"))
    assert list(probed) == [
        "vendor", "model", "serial", "sys_object_id", "status", "alerts", "counters", "supplies", "inputs",
    ]  # fmt: skip
    file = tmp_path / "again.inkrec"
    run("printers", "record", *at, "--output", str(file))
    plotter.objects = load_recording(file)[""]
    plotter.says()
    assert json.loads(run("printers", "probe", *at, "--json")) == probed


def test_a_device_that_does_not_answer_ends_with_3_and_one_sentence() -> None:
    words = ("printers", "probe", "127.0.0.1", "--snmp-port", str(free_port()), "--snmp-version", "2c")
    done = subprocess.run([INKMETER, *words], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "does not answer by SNMP" in done.stderr
