"""Events of a real CUPS server: each end of a job has its queue looked at, whatever happens to the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from services.collector.polling.events import EventWatch
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.events import cancel_subscription
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.ipp.subscription import Subscription
from shared.errors import NotFound
from shared.events.jobs import JobCompleted
from tests.deadline import eventually_async
from tests.fixtures.cups.cupsd import USUAL_POLICY, Cupsd, start_cupsd
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import EvePrinter, start_ippeveprinter
from tests.unit.collector.registry_rows import printer as registered

pytestmark = pytest.mark.needs("ippeveprinter", "cupsd", "lp", "lpadmin", "dbus-daemon", "root")

WITHIN_S = 30.0
SLOW = "#!/bin/sh\nfor side in 1 2 3 4 5 6; do echo ATTR: job-impressions-completed=$side >&2; sleep 0.3; done\n"


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvePrinter]:
    folder = tmp_path_factory.mktemp("eve")
    engine = folder / "slow"
    engine.write_text(SLOW)
    engine.chmod(0o755)
    running = start_ippeveprinter(folder / "printer", engine=engine)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cupsd(printer: EvePrinter) -> Iterator[Cupsd]:
    running = start_cupsd(policy=USUAL_POLICY)
    for queue in ("Plotter", "other"):
        running.add_queue(queue, printer.uri)
    yield running
    running.stop()


class Woken:
    """Stands for the poller: counts alarms and reads the queue, as it would."""

    def __init__(self, cupsd: Cupsd) -> None:
        self.sources = {queue: IppSource.at(cupsd.queue_uri(queue)) for queue in ("Plotter", "other")}
        self.cursors = dict.fromkeys(self.sources, "")
        self.alarms: list[str] = []
        self.jobs: list[JobCompleted] = []
        self.asked = asyncio.Event()

    def wake(self, printer_id: str, attempts: Mapping[int, int]) -> None:
        self.alarms.append(printer_id)
        self.sources[printer_id].hear(attempts)
        self.asked.set()

    async def look(self) -> None:
        while True:
            await self.asked.wait()
            self.asked.clear()
            for queue in {each for each in self.alarms if each in self.sources}:
                reading = await self.sources[queue].completed_jobs(self.cursors[queue])
                self.cursors[queue] = reading.cursor
                self.jobs += [job for job in reading.jobs if job not in self.jobs]

    async def ended(self, title: str, times: int = 1) -> list[JobCompleted]:
        async def found() -> list[JobCompleted]:
            jobs = [job for job in self.jobs if job.title == title]
            return jobs if len(jobs) >= times else []

        return await eventually_async(found, within_s=WITHIN_S, what=f"{title} is read for the {times}. time")


@asynccontextmanager
async def listening(cupsd: Cupsd) -> AsyncIterator[Woken]:
    """Listens and looks; nothing but events brings a look."""

    class Both:
        def printers(self) -> list[Printer]:
            return [registered(1, id=each, address=cupsd.queue_uri(each), kind="cups") for each in woken.sources]

    def opened(address: str, _: Printer) -> Subscription:
        return Subscription(IppClient(Address.parse(address)))

    woken = Woken(cupsd)
    tasks = [
        asyncio.ensure_future(EventWatch(Both(), woken.wake, opened, interval_s=0.2).run()),
        asyncio.ensure_future(woken.look()),
    ]
    try:
        await eventually_async(lambda: has(woken, 2), within_s=WITHIN_S, what="the subscription is made")
        yield woken
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for source in woken.sources.values():
            await source.close()


async def has(woken: Woken, alarms: int) -> bool:
    return len(woken.alarms) >= alarms


async def lp(cupsd: Cupsd, document: Path, title: str, queue: str = "Plotter", *options: str) -> int:
    return await asyncio.to_thread(cupsd.lp, queue, document, *options, title=title)


async def test_a_job_that_ends_wakes_its_queue_and_no_other(cupsd: Cupsd, tmp_path: Path) -> None:
    async with listening(cupsd) as woken:
        woken.alarms.clear()
        await lp(cupsd, pdf(tmp_path / "plan.pdf"), "one")
        job = (await woken.ended("one"))[0]
        assert job.person is not None
        assert job.person.claimed == "alice", "what an event leaves out is read from the queue"
        assert set(woken.alarms) == {"Plotter"}


async def test_a_job_that_is_held_while_it_prints_or_is_printed_again_counts_its_last_attempt(
    cupsd: Cupsd, tmp_path: Path
) -> None:
    """CUPS ends at 12 for the six sides of a job that was held in between, and at 18 when it is printed again."""
    async with listening(cupsd) as woken:
        number = await lp(cupsd, pdf(tmp_path / "six.pdf", pages=6), "held")
        await eventually_async(lambda: counted(cupsd, 6), within_s=WITHIN_S, what="CUPS has counted six sides")
        await asyncio.to_thread(cupsd.hold, "Plotter", number)
        await asyncio.to_thread(cupsd.hold, "Plotter", number, "resume")
        first = (await woken.ended("held"))[0]
        await asyncio.to_thread(cupsd.hold, "Plotter", number, "restart")
        second = (await woken.ended("held", times=2))[1]
    assert [(job.outcome, job.lines[0].impressions, job.lines[0].sheets) for job in (first, second)] == [
        ("completed", 6, 6),
        ("completed", 6, 6),
    ]


async def counted(cupsd: Cupsd, sides: int) -> bool:
    log = (cupsd.folder / "log/page_log").read_text()
    return f"|total|{sides}|" in log or log.count("|held") >= sides


async def test_a_subscription_that_is_lost_and_a_server_that_starts_anew_cost_nothing(
    cupsd: Cupsd, tmp_path: Path
) -> None:
    document = pdf(tmp_path / "plan.pdf")
    async with listening(cupsd) as woken:
        client = IppClient(Address.parse(f"ipp://{cupsd.server}/"))
        for number in range(1, 20):
            with suppress(NotFound):
                await client.send(cancel_subscription(client.address.uri, number))
        await client.close()
        await lp(cupsd, document, "lost")
        await woken.ended("lost")

        await asyncio.to_thread(cupsd.restart)
        await lp(cupsd, document, "restarted")
        await woken.ended("restarted")

        await asyncio.to_thread(cupsd.kill)
        await lp(cupsd, document, "killed")
        await woken.ended("killed")
