"""One UDP socket for all agents: sends questions, and matches what comes back by sender and request number."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from services.collector.snmp.ber import NotSnmpError
from services.collector.snmp.message import Message, Pdu, decode
from shared.errors import Retry

RECEIVE_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""So that the answers of a fleet that is asked in one moment all find room."""
MAX_REQUEST_ID: Final = 2**31 - 1
_ANY: Final = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104 - of a client's own end

_Key = tuple[str, int]
"""IP address and request number: some devices answer from another port than the one that was asked."""


class _Ear(asyncio.DatagramProtocol):
    """Hands datagrams on; errors that the system reports belong to nobody in particular."""

    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio.DatagramProtocol."""
        self._heard(data, addr[0])


class UdpPort:
    """The collector's own end of every question by SNMP v1 and v2c."""

    def __init__(self) -> None:
        self._transports: dict[int, asyncio.DatagramTransport] = {}
        self._opening = asyncio.Lock()
        self._waiting: dict[_Key, asyncio.Future[Message]] = {}
        self._garbled: dict[str, str] = {}

    async def ask(
        self, where: tuple[str, int], make: Callable[[int], bytes], *, timeout_s: float, attempts: int
    ) -> Message:
        """Sends what `make` makes of a request number, as often as allowed, until the answer with it comes.

        `where` is an IP address and a port; only an answer from that address counts.

        Raises:
            Retry: none came in time, or it can't be sent.
        """
        transport = await self._transport(socket.AF_INET6 if ":" in where[0] else socket.AF_INET)
        request_id = random.randint(1, MAX_REQUEST_ID)
        key = (where[0], request_id)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[key] = answer
        self._garbled.pop(where[0], None)
        question = make(request_id)
        try:
            for _ in range(attempts):
                transport.sendto(question, where)
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        return await asyncio.shield(answer)
        except OSError as error:
            raise Retry(f"{where[0]} can't be asked: {error.strerror or error}") from error
        finally:
            del self._waiting[key]
        garbled = self._garbled.pop(where[0], None)
        if garbled:
            raise Retry(f"{where[0]}:{where[1]} answers, but not by SNMP: {garbled}")
        raise Retry(f"{where[0]}:{where[1]} does not answer by SNMP within {timeout_s * attempts:g} s")

    async def close(self) -> None:
        """Closes the sockets; questions under way run into their timeouts. Safe to call twice."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        await asyncio.sleep(0)  # lets the loop take the sockets out

    async def _transport(self, family: socket.AddressFamily) -> asyncio.DatagramTransport:
        async with self._opening:
            if family not in self._transports:
                loop = asyncio.get_running_loop()
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Ear(self._heard), local_addr=(_ANY[family], 0), family=family
                )
                raw = transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                self._transports[family] = transport
            return self._transports[family]

    def _heard(self, data: bytes, host: str) -> None:
        try:
            message = decode(data)
        except NotSnmpError as error:
            if any(key[0] == host for key in self._waiting):
                self._garbled[host] = str(error)
            return
        answer = self._waiting.get((host, message.request_id))
        if answer is not None and not answer.done() and message.kind == Pdu.RESPONSE:
            answer.set_result(message)
