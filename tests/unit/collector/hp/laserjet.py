"""The job-info table of a LaserJet as SNMP objects: texts with their symbol set, one row for each job."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.collector.snmp.values import Oid, Tag, VarBind
from services.collector.sources.hp_jobs.table import (
    ATTRIBUTE,
    NAME_1,
    NAME_2,
    OUTCOME,
    PAGES_PRINTED,
    PRINTED,
    REQUESTED_ORIGINALS,
    SIZE,
    STATE,
    column,
)

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_UP_TIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
LASERJET: Oid = (1, 3, 6, 1, 4, 1, 11, 2, 3, 9, 1)
ROMAN_8 = b"\x01\x15"


@dataclass(slots=True)
class Job:
    """One job of the table."""

    number: int
    name: str = "Report.docx"
    user: str = "alice"
    state: int = PRINTED
    pages: int = 3
    copies: int = 1
    size: int = 40_960
    submitted: str = "20261102120000"
    more: dict[int, str] = field(default_factory=dict)
    instance: tuple[int, ...] = (0,)


def text(value: str) -> bytes:
    """A text as HP's objects hold it."""
    return ROMAN_8 + value.encode("hp_roman8")


def objects(*jobs: Job, up_s: int = 3_600, system: Oid = LASERJET) -> dict[Oid, VarBind]:
    """What such a printer answers."""
    found: dict[Oid, VarBind] = {}

    def put(oid: Oid, tag: Tag, value: int | bytes | Oid) -> None:
        found[oid] = VarBind(oid, tag, value)

    put(SYS_DESCR, Tag.OCTETS, b"HP ETHERNET MULTI-ENVIRONMENT")
    put(SYS_OBJECT_ID, Tag.OID, system)
    put(SYS_UP_TIME, Tag.TIMETICKS, up_s * 100)
    for job in jobs:
        index = (job.number, *job.instance)
        numbers = {
            PAGES_PRINTED: job.pages,
            SIZE: job.size,
            STATE: job.state,
            OUTCOME: 3,
            REQUESTED_ORIGINALS: job.copies,
        }
        for each, value in numbers.items():
            put((*column(each), *index), Tag.INTEGER, value)
        put((*column(NAME_1), *index), Tag.OCTETS, text(job.name[:40]))
        put((*column(NAME_2), *index), Tag.OCTETS, text(job.name[40:]))
        for at, value in ({1: job.user, 4: job.submitted} | job.more).items():
            put((*column(ATTRIBUTE, at), *index), Tag.OCTETS, text(value))
    return dict(sorted(found.items()))
