"""The client tells what may pass from what never will, whatever answers at a printer's address."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.collector.sources import outgoing
from services.collector.sources.ipp.client import CONTENT_TYPE, Address, IppClient
from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Group, Message
from services.collector.sources.ipp.requests import get_printer_attributes
from services.collector.sources.ipp.tags import GroupTag
from shared.errors import NotFound, Reject, Retry

Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Address]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Address.parse(f"ipp://127.0.0.1:{runner.addresses[0][1]}/ipp/print")
    finally:
        await runner.cleanup()


async def sent_to(answer: Answer, timeout_s: float = 5.0) -> Message:
    async with answering(answer) as address:
        client = IppClient(address, timeout_s=timeout_s)
        try:
            return await client.send(get_printer_attributes(address.uri))
        finally:
            await client.close()


def http(status: int, body: bytes = b"", content_type: str = CONTENT_TYPE) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type=content_type)

    return answer


def ipp(code: int, request_id: int | None = None) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        asked = decode(await request.read())
        message = Message(code, request_id or asked.request_id, (Group(GroupTag.OPERATION),))
        return web.Response(body=encode(message), content_type=CONTENT_TYPE)

    return answer


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (http(503), Retry, "HTTP 503"),
        (http(401), outgoing.AccessRefused, "asks for a password"),
        (http(426), Reject, "use ipps://"),
        (http(404), Reject, "not a printer's IPP address"),
        (http(302), Reject, "not a printer's IPP address"),
        (http(200, b"<html>", "text/html"), Reject, "answers text/html"),
        (http(200, b"hello"), Reject, "not an IPP message"),
        (ipp(0x0000, 99_999), Reject, "another request"),
        (ipp(0x0406), NotFound, "0x0406"),
        (ipp(0x0401), Reject, "0x0401"),
        (ipp(0x0501), Reject, "operation not supported"),
        (ipp(0x0507), Retry, "busy"),
    ],
)
async def test_each_failure_is_of_its_kind(answer: Answer, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        await sent_to(answer)
    assert type(caught.value) is error


async def test_a_good_answer_is_given_back() -> None:
    assert (await sent_to(ipp(0x0001))).code == 0x0001


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing.read_answer, "__defaults__", (1_000,))
    with pytest.raises(Reject, match="more than 1000 octets"):
        await sent_to(http(200, bytes(5_000)))


async def test_silence_is_bounded() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = IppClient(Address.parse(f"ipp://127.0.0.1:{silent.getsockname()[1]}"), timeout_s=0.2)
        with pytest.raises(Retry, match=r"does not answer within 0\.2 s"):
            await client.send(get_printer_attributes(client.address.uri))
        await client.close()


@pytest.mark.parametrize(
    ("text", "uri", "url"),
    [
        ("plotter", "ipp://plotter:631/ipp/print", "http://plotter:631/ipp/print"),
        ("ipp://p/ipp/print", "ipp://p:631/ipp/print", "http://p:631/ipp/print"),
        ("ipps://p/ipp", "ipps://p:631/ipp", "https://p:631/ipp"),
        ("http://p:8080/x", "ipp://p:8080/x", "http://p:8080/x"),
        ("https://p/printers/q", "ipps://p:443/printers/q", "https://p:443/printers/q"),
        ("ipp://[::1]:8631/ipp", "ipp://[::1]:8631/ipp", "http://[::1]:8631/ipp"),
    ],
)
def test_addresses_are_read(text: str, uri: str, url: str) -> None:
    assert Address.parse(text) == Address(uri, url)


@pytest.mark.parametrize(
    "text", ["", "ftp://p/x", "ipp://", "ipp://p:99999/x", "ipp://user:pw@p/x", "ipp://[::1/x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Reject):
        Address.parse(text)
