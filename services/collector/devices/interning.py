"""Equal objects of many devices are one object in memory: a fleet is mostly a few models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.collector.snmp.values import Oid, VarBind

MAX_SHARED: Final = 200_000
"""Beyond it all is forgotten and begins anew; what is still used just becomes equal instead of the same."""
_shared: dict[VarBind, VarBind] = {}


def shared(objects: Mapping[Oid, VarBind]) -> dict[Oid, VarBind]:
    """The same objects, each of them shared with equal ones of other devices."""
    if len(_shared) > MAX_SHARED:
        _shared.clear()
    found = [_shared.setdefault(bind, bind) for bind in objects.values()]
    return {bind.oid: bind for bind in found}
