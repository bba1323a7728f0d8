"""Serves a simulated printer over HTTP, as a real one does: POST application/ipp to /ipp/print."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from deploy.demo.models import Model
from deploy.demo.operations import Printer
from deploy.demo.queue import Queue
from services.collector.sources.ipp.client import CONTENT_TYPE
from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from shared.clock import Clock, SystemClock
from shared.errors import Reject

PATH: Final = "/ipp/print"
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Serving:
    """A simulated printer that is being served."""

    model: Model
    uri: str
    printer: Printer


@asynccontextmanager
async def serve_printer(
    model: Model, *, host: str = "127.0.0.1", port: int = 0, pace: float = 1.0, clock: Clock | None = None
) -> AsyncIterator[Serving]:
    """Serves one printer within the block; port 0 takes a free one.

    `pace` stretches (above 1) or shortens the time that printing takes.
    """
    clock = clock or SystemClock()
    queue = Queue(model, clock, pace=pace)
    app = web.Application(client_max_size=MAX_DOCUMENT_BYTES)
    runner = web.AppRunner(app, access_log=None)
    holder: list[Printer] = []

    async def handle(request: web.Request) -> web.Response:
        return await _handle(request, holder[0])

    app.router.add_post("/{path:.*}", handle)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = runner.addresses[0][1]
    uri = f"ipp://{host}:{bound}{PATH}"
    holder.append(Printer(queue, uri, clock))
    work = asyncio.create_task(queue.run())
    try:
        yield Serving(model, uri, holder[0])
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await runner.cleanup()


async def _handle(request: web.Request, printer: Printer) -> web.Response:
    if request.content_type != CONTENT_TYPE:
        return web.Response(status=415, text="Only application/ipp is spoken here.\n")
    if request.path.rstrip("/") != PATH and not request.path.startswith(f"{PATH}/"):
        return web.Response(status=404, text=f"The printer is at {PATH}.\n")
    try:
        message = decode(await request.read())
    except Reject as error:
        return web.Response(status=400, text=f"{error}\n")
    return web.Response(body=encode(printer.answer(message)), content_type=CONTENT_TYPE)
