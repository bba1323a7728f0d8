"""Recorded devices: each file in tests/fixtures/printers is read as the expected file beside it says.

`python -m tests.unit.collector.test_printer_recordings` writes the expected files anew; look at what changed.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.collector.access import SnmpAccess
from services.collector.devices.reader import DeviceReader
from services.collector.devices.standard import told_as_probe
from services.collector.snmp.agent import RecordingAgent
from services.collector.snmp.files import load_recording
from services.collector.snmp.opening import Snmp
from shared.clock import FixedClock
from shared.events.devices import DeviceChanged
from shared.events.envelope import encode

FOLDER = Path(__file__).parents[2] / "fixtures" / "printers"
RECORDINGS = sorted(FOLDER.glob("*.inkrec"))


async def read(path: Path) -> dict[str, Any]:
    agent = RecordingAgent(load_recording(path))
    port = await agent.listen()
    snmp = Snmp(timeout_s=5.0, attempts=2)
    reader = DeviceReader(
        lambda access: snmp.session("127.0.0.1", access),
        SnmpAccess(port=port),
        clock=FixedClock(datetime(2026, 11, 2, 9, 15, tzinfo=UTC)),
    )
    try:
        whole = await reader.read()
        again = await reader.look()
        assert again == whole, "the usual look says the same as the whole reading"
        told = encode(whole.told("0198f0c2-6a4e-7c31-9d5b-2f7e8a1b4c60"))
        assert msgspec.json.decode(told, type=DeviceChanged), "its event keeps to the schema"
        return json.loads(json.dumps(told_as_probe(whole)))
    finally:
        await reader.close()
        await snmp.close()
        await agent.close()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_a_recorded_device_is_read_as_expected(path: Path) -> None:
    assert await read(path) == json.loads(path.with_suffix(".json").read_text("utf-8"))


async def _write() -> None:
    for path in RECORDINGS:
        text = json.dumps(await read(path), indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
