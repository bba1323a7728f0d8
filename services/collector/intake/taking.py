"""Takes jobs into the journal, each as a job of its own or as one more reading of a job that is known already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.collector.correlation.match import SURE, likeness
from services.collector.correlation.memory import MAX_SOURCES, Group, Memory
from services.collector.correlation.merge import adds_to, fields_added, merged
from services.collector.correlation.tally import Tally
from services.collector.intake.corrections import correction_entry, in_place_of, revision_of
from services.collector.intake.jobs import job_entry
from services.collector.journal import Entry
from services.collector.journal.store import Store
from shared.errors import Reject
from shared.events.envelope import MAX_EVENT_BYTES
from shared.events.job_corrections import CorrectionReason, JobCorrected
from shared.events.jobs import JobCompleted

MAX_NAMED: Final = 8
"""Fields named in the words of a correction."""
_ESTIMATED: Final = "No source told the ink: it was estimated from how far the levels of the supplies fell."


@dataclass(frozen=True, slots=True)
class ReadyJob:
    """A whole job record, the journal entry that tells of it, and which device printed it."""

    data: JobCompleted
    entry: Entry
    device: str

    @property
    def source(self) -> str:
        """Who told of it."""
        return self.data.job.source or self.entry.source.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a job: it is safe on disk.

    Attributes:
        duplicate: the very same was brought before, and is no second job.
        differs: a job of this identity was brought before with other values, by the same source.
        stored: it was stored now; never for a duplicate, nor, if the bringer wants only new ones, for one that
            differs.
        merged_into: the id of the job that it is a further reading of, as that was told before.
    """

    duplicate: bool
    differs: bool
    stored: bool
    merged_into: str | None = None


class Taking:
    """One transaction: jobs are taken in their order, then everything is written that is to be told of them."""

    def __init__(self, store: Store, *, window: timedelta, collector_id: str, now: datetime) -> None:
        self._store = store
        self._memory = Memory(store)
        self._tally = Tally(store)
        self._window = window
        self._collector_id = collector_id
        self._now = now
        self._here: dict[str, bytes] = {}
        self._entries: list[Entry | Group] = []
        self._at_hand: dict[int, Group] = {}
        self._fresh: dict[int, Entry] = {}
        self._more: dict[int, Group] = {}
        self._reasons: dict[int, CorrectionReason] = {}
        self._gone: dict[int, Group] = {}
        self._brought: list[tuple[Brought, ReadyJob, Group | None]] = []

    def take(self, job: ReadyJob, *, only_new: bool) -> None:
        """Takes one job."""
        brought, group = self._take(job, only_new=only_new)
        self._brought.append((brought, job, group))

    def _take(self, job: ReadyJob, *, only_new: bool) -> tuple[Brought, Group | None]:
        entry = job.entry
        is_first = entry.event_id not in self._here and not self._store.known([entry.event_id])
        if not is_first and (self._here.get(entry.event_id) == entry.digest or self._store.has(entry)):
            return Brought(duplicate=True, differs=False, stored=False), None
        self._here.setdefault(entry.event_id, entry.digest)
        if (group := self._group_of(job, is_first=is_first)) is not None:
            return Brought(duplicate=False, differs=False, stored=False), self._join(group, job)
        if not is_first:
            if not only_new:
                self._entries.append(entry)
            return Brought(duplicate=False, differs=True, stored=not only_new), None
        return Brought(duplicate=False, differs=False, stored=True), self._begin(job)

    def add(self, group: Group, reading: JobCompleted, reason: CorrectionReason) -> None:
        """Adds to a group, as the memory has it, what was found out of its job apart from any source."""
        group.told = group.known_as
        group.readings = [*group.readings, reading]
        self._more[group.number] = group
        self._reasons[group.number] = reason
        self._memory.change(group)

    def told_elsewhere(self, job: JobCompleted, key: str, device: str) -> bool:
        """Takes in a job that another collector told, under the key of its record; whether it was not known."""
        if self._memory.of_job(str(job.job.id)) is not None:
            return False
        group = Group(device=device, readings=[job], key=key, first_key=str(job.job.key))
        self._memory.add(group)
        self._at_hand[group.number] = group
        self._tally.add(device, told=[job])
        same = self._likest(job, device, group.sources)
        if same is not None:
            group = self._absorb(same, group)
            self._more[group.number] = group
            self._memory.change(group)
        return True

    def corrected_elsewhere(self, correction: JobCorrected) -> bool:
        """Notes that another collector corrected a job that is remembered here; whether that was news."""
        found, now = self._memory.of_job(correction.corrects), correction.replacement
        group = self._current(found) if found else None
        if group is None or now is None or str(group.known_as.job.id) != correction.corrects:
            return False
        self._tally.add(group.device, taken_back=[group.known_as])
        other = self._memory.of_job(str(now.job.id))
        if other is not None and other.number != group.number:
            other = self._current(other)
            other.told, other.readings = other.known_as, [*other.readings, *group.readings]
            self._memory.drop(group, other)
            self._memory.change(other)
            return True
        self._tally.add(group.device, told=[now])
        group.told = now
        group.revision = revision_of(now, group.first_key) or group.revision + 1
        self._memory.change(group)
        return True

    def finish(self) -> list[Brought]:
        """Writes what is to be told, and says what became of each job."""
        entries: list[Entry] = []
        for each in self._entries:
            if isinstance(each, Entry):
                entries.append(each)
            elif each.number in self._fresh:
                entries.append(self._first_telling(each))
                self._tally.add(each.device, told=[each.known_as])
        for group in self._more.values():
            entries += self._correction(group)
        self._store.append(entries, self._now)
        return [self._became(*each) for each in self._brought]

    def _became(self, brought: Brought, job: ReadyJob, group: Group | None) -> Brought:
        if group is None:
            return brought
        while group.number in self._gone:
            group = self._gone[group.number]
        told = str(group.known_as.job.id)
        return brought if told == job.entry.event_id else replace(brought, stored=False, merged_into=told)

    def _group_of(self, job: ReadyJob, *, is_first: bool) -> Group | None:
        """The job that this is one more reading of, by another source than all those before.

        What was brought before, but is not remembered, was told by itself then and stays so.
        """
        found = self._memory.of_job(job.entry.event_id)
        if found is not None:
            return None if job.source in found.sources else self._current(found)
        if not is_first:
            return None
        return self._likest(job.data, job.device, frozenset({job.source}))

    def _likest(self, job: JobCompleted, device: str, but: frozenset[str]) -> Group | None:
        """Of several groups that are equally like it the earliest one."""
        best: tuple[int, Group] | None = None
        for group in self._memory.others(job, device, but, self._window):
            marks = [likeness(job, each, window=self._window) for each in group.seen]
            mark = max((each for each in marks if each is not None), default=None)
            if mark is None or (None in marks and mark < SURE):
                continue
            if len(group.readings) < MAX_SOURCES and (best is None or mark > best[0]):
                best = mark, group
        return self._current(best[1]) if best else None

    def _current(self, group: Group) -> Group:
        """The group as this transaction has it at hand."""
        return self._at_hand.setdefault(group.number, group)

    def _begin(self, job: ReadyJob) -> Group:
        data = job.data
        group = Group(device=job.device, readings=[data], key=job.entry.key, first_key=str(data.job.key))
        self._memory.add(group)
        self._fresh[group.number] = job.entry
        self._at_hand[group.number] = group
        self._entries.append(group)
        return group

    def _join(self, group: Group, job: ReadyJob) -> Group:
        """Adds a reading to a group, and any other group that turns out to be of the same job by it."""
        self._store.see(job.entry)
        group.told = group.known_as
        group.readings = [*group.readings, job.data]
        while (same := self._likest(job.data, group.device, group.sources)) is not None:
            # One that was told already stays, so that what is not told yet need not be taken back.
            swaps = group.number in self._fresh and same.number not in self._fresh
            group = self._absorb(same, group) if swaps else self._absorb(group, same)
        if group.number not in self._fresh:
            self._more[group.number] = group
        self._memory.change(group)
        return group

    def _absorb(self, group: Group, other: Group) -> Group:
        """Makes two groups one; what was told of the other is taken back."""
        group.told = group.known_as
        was_told = self._fresh.pop(other.number, None) is None
        if was_told:
            self._entries.append(self._second_telling(group, other))
            self._tally.add(group.device, taken_back=[other.known_as])
        group.readings = [*group.readings, *other.readings]
        self._memory.drop(other, group)
        self._more.pop(other.number, None)
        self._gone[other.number] = group
        return group

    def _first_telling(self, group: Group) -> Entry:
        """Of a job that was not told yet: all readings in one event."""
        if len(group.readings) == 1:
            return self._fresh[group.number]
        job = merged(group.readings)
        try:
            entry = job_entry(job, collector_id=self._collector_id, source=job.job.source or "correlation")
        except Reject:  # too large together: what was read first is told
            return self._fresh[group.number]
        self._store.see(self._fresh[group.number])
        group.told, group.first_key, group.key = job, str(job.job.key), entry.key
        self._memory.change(group)
        return entry

    def _second_telling(self, group: Group, other: Group) -> Entry:
        """Takes back what was told of a job that is the same one as another."""
        names = [", ".join(sorted(each.sources)) for each in (other, group)]
        return correction_entry(
            other.known_as,
            group.known_as,
            key=other.key,
            reason="same_job",
            words=f"The job was told twice: by {names[0]} and by {names[1]}.",
            at=self._now,
            origin=self._origin,
        )

    def _correction(self, group: Group) -> list[Entry]:
        """What takes the place of what was told of a job, where that adds anything."""
        told, now = group.known_as, merged(group.readings)
        if not adds_to(told, now):
            return []
        replacement = in_place_of(now, group.first_key, group.revision + 1)
        reason = self._reasons.get(group.number, "better_reading")
        entry = correction_entry(
            told,
            replacement,
            key=group.key,
            reason=reason,
            words=_ESTIMATED if reason == "ink_estimated" else _words(group, told, now),
            at=self._now,
            origin=self._origin,
            evidence=now.evidence,
        )
        if len(entry.value) > MAX_EVENT_BYTES:
            return []
        self._tally.add(group.device, told=[replacement], taken_back=[told])
        group.revision += 1
        group.told = replacement
        self._memory.change(group)
        return [entry]

    @property
    def _origin(self) -> str:
        return f"/collector/{self._collector_id}/correlation"


def _words(group: Group, told: JobCompleted, now: JobCompleted) -> str:
    names = fields_added(told, now)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    sources = " and ".join(sorted(each.job.source or "" for each in group.seen))
    return f"Read by {sources}; now better known: {', '.join(names[:MAX_NAMED])}{more}."


def take_all(taking: Taking, jobs: Sequence[ReadyJob], *, only_new: bool) -> list[Brought]:
    """Takes jobs, and writes what is to be told of them."""
    for job in jobs:
        taking.take(job, only_new=only_new)
    return taking.finish()
