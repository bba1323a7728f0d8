"""Whether a device answers by SNMP to the log-in that was given: one question, by all three versions."""

from __future__ import annotations

from typing import Final

from services.collector.access import SnmpAccess
from services.collector.snmp.opening import Snmp
from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid
from shared.errors import Reject

SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)
LIFE_COUNT: Final[Oid] = (1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 4, 1, 1)


class SnmpAnswer:
    """Asks; see reach.AskSnmp."""

    def __init__(self, snmp: Snmp) -> None:
        self._snmp = snmp

    async def __call__(self, ip: str, access: SnmpAccess) -> str:
        """What the agent at an address that was checked says of itself.

        Raises:
            Retry: no answer.
            Reject: it refuses the log-in, or shows nothing to it.
        """
        session = self._snmp.session(ip, access)
        try:
            # One at a time: version 1 refuses all when one is missing.
            about = await session.ask("get", [SYS_DESCR])
            counter = await session.ask("get", [LIFE_COUNT])
        finally:
            await session.close()
        shown = [bind for bind in (*about.binds, *counter.binds) if not bind.absent]
        if not shown:
            raise Reject("it answers by SNMP but shows nothing: another community or user may see more")
        return next(filter(None, (text_of(bind) for bind in shown)), "")
