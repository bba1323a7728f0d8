"""Printers that answer garbage, too much, too slowly or never: each is told as that, and the others are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from deploy.demo.models import T1700
from deploy.demo.server import serve_printer
from services.collector.addresses import AddressGuard, GuardedResolver
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.networks import parse_networks
from services.collector.polling.look import Looker
from services.collector.polling.poller import Poller, Rhythm
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.client import CONTENT_TYPE
from services.collector.sources.ipp.decode import MAX_GROUPS, MAX_VALUES, decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.ipp.tags import GroupTag, Tag
from shared.clock import SystemClock
from tests.deadline import eventually_async
from tests.unit.collector.registry_rows import printer as registered
from tests.unit.collector.test_look import NoPrinters

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
WITHIN_S: Final = 60.0
LOOKS: Final = 5
HEAD: Final = b"\x02\x00\x00\x00\x00\x00\x00\x01"
NAMED: Final = b"\x00\x01a"


def fixed(body: bytes, content_type: str = CONTENT_TYPE) -> Answer:
    """Answers the same, whatever is asked."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type)

    return answer


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await answer.prepare(request)
    while True:
        await answer.write(bytes(65_536))


async def drips(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await answer.prepare(request)
    while True:
        await answer.write(b"\x02")
        await asyncio.sleep(0.1)


async def silent(_: web.Request) -> web.StreamResponse:
    return await asyncio.Event().wait() or web.Response()


async def floods(request: web.Request) -> web.StreamResponse:
    """Says as much as is still allowed, to every question."""
    asked = decode(await request.read())
    state = Attribute.of("printer-state-reasons", Tag.KEYWORD, *(f"reason-{number}" for number in range(60_000)))
    job = Group(GroupTag.JOB, (Attribute.of("job-id", Tag.INTEGER, 1),))
    groups = (Group(GroupTag.PRINTER, (state,)), *[job] * (MAX_GROUPS - 2))
    return web.Response(body=encode(Message(0, asked.request_id, groups)), content_type=CONTENT_TYPE)


HOSTILE: Final[dict[str, tuple[Answer, str]]] = {
    "a web page": (fixed(b"<html>", "text/html"), "does not speak IPP"),
    "garbage": (fixed(HEAD + bytes(range(16, 255)) * 9), "not an IPP message"),
    "nothing": (fixed(b""), "not an IPP message"),
    "half an answer": (fixed(HEAD + b"\x04\x21" + NAMED + b"\x00\x04\x00"), "in the middle of its attributes"),
    "another's answer": (fixed(HEAD + b"\x03"), "answered another request"),
    "deep collections": (
        fixed(HEAD + b"\x04\x34" + NAMED + b"\x00\x00" + (b"\x4a\x00\x00\x00\x01b\x34" + bytes(4)) * 4_000),
        "nested deeper",
    ),
    "many values": (
        fixed(HEAD + b"\x04" + (b"\x21" + NAMED + b"\x00\x04" + bytes(4)) * (MAX_VALUES + 1)),
        "more than 100000 values",
    ),
    "many groups": (fixed(HEAD + b"\x04" * (MAX_GROUPS + 1)), "more than 5000 attribute groups"),
    "an endless answer": (endless, "answers more than"),
    "a slow answer": (drips, "no answer within 2 s"),
    "no answer": (silent, "no answer within 2 s"),
    "a flood": (floods, ""),
}


@asynccontextmanager
async def hostile() -> AsyncIterator[dict[str, str]]:
    """Serves them all, each on a path of its own; gives their addresses."""
    app = web.Application()
    paths = {name: f"/{number}" for number, name in enumerate(HOSTILE)}
    for name, (answer, _) in HOSTILE.items():
        app.router.add_post(paths[name], answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield {name: f"ipp://127.0.0.1:{port}{path}" for name, path in paths.items()}
    finally:
        await runner.cleanup()


class Fleet:
    """A PrinterSet that does not change."""

    def __init__(self, printers: list[Printer]) -> None:
        self.changed = asyncio.Event()
        self._printers = printers

    def printers(self) -> list[Printer]:
        return self._printers


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", clock=SystemClock())
    await made.open()
    yield made
    await made.close()


async def test_hostile_printers_are_told_apart_and_a_good_one_beside_them_is_read(journal: Journal) -> None:
    guard = AddressGuard(parse_networks("127.0.0.0/8"))
    async with hostile() as addresses, serve_printer(T1700) as good:
        addresses["good"] = good.uri
        printers = [
            registered(number, id=name, name=name, address=address, serial=None)
            for number, (name, address) in enumerate(addresses.items())
        ]
        looks: list[datetime] = []
        intake = Intake(journal, NoPrinters(), collector_id="c1", clock=SystemClock())

        def make_looker(printer: Printer) -> Looker:
            source = IppSource.at(printer.address, printer.ref, resolver=GuardedResolver(guard))
            return Looker(printer, source, journal, guard, intake)

        poller = Poller(Fleet(printers), make_looker, Rhythm(0.2, 0.5, 2.0, 8), clock=SystemClock())
        task = asyncio.ensure_future(poller.run())

        async def all_told() -> bool:
            seen = poller.status("good").succeeded_at
            if seen and seen not in looks:
                looks.append(seen)
            for name, (_, words) in HOSTILE.items():
                status = poller.status(name)
                assert status.looked_at, name
                assert words in (status.error or ""), (name, status.error)
            return len(looks) >= LOOKS

        try:
            await eventually_async(all_told, within_s=WITHIN_S, what="each is told as what it is")
            assert poller.status("good").error is None
            assert len(poller.status("a flood").reasons) <= 50
            assert len(poller.status("a flood").refused) <= 20
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert datetime.now(UTC) > looks[-1]
