"""Questions over UDP: what counts as their answer, and what becomes of those that nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from services.collector.access import SnmpAccess
from services.collector.snmp.community import CommunitySession
from services.collector.snmp.message import Message, Pdu, decode, encode
from services.collector.snmp.udp import UdpPort
from services.collector.snmp.values import Tag, VarBind
from shared.errors import Retry

OID = (1, 3, 6, 1, 2, 1, 1, 1, 0)
Answering = Callable[[Message, int], list[bytes]]
"""Makes datagrams of a question and its number."""


class Agent(asyncio.DatagramProtocol):
    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked = 0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        for answer in self.answering(decode(data), self.asked):
            self.transport.sendto(answer, addr)


def right(asked: Message, text: bytes = b"right", **other: int) -> bytes:
    bind = VarBind(OID, Tag.OCTETS, text)
    told = {"kind": Pdu.RESPONSE, "request_id": asked.request_id} | other
    return encode(Message(asked.version, asked.community, told["kind"], told["request_id"], (bind,)))


@pytest.fixture
async def port() -> AsyncIterator[UdpPort]:
    found = UdpPort()
    yield found
    await found.close()


async def ask(port: UdpPort, answering: Answering, *, attempts: int = 3) -> bytes:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Agent(answering), local_addr=("127.0.0.1", 0))
    number = transport.get_extra_info("sockname")[1]
    session = CommunitySession(port, "127.0.0.1", SnmpAccess(port=number), timeout_s=1.0, attempts=attempts)
    try:
        told = await session.ask("get", [OID])
        assert isinstance(told.binds[0].value, bytes)
        return told.binds[0].value
    finally:
        transport.close()


async def test_a_question_that_is_lost_is_asked_again(port: UdpPort) -> None:
    assert await ask(port, lambda asked, number: [right(asked)] if number == 2 else []) == b"right"


async def test_what_is_no_answer_to_this_question_is_passed_over(port: UdpPort) -> None:
    def answering(asked: Message, number: int) -> list[bytes]:
        other = right(asked, b"other", request_id=asked.request_id ^ 1)
        trap = right(asked, b"trap", kind=Pdu.TRAP)
        return [b"", b"\xff\xff", other, trap, right(asked)]

    assert await ask(port, answering) == b"right"


async def test_an_answer_that_comes_twice_is_taken_once(port: UdpPort) -> None:
    assert await ask(port, lambda asked, _: [right(asked), right(asked, b"late")]) == b"right"


async def test_silence_is_told_as_such(port: UdpPort) -> None:
    with pytest.raises(Retry, match="does not answer by SNMP"):
        await ask(port, lambda *_: [], attempts=1)


async def test_what_speaks_something_else_is_told_as_such(port: UdpPort) -> None:
    with pytest.raises(Retry, match="answers, but not by SNMP"):
        await ask(port, lambda *_: [b"HTTP/1.1 400 Bad Request"], attempts=1)


async def test_many_are_asked_at_once_and_each_gets_its_own_answer(port: UdpPort) -> None:
    async def one(number: int) -> bytes:
        return await ask(port, lambda asked, _: [right(asked, str(number).encode())])

    assert await asyncio.gather(*map(one, range(50))) == [str(number).encode() for number in range(50)]


async def test_a_port_that_is_closed_opens_again(port: UdpPort) -> None:
    assert await ask(port, lambda asked, _: [right(asked)]) == b"right"
    await port.close()
    await port.close()
    assert await ask(port, lambda asked, _: [right(asked)]) == b"right"
