"""A session with a host by name: looked up and checked when it is first asked, and anew after each failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp.abc import AbstractResolver

from services.collector.access import SnmpAccess
from services.collector.snmp.opening import Snmp
from services.collector.snmp.session import Answer, Asked, Session
from services.collector.snmp.values import Oid
from shared.errors import Retry


class ResolvedSession:
    """A Session; `resolver` refuses where no printer may be, `found_at` is told the IP address."""

    def __init__(
        self,
        snmp: Snmp,
        host: str,
        access: SnmpAccess,
        resolver: AbstractResolver,
        found_at: Callable[[str], None] | None = None,
    ) -> None:
        self.bulk = access.version != "1"
        self._snmp = snmp
        self._host = host
        self._access = access
        self._resolver = resolver
        self._found_at = found_at
        self._inner: Session | None = None

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        """See Session; Reject also when the host is no place for a printer."""
        if self._inner is None:
            ip = (await self._resolver.resolve(self._host, self._access.port))[0]["host"]
            if self._found_at is not None:
                self._found_at(ip)
            self._inner = self._snmp.session(ip, self._access)
        try:
            return await self._inner.ask(how, oids, repeats)
        except Retry:
            self._inner = None
            raise

    async def close(self) -> None:
        """See Session."""
        self._inner = None
