"""An SNMP agent that serves a recording by v1 and v2c: a printer to try things on."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, cast

from services.collector.snmp.ber import NotSnmpError
from services.collector.snmp.message import ErrorStatus, Message, Pdu, decode, encode
from services.collector.snmp.values import Oid, Tag, VarBind
from shared.errors import ConfigError

MAX_ANSWER_BYTES: Final = 1_400
"""Stays within one packet, as printers do."""
MAX_REPEATS: Final = 100
READ_ONLY: Final = 17
"""notWritable, of SNMP v2."""


class Tree:
    """The objects of one context in order."""

    def __init__(self, objects: Mapping[Oid, VarBind]) -> None:
        self._objects = dict(objects)
        self._order = sorted(objects)

    def get(self, oid: Oid) -> VarBind:
        """An object, or that there is none."""
        return self._objects.get(oid) or VarBind(oid, Tag.NO_SUCH_INSTANCE)

    def following(self, oid: Oid) -> VarBind:
        """The next object, or that there is none."""
        at = bisect_right(self._order, oid)
        return self._objects[self._order[at]] if at < len(self._order) else VarBind(oid, Tag.END_OF_MIB_VIEW)

    def put(self, bind: VarBind) -> None:
        """Changes an object, or adds it."""
        if bind.oid not in self._objects:
            self._order.insert(bisect_right(self._order, bind.oid), bind.oid)
        self._objects[bind.oid] = bind

    def drop(self, oid: Oid) -> None:
        """Takes an object out."""
        if self._objects.pop(oid, None) is not None:
            self._order.remove(oid)


class RecordingAgent:
    """Answers for a recording; the community is `public`, or `public@context`, or whatever it is set to."""

    def __init__(self, recording: Mapping[str, Mapping[Oid, VarBind]], *, community: str = "public") -> None:
        self.trees = {context: Tree(objects) for context, objects in recording.items()}
        self._community = community
        self._transports: list[asyncio.DatagramTransport] = []

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Answers at an address from now on; the port, which the system chooses for 0.

        Raises:
            ConfigError: the address is not to be had.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Mouth(self), local_addr=(host, port))
        except OSError as error:
            raise ConfigError(
                f"{host}:{port} can't be listened at: {error.strerror or error}.",
                remedy="Ports below 1024 need root; --snmp-port names another.",
            ) from error
        self._transports.append(transport)
        return int(transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Falls silent; safe to call twice."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()
        await asyncio.sleep(0)  # lets the loop take the sockets out

    def answer(self, data: bytes) -> bytes | None:
        """What to say to a datagram; None for nothing, as agents do when a community is wrong."""
        try:
            asked = decode(data)
        except NotSnmpError:
            return None
        name, _, context = asked.community.decode(errors="replace").partition("@")
        tree = self.trees.get(context)
        if name != self._community or tree is None:
            return None
        if asked.kind == Pdu.GET:
            return self._fitting(asked, [tree.get(bind.oid) for bind in asked.binds])
        if asked.kind == Pdu.GET_NEXT:
            return self._fitting(asked, [tree.following(bind.oid) for bind in asked.binds])
        if asked.kind == Pdu.GET_BULK and asked.version:
            return self._bulk(asked, tree)
        if asked.kind == Pdu.SET:
            return _response(asked, asked.binds, READ_ONLY if asked.version else ErrorStatus.READ_ONLY, 1)
        return None

    def _fitting(self, asked: Message, binds: list[VarBind]) -> bytes:
        if asked.version == 0:
            for at, bind in enumerate(binds, start=1):
                if bind.absent or bind.tag == Tag.COUNTER64:
                    return _response(asked, asked.binds, ErrorStatus.NO_SUCH_NAME, at)
        answer = _response(asked, tuple(binds))
        return answer if len(answer) <= MAX_ANSWER_BYTES else _response(asked, (), ErrorStatus.TOO_BIG)

    def _bulk(self, asked: Message, tree: Tree) -> bytes:
        single = max(0, asked.error_status)
        binds = [tree.following(bind.oid) for bind in asked.binds[:single]]
        row = [bind.oid for bind in asked.binds[single:]]
        for _ in range(max(0, min(asked.error_index, MAX_REPEATS)) if row else 0):
            found = [tree.following(oid) for oid in row]
            binds += found
            row = [bind.oid for bind in found]
            if all(bind.absent for bind in found):
                break
        while len(answer := _response(asked, tuple(binds))) > MAX_ANSWER_BYTES and len(binds) > 1:
            binds = binds[: max(1, len(binds) * MAX_ANSWER_BYTES // len(answer))]
        return answer


def _response(asked: Message, binds: tuple[VarBind, ...], status: int = 0, index: int = 0) -> bytes:
    return encode(Message(asked.version, asked.community, Pdu.RESPONSE, asked.request_id, binds, status, index))


class _Mouth(asyncio.DatagramProtocol):
    def __init__(self, agent: RecordingAgent) -> None:
        self._agent = agent
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio.DatagramProtocol."""
        answer = self._agent.answer(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)
