"""The printers that bench.fleet measures against: a process of their own, so that what they cost is known."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from deploy.demo.fleet import FleetPrinter, serve_fleet
from deploy.local.ports import free_port
from services.collector.snmp.agent import RecordingAgent
from services.collector.snmp.files import load_recording

RECORDING = Path(__file__).parent.parent / "tests/fixtures/printers/hp-clj-m880.inkrec"
JOB_EVERY_S = 300.0
"""How often each of them ends a job."""


class QuickAgent(RecordingAgent):
    """An agent that puts no question together twice: only the number of a request differs."""

    def __init__(self) -> None:
        super().__init__(load_recording(RECORDING))
        self._answers: dict[bytes, bytes | None] = {}

    def answer(self, data: bytes) -> bytes | None:
        """See RecordingAgent.answer."""
        at, end = _number_within(data)
        question = data[:at] + bytes(end - at) + data[end:]
        if question not in self._answers:
            self._answers[question] = super().answer(data)
        answer = self._answers[question]
        if answer is None:
            return None
        at, length = _number_within(answer)[0], end - _number_within(data)[0]
        return answer[:at] + data[end - length : end] + answer[at + length :]


def _number_within(message: bytes) -> tuple[int, int]:
    """Where the number of the request is: after the version, the community and the headers around them."""
    at = 0
    for inside in (True, False, False, True, False):
        length, at = message[at + 1], at + 2
        if length & 0x80:
            more = length & 0x7F
            length, at = int.from_bytes(message[at : at + more]), at + more
        if not inside:
            end = at + length
            number, at = (at, end), end
    return number


def address_of(number: int) -> str:
    """Each printer has an address of its own in 127.0.0.0/8."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


async def serve(printers: int, port: int, history: int) -> None:
    """Serves until it is killed, by IPP and by SNMP at the same port; every printer now and then ends a job."""
    fleet = [FleetPrinter(number, dated=number % 2 == 0, history=history) for number in range(printers)]
    for printer in fleet:
        printer.started_s -= 7 * 24 * 3_600
        for _ in range(history):
            printer.print()
    agent = QuickAgent()
    for number in range(printers):
        await agent.listen(address_of(number), port)
    async with serve_fleet(fleet, host="0.0.0.0", port=port):  # noqa: S104 - all of 127.0.0.0/8, for the bench
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            await asyncio.sleep(JOB_EVERY_S / printers)
            random.choice(fleet).print()


@contextmanager
def simulated(printers: int, history: int) -> Iterator[int]:
    """Serves the printers from a process of their own; gives their port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.fleet_printers", str(printers), str(port), str(history)]
    process = Popen(command, stdout=PIPE, text=True)
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        yield port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.fleet_printers", description=__doc__)
    for name in ("printers", "port", "history"):
        parser.add_argument(name, type=int)
    asked = parser.parse_args()
    asyncio.run(serve(asked.printers, asked.port, asked.history))
