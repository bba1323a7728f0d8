"""Traps: whoever sends one, and whatever is in it, only who sent it counts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from services.collector.snmp.ber import integer, oid_content, tlv
from services.collector.snmp.message import Message, Pdu, decode, encode
from services.collector.snmp.traps import TRAP_OID, TrapListener, trap_name
from services.collector.snmp.values import Tag, VarBind
from services.collector.wiring.devices import Senders
from shared.errors import ConfigError
from tests.deadline import eventually_async

PRINTER_ALERT = (1, 3, 6, 1, 2, 1, 43, 18, 2, 0, 1)
NAMED = (VarBind(TRAP_OID, Tag.OID, PRINTER_ALERT),)
V1_TRAP = tlv(
    0x30,
    integer(0)
    + tlv(0x04, b"public")
    + tlv(
        Pdu.TRAP_V1,
        tlv(Tag.OID, oid_content((1, 3, 6, 1, 2, 1, 43, 18, 2)))
        + tlv(0x40, bytes(4))
        + integer(6)
        + integer(1)
        + tlv(0x43, b"\x00")
        + tlv(0x30, b""),
    ),
)
TRAPS = {
    "v1": V1_TRAP,
    "v2c": encode(Message(1, b"public", Pdu.TRAP, 7, NAMED)),
    "v3": tlv(0x30, integer(3) + tlv(0x30, b"")),
    "nonsense": b"\xff\x00",
    "nothing": b"",
}


class Heard:
    def __init__(self) -> None:
        self.senders: list[str] = []

    def __call__(self, ip: str) -> bool:
        self.senders.append(ip)
        return True


@pytest.fixture
async def listening() -> AsyncIterator[tuple[Heard, int]]:
    heard = Heard()
    listener = TrapListener(heard)
    yield heard, await listener.listen("127.0.0.1", 0)
    await listener.close()


@pytest.mark.parametrize("name", TRAPS)
async def test_any_trap_is_news_of_its_sender(listening: tuple[Heard, int], name: str) -> None:
    heard, port = listening
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(TRAPS[name], ("127.0.0.1", port))

    async def came() -> bool:
        return heard.senders == ["127.0.0.1"]

    await eventually_async(came, within_s=10, what="the trap")


async def test_an_inform_is_answered(listening: tuple[Heard, int]) -> None:
    _, port = listening
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(10)
        own.sendto(encode(Message(1, b"public", Pdu.INFORM, 77, NAMED)), ("127.0.0.1", port))
        answer = decode(await asyncio.to_thread(own.recv, 65_507))
    assert (answer.kind, answer.request_id, answer.binds) == (Pdu.RESPONSE, 77, NAMED)


@pytest.mark.parametrize("name", ["v1", "v2c"])
def test_a_trap_has_the_same_name_in_both_versions(name: str) -> None:
    assert trap_name(decode(TRAPS[name])) == "1.3.6.1.2.1.43.18.2.0.1"


async def test_a_port_that_is_taken_is_told_with_the_remedy(listening: tuple[Heard, int]) -> None:
    with pytest.raises(ConfigError, match="INKMETER_TRAP_PORT"):
        await TrapListener(Heard()).listen("127.0.0.1", listening[1])


def test_a_printer_is_known_by_where_it_was_found_last() -> None:
    woken: list[str] = []
    senders = Senders(woken.append)
    senders.found("p1", "192.0.2.1")
    senders.found("p2", "192.0.2.2")
    assert senders.heard("192.0.2.1")
    senders.found("p1", "192.0.2.3")
    assert not senders.heard("192.0.2.1")
    assert senders.heard("192.0.2.3")
    assert woken == ["p1", "p1"]
