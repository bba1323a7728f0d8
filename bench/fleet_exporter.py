"""Reads a fleet by SNMP as the collector does, and as prometheus-snmp-exporter does: `make bench-fleet-snmp`.

Both ask every printer for the same objects, by the same version of SNMP, in one question. The exporter does so
when it is scraped, and makes metrics of them; the collector makes readings. Processor time alone counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import psutil

from bench.fleet_printers import address_of, simulated
from deploy.local.ports import free_port
from services.collector.access import SnmpAccess
from services.collector.devices.reader import DeviceReader
from services.collector.snmp.opening import Snmp
from services.collector.snmp.values import Oid
from shared.clock import SystemClock

EXPORTER = "prometheus-snmp-exporter"
AT_ONCE = 20


class Ours:
    """The reading of devices of the collector, without anything around it."""

    def __init__(self, printers: int, port: int) -> None:
        self._snmp = Snmp()
        access = SnmpAccess(port=port)
        self._readers = [self._reader(address_of(each), access) for each in range(printers)]

    def _reader(self, ip: str, access: SnmpAccess) -> DeviceReader:
        return DeviceReader(lambda login: self._snmp.session(ip, login), access, clock=SystemClock())

    async def begin(self) -> list[Oid]:
        """The first readings, of everything; answers the objects that a usual one asks for."""
        await _in_turn([reader.read() for reader in self._readers])
        return [oid for _, oids in self._readers[0]._asked for oid in oids]  # noqa: SLF001

    async def round(self) -> float:
        """Looks at each printer once; seconds of processor time."""
        before_s = _own_cpu_s()
        await _in_turn([reader.look() for reader in self._readers])
        return _own_cpu_s() - before_s

    async def close(self) -> None:
        """Lets go of the sockets."""
        await self._snmp.close()


class Exporter:
    """The exporter, asked for each printer in turn by a client whose own time does not count."""

    def __init__(self, process: psutil.Process, url: str, printers: int, port: int) -> None:
        self._process = process
        self._urls = [f"{url}/snmp?target={address_of(each)}:{port}&module=printer" for each in range(printers)]

    async def round(self) -> float:
        """Scrapes each printer once; seconds of the exporter's processor time."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

            async def scrape(url: str) -> None:
                async with session.get(url) as answer:
                    text = await answer.text()
                assert answer.status == 200, text
                assert "object_1" in text, text

            before = self._process.cpu_times()
            await _in_turn([scrape(url) for url in self._urls])
            after = self._process.cpu_times()
        return after.user + after.system - before.user - before.system


async def _in_turn(work: Sequence[Coroutine[None, None, object]]) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: Coroutine[None, None, object]) -> None:
        async with slots:
            await each

    await asyncio.gather(*(one(each) for each in work))


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def exporter(oids: Sequence[Oid], folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Starts it with a module of just these objects."""
    port = free_port()
    (folder / "snmp.yml").write_text(module_of(oids))
    command = [EXPORTER, f"--config.file={folder / 'snmp.yml'}", f"--web.listen-address=127.0.0.1:{port}"]
    environment = os.environ | {"GOMAXPROCS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up_s = time.monotonic() + 10
        while not _listens(port):
            assert time.monotonic() < give_up_s, "the exporter does not start"
            time.sleep(0.1)
        yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def module_of(oids: Sequence[Oid]) -> str:
    """A module for the exporter: single objects, as gauges."""
    names = [".".join(map(str, oid)) for oid in oids]
    lines = ["printer:", "  version: 2", "  auth: {community: public}", "  get:"]
    lines += [f"    - {name}" for name in names]
    lines.append("  metrics:")
    for number, name in enumerate(names, start=1):
        lines += [
            f"    - name: object_{number}",
            f"      oid: {name}",
            "      type: gauge",
            "      help: of the bench",
        ]
    return "\n".join(lines) + "\n"


def _listens(port: int) -> bool:
    return any(each.laddr.port == port for each in psutil.net_connections("tcp") if each.status == "LISTEN")


async def measure(printers: int, port: int, rounds: int) -> tuple[list[float], list[float], int]:
    """Seconds of processor time of each round, of ours and of the exporter; and how many objects are asked for."""
    ours = Ours(printers, port)
    try:
        oids = await ours.begin()
        with tempfile.TemporaryDirectory() as folder, exporter(oids, Path(folder)) as (process, url):
            theirs = Exporter(process, url, printers, port)
            await theirs.round()
            spent: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                spent[0].append(await ours.round())
                spent[1].append(await theirs.round())
            return *spent, len(oids)
    finally:
        await ours.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints readings per second of processor time, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet_exporter", description=__doc__)
    parser.add_argument("--printers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args(arguments)
    if not shutil.which(EXPORTER):
        sys.stderr.write(f"{EXPORTER} is not installed: apt install {EXPORTER}\n")
        return 2
    with simulated(asked.printers, history=1) as port:
        ours, theirs, objects = asyncio.run(measure(asked.printers, port, asked.rounds))
    rates = [asked.printers / statistics.median(spent) for spent in (ours, theirs)]
    ratios = sorted(their / our for our, their in zip(ours, theirs, strict=True))
    sys.stdout.write(
        f"| {asked.printers} printers, {objects} objects of each, {asked.rounds} rounds | readings per CPU s |\n"
        "|---|---:|\n"
        f"| collector: SNMP, status, supplies, alerts of a reading | {rates[0]:,.0f} |\n"
        f"| {EXPORTER}: SNMP, metrics as text | {rates[1]:,.0f} |\n"
        f"| ratio (min-max of rounds) | {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) |\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
