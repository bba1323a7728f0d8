"""What of a device is recorded, and what is left out as it may tell of people, places or the network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from services.collector.snmp.gather import Objects, Span, below, columns
from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid, Tag, VarBind, within

SYSTEM: Final[Oid] = (1, 3, 6, 1, 2, 1, 1)
ENTERPRISES: Final[Oid] = (1, 3, 6, 1, 4, 1)
LEFT_OUT: Final = b"<left out>"
MAX_PRIVATE: Final = 3_000
_PRINTER: Final[Oid] = (1, 3, 6, 1, 2, 1, 43)
_HOST_DEVICES: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3)
_ENTITY: Final[Oid] = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)

SPANS: Final = (
    below(SYSTEM, limit=50),
    below(_HOST_DEVICES, limit=1_000),
    below(_PRINTER, limit=4_000),
    columns(_ENTITY, 2, 13, limit=400),
)
_PERSONAL: Final[tuple[Oid, ...]] = (
    (*SYSTEM, 4),
    (*SYSTEM, 5),
    (*SYSTEM, 6),
    (*_PRINTER, 5, 1, 1, 4),
    (*_PRINTER, 5, 1, 1, 5),
    (*_PRINTER, 5, 1, 1, 16),
    (*_PRINTER, 16),
    (*_PRINTER, 14, 1, 1),
)
"""sysContact, sysName, sysLocation; who runs and serves the printer and how it is called; what its display shows,
and its channels with their addresses."""
_ADDRESS: Final = re.compile(
    rb"\b\d{1,3}(\.\d{1,3}){3}\b|[\w.+-]+@[\w-]+\.[\w.]+|\b[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}\b|\b(https?|ipp)://\S+"
)


def private_span(sys_object_id: Oid | None) -> Span | None:
    """The maker's own branch."""
    if sys_object_id is None or not within(sys_object_id, ENTERPRISES) or len(sys_object_id) <= len(ENTERPRISES):
        return None
    return below(sys_object_id[: len(ENTERPRISES) + 1], limit=MAX_PRIVATE)


def scrubbed(objects: Mapping[Oid, VarBind], *, keep: Iterable[Oid] = ()) -> Objects:
    """The objects without what may be personal.

    Left out are names, contacts and places, addresses of every kind, whatever holds one of them, and all texts of
    the maker's own branch but those of `keep`: nobody can tell what stands there.
    """
    kept = set(keep)
    secrets = {
        text
        for oid, bind in objects.items()
        if any(within(oid, root) for root in _PERSONAL[:3]) and (text := text_of(bind)) and len(text) > 3  # noqa: PLR2004
    }
    found: Objects = {}
    for oid, bind in objects.items():
        if any(within(oid, root) for root in _PERSONAL) or bind.tag == Tag.IP_ADDRESS:
            continue
        if not isinstance(bind.value, bytes):
            found[oid] = bind
        elif within(oid, ENTERPRISES) and oid not in kept:
            continue
        elif _ADDRESS.search(bind.value) or any(secret in (text_of(bind) or "") for secret in secrets):
            found[oid] = bind._replace(value=LEFT_OUT)
        else:
            found[oid] = bind
    return found
