"""Asks many addresses by SNMP who is a printer: one small question each, at a bounded rate, whoever answers."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from services.collector.access import SnmpAccess
from services.collector.discovery.sightings import Sighting
from services.collector.networks import Network, may_be_printer, parse_ip
from services.collector.snmp.ber import NotSnmpError
from services.collector.snmp.message import VERSIONS, Message, Pdu, decode, encode, question
from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid, VarBind, within
from shared.errors import Retry

RATE_PER_S: Final = 200
BURST: Final = 10
SETTLE_S: Final = 1.5
"""How long answers are waited for after the last question."""
ROUNDS: Final = 2
"""Who does not answer is asked once more: datagrams get lost."""
MAX_ANSWERS: Final = 10_000
PRINTER_MIB: Final[Oid] = (1, 3, 6, 1, 2, 1, 43)
SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_NAME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SYS_LOCATION: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 6, 0)
DEVICE_TYPE: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 2, 1)
DEVICE_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 3, 1)
A_PRINTER: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)
SERIAL: Final[Oid] = (*PRINTER_MIB, 5, 1, 1, 17, 1)
COUNTER_UNIT: Final[Oid] = (*PRINTER_MIB, 10, 2, 1, 3, 1, 1)
ASKED: Final = (SYS_DESCR, SYS_NAME, SYS_LOCATION, DEVICE_TYPE, DEVICE_DESCR, SERIAL, COUNTER_UNIT)
ASKED_V1: Final = (SYS_DESCR, COUNTER_UNIT)
"""Version 1 answers nothing when one object is missing."""


@dataclass(slots=True)
class ScanProgress:
    """How far a scan is; `answered` counts addresses that speak SNMP, printers or not."""

    asked: int = 0
    total: int = 0
    answered: set[str] = field(default_factory=set)


class _Ear(asyncio.DatagramProtocol):
    """Takes in what comes."""

    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio.DatagramProtocol."""
        self._heard(data, addr[0])


class Scan:
    """One scan. Answers count only with the number of its questions, and from where printers may be."""

    def __init__(
        self,
        access: SnmpAccess,
        networks: tuple[Network, ...],
        progress: ScanProgress,
        found: Callable[[Sighting], None],
    ) -> None:
        self._port = access.port
        self._networks = networks
        self._progress = progress
        self._found = found
        self._number = random.randint(1, 2**31 - 1)
        is_first = access.version == "1"
        asked = question(ASKED_V1 if is_first else ASKED)
        version = VERSIONS["1" if is_first else "2c"]
        self._question = encode(Message(version, access.community.encode(), Pdu.GET, self._number, asked))

    async def run(
        self, targets: Iterable[str], *, rate_per_s: int = RATE_PER_S, settle_s: float = SETTLE_S
    ) -> None:
        """Asks every target, `progress.total` of them; a broadcast address is answered by others.

        Raises:
            Retry: nothing can be sent from here.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Ear(self._heard),
                local_addr=("0.0.0.0", 0),  # noqa: S104 - of a client's own end
                family=socket.AF_INET,
                allow_broadcast=True,
            )
        except OSError as error:
            raise Retry(f"SNMP can't be sent from here: {error.strerror or error}") from error
        try:
            every = list(targets)
            for number in range(ROUNDS):
                for place, target in enumerate(every):
                    if target not in self._progress.answered:
                        self._ask(transport, target)
                        if place % BURST == BURST - 1:
                            await asyncio.sleep(BURST / rate_per_s)
                    self._progress.asked += number == 0
                await asyncio.sleep(settle_s)
        finally:
            transport.close()
            await asyncio.sleep(0)  # lets the loop take the socket out

    def _ask(self, transport: asyncio.DatagramTransport, target: str) -> None:
        with suppress(OSError):  # no route to one address is no reason to leave out the others
            transport.sendto(self._question, (target, self._port))

    def _heard(self, data: bytes, ip: str) -> None:
        answered = self._progress.answered
        parsed = parse_ip(ip)
        if ip in answered or len(answered) >= MAX_ANSWERS or parsed is None:
            return
        if not may_be_printer(parsed, self._networks):
            return
        with suppress(NotSnmpError):
            message = decode(data)
            if message.kind == Pdu.RESPONSE and message.request_id == self._number:
                answered.add(ip)
                if sighting := sighting_of(message.binds, ip, self._port):
                    self._found(sighting)


def sighting_of(binds: tuple[VarBind, ...], ip: str, port: int) -> Sighting | None:
    """What an agent says of itself, if it is a printer: its first device is one, or it knows the Printer-MIB."""
    told = {bind.oid: bind for bind in binds if not bind.absent}
    first = told.get(DEVICE_TYPE)
    if not (first is not None and first.value == A_PRINTER) and not any(within(oid, PRINTER_MIB) for oid in told):
        return None
    return Sighting(
        way="snmp",
        ip=ip,
        address=f"snmp://{ip}:{port}",
        name=text_of(told.get(SYS_NAME)),
        model=text_of(told.get(DEVICE_DESCR)) or text_of(told.get(SYS_DESCR)),
        serial=text_of(told.get(SERIAL)),
        location=text_of(told.get(SYS_LOCATION)),
    )
