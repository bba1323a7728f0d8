"""Hears SNMP traps: whatever a printer tells, the news is that it should be looked at now.

What a trap says is not believed, as anybody can send one: it only moves a look forward that would come anyway. So
v1, v2c and v3 are all the same here; informs (v2c) are answered, or the device would send them again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

import structlog

from services.collector.snmp.ber import NotSnmpError
from services.collector.snmp.message import Message, Pdu, decode, encode
from services.collector.snmp.values import Oid, oid_text
from shared.errors import ConfigError

TRAP_OID: Final[Oid] = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_log = structlog.get_logger()


class TrapListener(asyncio.DatagramProtocol):
    """Calls `heard` with the address of whoever sent a trap."""

    def __init__(self, heard: Callable[[str], bool]) -> None:
        self._heard = heard
        self._transport: asyncio.DatagramTransport | None = None

    async def listen(self, host: str, port: int) -> int:
        """Listens from now on; the port.

        Raises:
            ConfigError: the port is not to be had.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        except OSError as error:
            raise ConfigError(
                f"Traps can't be heard at {host}:{port}: {error.strerror or error}.",
                remedy="Set INKMETER_TRAP_PORT to a free port, or to 0 for none.",
            ) from error
        return int(transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Hears no more."""
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)  # lets the loop take the socket out

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio.DatagramProtocol."""
        known = self._heard(addr[0])
        try:
            message = decode(data)
        except NotSnmpError:
            return
        if not known:
            return
        _log.debug("trap_heard", sender=addr[0], trap=trap_name(message))
        if message.kind == Pdu.INFORM and self._transport is not None:
            answer = Message(message.version, message.community, Pdu.RESPONSE, message.request_id, message.binds)
            self._transport.sendto(encode(answer), addr)


def trap_name(message: Message) -> str:
    """Which trap it is, as an object identifier; "" when it does not say."""
    if message.kind == Pdu.TRAP_V1:
        return oid_text(message.binds[0].oid)
    values = [bind.value for bind in message.binds if bind.oid == TRAP_OID]
    return oid_text(values[0]) if values and isinstance(values[0], tuple) else ""
