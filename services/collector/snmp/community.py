"""A session by SNMP v1 or v2c: a community instead of a log-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.collector.access import SnmpAccess
from services.collector.snmp.message import MAX_BINDS, VERSIONS, Message, Pdu, encode, question
from services.collector.snmp.session import Answer, Asked
from services.collector.snmp.udp import UdpPort
from services.collector.snmp.values import Oid

TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 3
_KINDS: Final[dict[Asked, Pdu]] = {"get": Pdu.GET, "next": Pdu.GET_NEXT, "bulk": Pdu.GET_BULK}


class CommunitySession:
    """A Session with the agent at an IP address."""

    def __init__(
        self,
        port: UdpPort,
        host: str,
        access: SnmpAccess,
        *,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._port = port
        self._where = (host, access.port)
        self._version = VERSIONS[access.version]
        self._community = access.community.encode()
        self._timeout_s = timeout_s
        self._attempts = attempts
        self.bulk = access.version != "1"

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        """See Session."""

        def make(request_id: int) -> bytes:
            return encode(
                Message(
                    self._version,
                    self._community,
                    _KINDS[how],
                    request_id,
                    question(oids),
                    error_index=min(repeats, MAX_BINDS) if how == "bulk" else 0,
                )
            )

        told = await self._port.ask(self._where, make, timeout_s=self._timeout_s, attempts=self._attempts)
        return Answer(told.binds, told.error_status, told.error_index)

    async def close(self) -> None:
        """The port is shared: there is nothing of its own to let go of."""
