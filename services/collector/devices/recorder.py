"""Records a device: what it says by the standards and in its maker's branch, without what is personal."""

from __future__ import annotations

from services.collector.devices import mib
from services.collector.devices.definitions import definitions_for
from services.collector.devices.reader import SYSTEM
from services.collector.devices.view import View
from services.collector.snmp.gather import Objects, get, walk
from services.collector.snmp.scrub import SPANS, private_span, scrubbed
from services.collector.snmp.session import Session
from shared.errors import Retry


async def record(session: Session, *, everything: bool = False) -> Objects:
    """All that is of interest for reading this device again; with `everything` nothing is left out.

    Raises:
        Retry: the device does not answer.
        Reject: it refuses the log-in.
    """
    found = await get(session, SYSTEM)
    view = View(found)
    spans = [*SPANS, *([private] if (private := private_span(view.oid(mib.SYS_OBJECT_ID))) else [])]
    for span in spans:
        try:
            found |= await walk(session, span)
        except Retry:
            if not found:
                raise
    definitions = definitions_for(view.oid(mib.SYS_OBJECT_ID), view.text(mib.SYS_DESCR) or "")
    wanted = [oid for each in definitions for oid in each.oids()]
    found |= await get(session, wanted)
    return found if everything else scrubbed(found, keep=wanted)
