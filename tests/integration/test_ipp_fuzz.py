"""Answers of a real device and a real CUPS server, spoilt: each is read or refused, and none is a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collector.intake.jobs import checked, complete, job_entry
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.events import job_events
from services.collector.sources.ipp.message import Group, Message
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.ipp.tags import GroupTag, Operation
from services.collector.sources.ipp.view import View
from services.collector.sources.source import Reading
from shared.errors import NotFound, Reject, Retry
from shared.events.jobs import PrinterRef
from tests.deadline import eventually
from tests.fixtures.cups.cupsd import start_cupsd
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import start_ippeveprinter
from tests.integration.ipp_mutations import spoilt
from tests.unit.collector.registry_rows import printer as registered

pytestmark = pytest.mark.needs("ippeveprinter", "cupsd", "lp", "lpadmin", "dbus-daemon", "root")

Answers = dict[str, bytes]
PRINTER = PrinterRef(id="p-1")


class Recorder(IppClient):
    """Keeps what was answered, by question."""

    def __init__(self, address: str) -> None:
        super().__init__(Address.parse(address))
        self.answers: Answers = {}

    async def ask(self, octets: bytes) -> bytes:
        answer = await super().ask(octets)
        self.answers[question(decode(octets))] = answer
        return answer


class Spoiler:
    """Stands for a client: answers what was recorded, spoilt."""

    def __init__(self, answers: Answers, random: Random) -> None:
        self.address = Address.parse("ipp://127.0.0.1/ipp/print")
        self._answers = answers
        self._random = random

    async def ask(self, octets: bytes) -> bytes:
        answer = self._answers.get(question(decode(octets)))
        if answer is None:
            raise NotFound("not there")
        return spoilt(answer, self._random) if self._random.random() < 0.6 else answer

    async def read(self, octets: bytes, _: int) -> Message:
        got = decode(octets)
        IppClient._check(self, got)
        return got

    async def send(self, message: Message) -> Message:
        return await self.read(await self.ask(encode(message)), message.request_id)

    def beside(self, _: str) -> Spoiler:
        return self

    async def close(self) -> None:
        pass


def question(message: Message) -> str:
    which = View(message.first(GroupTag.OPERATION)).text("which-jobs")
    return f"{Operation(message.code).name} {which}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Answers]]:
    """What a device and a queue of CUPS answer with jobs that were printed, cancelled and wait."""
    folder = tmp_path_factory.mktemp("peers")
    device = start_ippeveprinter(folder / "eve")
    cups = start_cupsd()
    try:
        queue = cups.add_queue("plotter", device.uri)
        document = pdf(folder / "plan.pdf", pages=3)
        cups.lp("plotter", document, "-n", "2", "-o", "job-billing=P-100", title="printed")
        cups.cancel("plotter", cups.lp("plotter", document, "-H", "hold", title="cancelled"))
        cups.lp("plotter", document, "-H", "hold", title="waits")
        eventually(lambda: asyncio.run(read(queue))[1].jobs[1:], within_s=30, what="it is printed")
        yield [asyncio.run(read(uri))[0] for uri in (device.uri, queue)]
    finally:
        cups.stop()
        device.stop()


async def read(uri: str) -> tuple[Answers, Reading]:
    client = Recorder(uri)
    reading = await IppSource(client, PRINTER).completed_jobs()
    await client.close()
    return client.answers, reading


@given(which=st.integers(0, 1), seed=st.integers(0, 2**64))
@settings(max_examples=200, deadline=None)
def test_a_spoilt_answer_is_read_or_refused(recorded: list[Answers], which: int, seed: int) -> None:
    async def look() -> None:
        source = IppSource(Spoiler(recorded[which], Random(seed)), PRINTER)  # type: ignore[arg-type]
        cursor = ""
        for _ in range(2):
            with suppress(Retry, Reject):
                reading = await source.completed_jobs(cursor)
                cursor = reading.cursor
                assert len(cursor) < 100_000
                for job in reading.jobs:
                    with suppress(Reject):
                        job_entry(checked(complete(job, registered(1))), collector_id="c1", source="ipp")

    asyncio.run(look())


@given(seed=st.integers(0, 2**64), octets=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_spoilt_events_are_read_or_refused(recorded: list[Answers], seed: int, octets: bytes) -> None:
    jobs = decode(recorded[1]["GET_JOBS completed"]).every(GroupTag.JOB)
    events = Message(0, 1, tuple(Group(GroupTag.EVENT_NOTIFICATION, job) for job in jobs))
    for candidate in (spoilt(encode(events), Random(seed)), octets):
        with suppress(Reject):
            job_events(decode(candidate), 1)
