"""Our agent and Debian's snmpd are read alike, by every version of SNMP; net-snmp's tools read ours."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.collector.access import SnmpAccess
from services.collector.devices.reader import DeviceReader
from services.collector.devices.standard import told_as_probe
from services.collector.snmp.agent import RecordingAgent
from services.collector.snmp.files import load_recording
from services.collector.snmp.opening import Snmp
from shared.clock import SystemClock
from shared.errors import Reject, Retry
from tests.fixtures.cups.process import Running, free_port
from tests.fixtures.snmp.snmpd import start_snmpd, user_access

PRINTERS = Path(__file__).parents[1] / "fixtures" / "printers"
NAMES = ["canon-tm-5300", "hp-clj-m880", "konica-minolta-c250i", "ricoh-mp-c2503"]
BESIDE_A_HOST = ["fujifilm-apeos-c7580", "kyocera-behind-jetdirect-ex", "oki-mc873"]
"""Of these snmpd shows the processors and disks of its own host as well."""


@pytest.fixture
async def snmp() -> AsyncIterator[Snmp]:
    found = Snmp(timeout_s=2.0, attempts=2)
    yield found
    await found.close()


@pytest.fixture
def snmpd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, int]]:
    port = free_port()
    running = start_snmpd(tmp_path, load_recording(PRINTERS / f"{request.param}.inkrec")[""], port)
    yield running, port
    running.stop()


async def told(snmp: Snmp, access: SnmpAccess) -> dict[str, Any]:
    reader = DeviceReader(lambda each: snmp.session("127.0.0.1", each), access, clock=SystemClock())
    found = told_as_probe(await reader.read())
    assert told_as_probe(await reader.look()) == found
    await reader.close()
    return found


async def told_by_ours(snmp: Snmp, name: str, version: Any) -> dict[str, Any]:
    agent = RecordingAgent(load_recording(PRINTERS / f"{name}.inkrec"))
    port = await agent.listen()
    found = await told(snmp, SnmpAccess(version=version, port=port))
    await agent.close()
    return found


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(("snmpd", "name"), [(each, each) for each in NAMES + BESIDE_A_HOST], indirect=["snmpd"])
async def test_snmpd_and_our_agent_are_read_alike(
    snmp: Snmp, snmpd: tuple[Running, int], name: str, version: Any
) -> None:
    ours = await told_by_ours(snmp, name, version)
    assert await told(snmp, SnmpAccess(version=version, port=snmpd[1])) == ours


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize(("snmpd", "name"), [(NAMES[0], NAMES[0])], indirect=["snmpd"])
async def test_snmp_v3_with_keys_reads_the_same(snmp: Snmp, snmpd: tuple[Running, int], name: str) -> None:
    assert await told(snmp, user_access(snmpd[1])) == await told_by_ours(snmp, name, "2c")


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize("snmpd", [NAMES[0]], indirect=True)
@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"user": "nobody"}, "knows no such SNMP v3 user"),
        ({"auth_key": "a-wrong-key-of-tests"}, "authentication protocol or key"),
        ({"auth_protocol": "", "auth_key": "", "priv_protocol": "", "priv_key": ""}, "shows nothing"),
    ],
    ids=["user", "key", "no keys"],
)
async def test_a_wrong_log_in_of_snmp_v3_is_told_with_the_remedy(
    snmp: Snmp, snmpd: tuple[Running, int], other: dict[str, str], words: str
) -> None:
    with pytest.raises((Reject, Retry), match=words):
        await told(snmp, user_access(snmpd[1], **other))


@pytest.mark.parametrize("name", NAMES)
async def test_one_row_at_a_time_reads_the_same_as_many(snmp: Snmp, name: str) -> None:
    assert await told_by_ours(snmp, name, "1") == await told_by_ours(snmp, name, "2c")


@pytest.mark.needs("snmpwalk")
async def test_the_tools_of_net_snmp_walk_our_agent() -> None:
    objects = load_recording(PRINTERS / "canon-tm-5300.inkrec")
    agent = RecordingAgent(objects)
    port = await agent.listen()
    for tool in (["snmpwalk", "-v1"], ["snmpwalk", "-v2c"], ["snmpbulkwalk", "-v2c"]):
        command = [*tool, "-m", "", "-On", "-c", "public", f"127.0.0.1:{port}", ".1.3"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith(".1.3") and "No more" not in line]
        assert (done.returncode, len(lines)) == (0, len(objects[""])), done.stdout[-500:] + done.stderr
    await agent.close()
