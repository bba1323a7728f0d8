"""A counter ahead of its jobs: the rest is on Unknown in the summary, and gone when the jobs turn up late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.collector.snmp.files import load_recording
from services.collector.snmp.recording import written
from services.collector.snmp.values import VarBind
from tests.acceptance.summaries import assert_ledger_is_clean
from tests.deadline import eventually
from tests.fixtures.cups.process import Running as Program
from tests.fixtures.cups.process import start
from tests.fixtures.snmp.snmpd import answers
from tests.jobs import TODAY
from tests.running import INKMETER, Running, free_port

RECORDING = Path(__file__).parents[1] / "fixtures" / "printers" / "hp-lj-m130nw.inkrec"
SERIAL = "VNCRC48198"
LIFE_COUNT = (1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 4, 1, 1)
PRINTER_STATUS = (1, 3, 6, 1, 2, 1, 25, 3, 5, 1, 1, 1)
IDLE = 3


class OfficePrinter:
    """A recorded device whose life counter goes on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._objects = load_recording(RECORDING)[""]
        status = self._objects[LIFE_COUNT]
        self._objects[PRINTER_STATUS] = status._replace(oid=PRINTER_STATUS, value=IDLE)
        self._program: Program | None = None

    def counts(self, value: int) -> None:
        """Its life counter says so from now on."""
        self.stop()
        found: VarBind = self._objects[LIFE_COUNT]
        self._objects[LIFE_COUNT] = found._replace(value=value)
        file = self._folder / "device.inkrec"
        file.write_text(written({"": self._objects}))
        command = [INKMETER, "printers", "simulate", str(file), "--snmp-port", str(self.port), "--json"]
        self._program = start(command, self._folder / "device.log", lambda: answers(self.port))

    def stop(self) -> None:
        """Ends it."""
        if self._program is not None:
            self._program.stop()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[OfficePrinter]:
    found = OfficePrinter(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def office(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    folder = tmp_path / "office"
    folder.mkdir()
    running = Running(folder, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    try:
        running.start(INKMETER_DEVICE_INTERVAL_S="0.5", INKMETER_RECONCILE_GRACE_S="3")
        yield running
    finally:
        running.close()


def test_five_pages_that_nobody_told_are_on_unknown_and_gone_when_their_jobs_come(
    office: Running, device: OfficePrinter
) -> None:
    device.counts(15_000)
    printer = office.json("printers", "add", "office", f"snmp://127.0.0.1:{device.port}")
    assert printer["serial"] == SERIAL
    eventually(lambda: counter(office)["last"]["value"] == 15_000, within_s=30, what="the counter is read")

    began = datetime.now(UTC)
    tell(office, 1, 10, began)
    device.counts(15_015)
    eventually(lambda: people(office) == {"alice": 10, "Unknown": 5}, within_s=60, what="5 pages are on Unknown")
    assert counter(office)["standing"] == "unknown"
    shown = office.inkmeter("printers", "show", "office")
    assert "5 impressions are booked on Unknown" in shown.stdout, shown.stdout + shown.stderr

    tell(office, 2, 2, began)
    eventually(lambda: people(office) == {"alice": 12, "Unknown": 3}, within_s=60, what="2 pages turned up")
    tell(office, 3, 3, began)
    eventually(lambda: people(office) == {"alice": 15}, within_s=60, what="nothing is on Unknown")
    assert_ledger_is_clean(office)

    device.counts(40)
    eventually(lambda: counter(office)["notes"], within_s=30, what="the reset is noted")
    assert people(office) == {"alice": 15}
    told = office.inkmeter("printers", "reconciliation", "office")
    assert "fell from 15015 to 40" in told.stdout, told.stdout + told.stderr


def counter(office: Running) -> dict[str, Any]:
    """How the printer's counter stands."""
    done = office.inkmeter("printers", "reconciliation", "office", "--json")
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["items"]
    assert items, "no counter was read yet"
    found: dict[str, Any] = items[0]
    return found


def tell(office: Running, number: int, impressions: int, began: datetime) -> None:
    """A job of some impressions that ended just after a moment."""
    job = {
        "job": {"device_job_id": str(number), "source": "panel"},
        "printer": {"serial": SERIAL},
        "person": {"claimed": "alice"},
        "completed_at": (began + timedelta(milliseconds=number)).isoformat(),
        "lines": [{"impressions": impressions}],
    }
    status, answer = office.http("collector", "POST", "/v1/jobs", job)
    assert status == 202, answer


def people(office: Running) -> dict[str, int]:
    """Impressions by person."""
    rows = office.json("report", "summary", "--by", "person", "--period", TODAY)["rows"]
    return {row["key"]: row["impressions"] for row in rows}
