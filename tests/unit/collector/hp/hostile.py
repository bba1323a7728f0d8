"""A web server that answers whatever a test tells it to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass(slots=True)
class Asked:
    address: str
    paths: list[str] = field(default_factory=list)


@asynccontextmanager
async def answering(answer: Answer, scheme: str) -> AsyncIterator[Asked]:
    app = web.Application()
    asked = Asked("")

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.paths.append(f"{request.method} {request.path_qs}")
        return answer(request)

    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asked.address = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield asked
    finally:
        await runner.cleanup()


def body(octets: bytes, content_type: str = "text/xml", **headers: str) -> Answer:
    return lambda _: web.Response(body=octets, content_type=content_type, headers=headers)


def status(code: int, **headers: str) -> Answer:
    return lambda _: web.Response(status=code, headers=headers)
