"""Opens sessions: by community or by user, whatever the log-in says; all share their sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.collector.access import SnmpAccess
from services.collector.snmp.community import ATTEMPTS, TIMEOUT_S, CommunitySession
from services.collector.snmp.session import Session
from services.collector.snmp.udp import UdpPort

if TYPE_CHECKING:
    from services.collector.snmp.user import Engines


class Snmp:
    """The collector's SNMP: one for all devices."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, attempts: int = ATTEMPTS) -> None:
        self._port = UdpPort()
        self._engines: Engines | None = None
        self._timeout_s = timeout_s
        self._attempts = attempts

    def session(self, host: str, access: SnmpAccess) -> Session:
        """A session with the agent at an IP address that was checked before.

        Raises:
            Reject: the log-in is incomplete.
        """
        if access.version == "3":
            # pysnmp and what it brings take half a second and 20 MB: only who has v3 pays for it.
            from services.collector.snmp.user import Engines, UserSession  # noqa: PLC0415

            self._engines = self._engines or Engines()
            return UserSession(self._engines, host, access)
        return CommunitySession(self._port, host, access, timeout_s=self._timeout_s, attempts=self._attempts)

    async def close(self) -> None:
        """Closes all sockets; safe to call twice."""
        if self._engines is not None:
            self._engines.close()
        await self._port.close()
