"""Many simulated printers behind one socket, cheap enough that a thousand of them can be measured against.

Each printer is a path of one server, `/ipp/print/<number>`, and on Linux may be reached at an address of its own
in 127.0.0.0/8. What it answers is encoded once, and again only when a job has ended; requests are told apart by
their operation alone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Attribute, Group, Message, collection
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation, Status, Tag

HISTORY: Final = 20
"""Ended jobs that a printer shows unless told otherwise."""
MAX_HEAD_BYTES: Final = 16_384
TURNS_TO_END: Final = 4
_PATH: Final = re.compile(rb"^POST /ipp/print/(\d{1,6}) ")
_LENGTH: Final = re.compile(rb"\r\nContent-Length: *(\d{1,7})", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"\r\nConnection: *close", re.IGNORECASE)
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: %d\r\n\r\n"
_END: Final = bytes([GroupTag.END])


@dataclass(slots=True)
class FleetPrinter:
    """One printer: what it says of itself, and the jobs that it remembers.

    `dated` is whether it has a calendar; without one it counts seconds since it was started, as many do.
    """

    number: int
    dated: bool = True
    history: int = HISTORY
    started_s: float = field(default_factory=time.time)
    reason: str = "none"
    asked: int = 0
    _jobs: deque[bytes] = field(default_factory=deque)
    _made: int = 0
    _listed: bytes = b""
    _still: bytes = b""

    @property
    def serial(self) -> str:
        """Its serial number."""
        return f"FLEET{self.number:06}"

    def print(self, user: str = "alice", *, title: str = "") -> int:
        """A job comes to its end; answers its number."""
        self._made += 1
        now_s = time.time()
        job = self._job(self._made, user, title or f"plan {self._made}", now_s)
        self._jobs.appendleft(_attributes(GroupTag.JOB, job))
        while len(self._jobs) > self.history:
            self._jobs.pop()
        self._listed = b"".join(self._jobs)
        return self._made

    def answer(self, request: bytes) -> bytes:
        """The answer to a request."""
        self.asked += 1
        operation = int.from_bytes(request[2:4])
        if operation == Operation.GET_PRINTER_ATTRIBUTES:
            self._still = self._still or _attributes(GroupTag.PRINTER, self._printer())
            still = self._still if b"printer-make-and-model" in request else self._still[:1]
            return _message(request, Status.OK, still + _attributes(GroupTag.PRINTER, self._moving())[1:])
        if operation == Operation.GET_JOBS:
            return _message(request, Status.OK, b"" if b"not-completed" in request else self._listed)
        return _message(request, Status.OPERATION_NOT_SUPPORTED, b"")

    def _printer(self) -> list[Attribute]:
        return [
            Attribute.of("printer-make-and-model", Tag.TEXT, "Example Office 100"),
            Attribute.of("printer-name", Tag.NAME, f"fleet-{self.number}"),
            Attribute.of("printer-info", Tag.TEXT, f"Fleet {self.number}"),
            Attribute.of("printer-device-id", Tag.TEXT, f"MFG:Example;MDL:Office 100;SN:{self.serial};"),
            Attribute.of("color-supported", Tag.BOOLEAN, True),
            Attribute.of("operations-supported", Tag.ENUM, *(Operation.GET_JOBS, Operation.PRINT_JOB)),
            Attribute.of("media-source-supported", Tag.KEYWORD, "tray-1", "tray-2", "by-pass-tray"),
            Attribute.of("media-default", Tag.KEYWORD, "iso_a4_210x297mm"),
            collection("media-col-default", _a4()),
            collection("media-col-ready", _a4(), _a4()),
            Attribute.of("sides-default", Tag.KEYWORD, "one-sided"),
            Attribute.of("sides-supported", Tag.KEYWORD, "one-sided", "two-sided-long-edge"),
            Attribute.of("print-color-mode-default", Tag.KEYWORD, "color"),
        ]

    def _moving(self) -> list[Attribute]:
        up_s = int(time.time() - self.started_s) + 1
        now = [Attribute.of("printer-current-time", Tag.DATE_TIME, datetime.now(UTC))] if self.dated else []
        return [
            Attribute.of("printer-up-time", Tag.INTEGER, up_s),
            *now,
            Attribute.of("printer-state", Tag.ENUM, 3),
            Attribute.of("printer-state-reasons", Tag.KEYWORD, self.reason),
            Attribute.of("queued-job-count", Tag.INTEGER, 0),
        ]

    def _job(self, number: int, user: str, title: str, now_s: float) -> list[Attribute]:
        up_s = max(1, int(now_s - self.started_s))
        said = [
            Attribute.of("job-id", Tag.INTEGER, number),
            Attribute.of("job-uri", Tag.URI, f"ipp://localhost/jobs/{number}"),
            Attribute.of("job-name", Tag.NAME, title),
            Attribute.of("job-originating-user-name", Tag.NAME, user),
            Attribute.of("job-state", Tag.ENUM, JobState.COMPLETED),
            Attribute.of("job-state-reasons", Tag.KEYWORD, "job-completed-successfully"),
            Attribute.of("job-impressions", Tag.INTEGER, 2),
            Attribute.of("job-impressions-completed", Tag.INTEGER, 2),
            Attribute.of("job-media-sheets-completed", Tag.INTEGER, 2),
            Attribute.of("time-at-creation", Tag.INTEGER, up_s),
            Attribute.of("time-at-processing", Tag.INTEGER, up_s),
            Attribute.of("time-at-completed", Tag.INTEGER, up_s),
            Attribute.of("copies", Tag.INTEGER, 1),
            Attribute.of("media", Tag.KEYWORD, "iso_a4_210x297mm"),
            collection("media-col", _a4()),
            Attribute.of("print-color-mode", Tag.KEYWORD, "color"),
            Attribute.of("print-quality", Tag.ENUM, 4),
            Attribute.of("sides", Tag.KEYWORD, "one-sided"),
        ]
        if self.dated:
            ended_at = datetime.fromtimestamp(now_s, UTC)
            events = ("creation", "processing", "completed")
            said += [Attribute.of(f"date-time-at-{event}", Tag.DATE_TIME, ended_at) for event in events]
        return said


def _a4() -> list[Attribute]:
    return [
        collection(
            "media-size",
            [Attribute.of("x-dimension", Tag.INTEGER, 21_000), Attribute.of("y-dimension", Tag.INTEGER, 29_700)],
        ),
        Attribute.of("media-source", Tag.KEYWORD, "tray-1"),
        Attribute.of("media-type", Tag.KEYWORD, "stationery"),
    ]


def _attributes(tag: GroupTag, attributes: list[Attribute]) -> bytes:
    """A group alone, as octets that a message is put together from."""
    whole = encode(Message(Status.OK, 1, (Group(tag, tuple(attributes)),)))
    return whole[8:-1]


_OPERATION_GROUP: Final = _attributes(
    GroupTag.OPERATION,
    [
        Attribute.of("attributes-charset", Tag.CHARSET, "utf-8"),
        Attribute.of("attributes-natural-language", Tag.LANGUAGE, "en"),
    ],
)


def _message(request: bytes, status: Status, groups: bytes) -> bytes:
    return b"\x02\x00" + status.to_bytes(2) + request[4:8] + _OPERATION_GROUP + groups + _END


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as IPP clients need it."""

    def __init__(self, find: Callable[[int], FleetPrinter | None], connected: set[asyncio.Transport]) -> None:
        self._find = find
        self._connected = connected
        self._octets = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server makes no others
        self._transport = transport
        self._connected.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio.Protocol
        """See asyncio.Protocol."""
        if self._transport:
            self._connected.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answers each request that is whole."""
        self._octets += data
        while (end := self._octets.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._octets[:end])
            if b"\r\nExpect: 100-continue" in head and len(self._octets) == end + 4:
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._octets) < whole:
                return
            body = bytes(self._octets[end + 4 : whole])
            del self._octets[:whole]
            self._answer(head, body)
        if len(self._octets) > MAX_HEAD_BYTES and self._transport:
            self._transport.close()

    def _answer(self, head: bytes, body: bytes) -> None:
        path = _PATH.match(head)
        printer = self._find(int(path.group(1))) if path else None
        if printer is None or len(body) < len(b"\x02\x00op\x00\x00\x00\x00"):
            self._write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        answer = printer.answer(body)
        self._write(_OK % len(answer) + answer)
        if _CLOSE.search(head) and self._transport:
            self._transport.close()

    def _write(self, octets: bytes) -> None:
        if self._transport:
            self._transport.write(octets)


@asynccontextmanager
async def serve_fleet(
    printers: list[FleetPrinter], *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """Serves them within the block, at a port that is given back; 0.0.0.0 is every address of 127.0.0.0/8."""
    by_number = {printer.number: printer for printer in printers}
    loop = asyncio.get_running_loop()
    connected: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: _Connection(by_number.get, connected), host, port, backlog=1_024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        # A collector that is still there keeps its connections, and the loop may end after this. One that was just
        # accepted is told some turns of the loop later; a server that is closed by then would lose it.
        for listener in server.sockets:
            loop.remove_reader(listener.fileno())
        for _ in range(TURNS_TO_END):
            for transport in list(connected):
                transport.abort()
            await asyncio.sleep(0)
        server.close()
        await server.wait_closed()
