"""What was read of late, in the journal's file: so that a job that another source tells of is known again.

All is written in the transaction that journals the jobs: after a crash memory and journal say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from services.collector.correlation.match import Span, mark_of, span_of
from services.collector.journal.store import Store
from shared.events.jobs import JobCompleted

REMEMBERED: Final = 50_000
"""Jobs that are remembered: those of some days. A reading that comes later still is a job of its own."""
FORGETS_EVERY: Final = 64
FORGOTTEN_AT_ONCE: Final = 500
MAX_CANDIDATES: Final = 100
MAX_SOURCES: Final = 12
"""That tell of one job; no more of them are put together."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Group(Struct, kw_only=True, omit_defaults=True):
    """The readings of one job.

    Attributes:
        readings: one of each source.
        told: what was told of the job last; None where that is the only reading.
        key: of its records in Kafka: that of the first one, as corrections must come after what they correct.
        revision: how often what was told was corrected.
        first_key: the job key that it was told under first.
    """

    number: int = 0
    device: str
    readings: list[JobCompleted]
    told: JobCompleted | None = None
    key: str
    first_key: str
    revision: int = 0

    @property
    def known_as(self) -> JobCompleted:
        """What was told last."""
        return self.told or self.readings[0]

    @property
    def sources(self) -> frozenset[str]:
        """Who told of it."""
        return frozenset(each.job.source or "" for each in self.readings)

    @property
    def seen(self) -> list[JobCompleted]:
        """The readings of whoever saw the job; an estimate says nothing of which job it is."""
        return [each for each in self.readings if each.measured != "estimated" or each.title or each.person]

    @property
    def span(self) -> Span:
        """From the first start to the last end that a source tells."""
        spans = [span_of(each) for each in self.readings]
        return Span(min(each.began for each in spans), max(each.ended for each in spans))


_decode: Final = msgspec.json.Decoder(Group).decode
_encode: Final = msgspec.json.Encoder().encode


class Memory:
    """Reads and writes groups within the caller's transaction."""

    def __init__(self, store: Store) -> None:
        self._db = store.db
        self._sources: dict[str, set[str]] = {}

    def of_job(self, job_id: str) -> Group | None:
        """The group of a job that was read or told under an id."""
        row = self._db.execute(
            "SELECT g.number, g.state FROM group_id JOIN job_group AS g USING (number) WHERE job_id = ?", (job_id,)
        ).fetchone()
        return _group(*row) if row else None

    def others(self, job: JobCompleted, device: str, but: frozenset[str], window: timedelta) -> list[Group]:
        """Groups that may be of the same job: of one device, near in time, told by none of the sources `but`.

        Those that name the same correlation id come first, whatever their time; then the earliest ones.
        """
        found: dict[int, Group] = {}
        if job.correlation_id:
            rows = self._db.execute(
                "SELECT g.number, g.state FROM group_passed JOIN job_group AS g USING (number) "
                "WHERE group_passed.device = ? AND passed = ? ORDER BY number LIMIT ?",
                (device, job.correlation_id, MAX_CANDIDATES),
            )
            found |= {row[0]: _group(*row) for row in rows}
        span = span_of(job)
        earliest, latest = _ms(span.began - window), _ms(span.ended + window)
        mark = mark_of(job)
        near = "ended_ms >= ? AND began_ms <= ? ORDER BY ended_ms, number LIMIT ?"
        values = (earliest, latest, MAX_CANDIDATES)
        may_be_like = mark or (job.person and job.person.claimed)  # else nothing but an id can tell
        for sources in self._others(device, but) if may_be_like else ():
            select = "SELECT number, state FROM job_group WHERE device = ? AND sources = ? AND "
            if not mark:
                rows = self._db.execute(select + near, (device, sources, *values))
                found |= {row[0]: _group(*row) for row in rows}
            for each in (mark, "") if mark else ():
                rows = self._db.execute(f"{select}mark = ? AND {near}", (device, sources, each, *values))
                found |= {row[0]: _group(*row) for row in rows}
        return [each for each in found.values() if not each.sources & but]

    def _others(self, device: str, but: frozenset[str]) -> list[str]:
        return sorted(each for each in self._sources_of(device) if not but.intersection(each.split(",")))

    def _sources_of(self, device: str) -> set[str]:
        """Who told of the jobs of a device, each set of sources once; asked once in a transaction."""
        if device not in self._sources:
            rows = self._db.execute("SELECT sources FROM group_sources WHERE device = ?", (device,))
            self._sources[device] = {row[0] for row in rows}
        return self._sources[device]

    def between(self, device: str, since: datetime, until: datetime, *, limit: int) -> list[Group]:
        """The jobs of a device that ended after a moment and not after another, the earliest first."""
        rows = self._db.execute(
            "SELECT number, state FROM job_group WHERE device = ? AND ended_ms > ? AND ended_ms <= ? "
            "ORDER BY ended_ms, number LIMIT ?",
            (device, _ms(since), _ms(until), limit),
        )
        return [_group(*row) for row in rows]

    def add(self, group: Group) -> None:
        """Remembers a new group, which gets its number, and forgets some of the oldest now and then."""
        inserted = self._db.execute(
            "INSERT INTO job_group (device, sources, mark, began_ms, ended_ms, state) VALUES (?, ?, ?, ?, ?, ?)",
            self._row(group),
        )
        group.number = int(inserted.lastrowid or 0)
        self._name(group)
        if group.number % FORGETS_EVERY == 0:
            self._forget(group.number)

    def change(self, group: Group) -> None:
        """Writes a group's new state."""
        self._db.execute(
            "UPDATE job_group SET device = ?, sources = ?, mark = ?, began_ms = ?, ended_ms = ?, state = ? "
            "WHERE number = ?",
            (*self._row(group), group.number),
        )
        self._name(group)

    def _row(self, group: Group) -> tuple[str, str, str, int, int, bytes]:
        span, sources = group.span, ",".join(sorted(group.sources))
        if sources not in self._sources_of(group.device):
            self._sources_of(group.device).add(sources)
            self._db.execute("INSERT OR IGNORE INTO group_sources VALUES (?, ?)", (group.device, sources))
        return group.device, sources, _mark(group.readings), _ms(span.began), _ms(span.ended), _encode(group)

    def _name(self, group: Group) -> None:
        """Makes a group known by the ids of its readings and of what was told."""
        ids = {str(each.job.id) for each in (*group.readings, group.known_as)}
        self._db.executemany("INSERT OR REPLACE INTO group_id VALUES (?, ?)", [(e, group.number) for e in ids])
        passed = {each.correlation_id for each in group.readings if each.correlation_id}
        if passed:
            self._db.executemany(
                "INSERT OR IGNORE INTO group_passed VALUES (?, ?, ?)",
                [(group.device, each, group.number) for each in passed],
            )

    def drop(self, group: Group, into: Group) -> None:
        """Forgets a group whose readings are another one's now."""
        self._db.execute("UPDATE group_id SET number = ? WHERE number = ?", (into.number, group.number))
        self._db.execute("DELETE FROM group_passed WHERE number = ?", (group.number,))
        self._db.execute("DELETE FROM job_group WHERE number = ?", (group.number,))

    def _forget(self, last: int) -> None:
        first = self._db.execute("SELECT min(number) FROM job_group").fetchone()[0]
        if last - first < REMEMBERED:
            return
        upto = min(last - REMEMBERED, first + FORGOTTEN_AT_ONCE)
        for table in ("group_id", "group_passed", "job_group"):
            self._db.execute(f"DELETE FROM {table} WHERE number <= ?", (upto,))  # noqa: S608 - names of ours


def _group(number: int, state: bytes) -> Group:
    group = _decode(state)
    group.number = number
    return group


def _mark(readings: Sequence[JobCompleted]) -> str:
    return next((mark for each in readings if (mark := mark_of(each))), "")


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
