"""Reads the job-info table of one device with each look: a few questions, and one more for each job that ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.collector.snmp.gather import Objects, below, get, walk
from services.collector.snmp.session import Session
from services.collector.snmp.values import Oid, within
from services.collector.sources.hp_jobs.jobs import completed_job
from services.collector.sources.hp_jobs.memory import TICKS_PER_S, Memory, News, news_of
from services.collector.sources.hp_jobs.table import COLUMNS, HP, MAX_JOBS, details_of, details_oids, rows_of
from services.collector.sources.source import PrinterState, Reading
from shared.events.jobs import PrinterRef

SYS_OBJECT_ID: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_UP_TIME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 3, 0)


class HpJobs:
    """Reads the last jobs of one device, where it is one of HP's."""

    def __init__(self, session: Session, printer: PrinterRef) -> None:
        self._session = session
        self._printer = printer
        self._others = False
        """Whether the device turned out to be another maker's, which needs not be asked again."""

    async def read(self, cursor: str, now: datetime, state: PrinterState) -> Reading:
        """What has ended since `cursor`; nothing of a device that is another maker's.

        Raises:
            Retry: the device does not answer.
            Reject: it refuses the log-in.
        """
        if self._others:
            return Reading((), cursor, state)
        about = await get(self._session, (SYS_OBJECT_ID, SYS_UP_TIME))
        if not _of_hp(about):
            self._others = bool(about)
            return Reading((), cursor, state)
        found: Objects = {}
        for start in COLUMNS:
            found |= await walk(self._session, below(start, limit=MAX_JOBS))
            if not found:
                return Reading((), cursor, state)
        before = Memory.parse(cursor)
        news = news_of(rows_of(found), before, _up_s(about))
        jobs = []
        for row in news.ended:
            details = details_of(await get(self._session, details_oids(row)), row)
            jobs.append(completed_job(row, details, self._printer, now))
        after = cursor if news.after == before else news.after.text()
        return Reading(tuple(jobs), after, state, (), _doubts(news))


def _doubts(news: News) -> tuple[str, ...]:
    if not news.missed:
        return ()
    told = f"{news.missed} jobs came and went between two looks, as the printer shows its last twelve only"
    return (f"{told}: look more often (INKMETER_POLL_INTERVAL_S)",)


def _of_hp(about: Objects) -> bool:
    value = about[SYS_OBJECT_ID].value if SYS_OBJECT_ID in about else None
    return isinstance(value, tuple) and within(value, HP)


def _up_s(about: Objects) -> int | None:
    value = about[SYS_UP_TIME].value if SYS_UP_TIME in about else None
    return value // TICKS_PER_S if isinstance(value, int) and value >= 0 else None
