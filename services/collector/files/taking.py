"""Takes one file: part by part into the journal, each part with the note of how far the file is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import structlog
from msgspec.structs import replace

from services.collector import metrics
from services.collector.files import finishing, memory
from services.collector.files.folders import Folder
from services.collector.files.looking import OpenFile, Seen
from services.collector.files.memory import RefusedRecord, Taken
from services.collector.intake.bring import Intake
from services.collector.intake.taking import Brought, ReadyJob
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.registry.printers import Printer
from services.collector.sources.mapping import Mapped, map_part
from services.collector.sources.mapping.engine import is_read_in_parts
from services.collector.sources.mapping.records import MAX_DOCUMENT_BYTES, Progress
from shared.clock import Clock
from shared.errors import Reject, Retry

PART_BYTES: Final = 400_000
"""Of a CSV that is mapped at once: some thousand records, a fraction of a second."""
BATCH: Final = 2_000
"""Jobs that are journaled in one transaction; after a crash the batches that were are known as such."""
MAX_PART_BYTES: Final = 16_000_000
MAX_REFUSED: Final = 5_000
"""More refused records than this, and more than good ones: rather the mapping is wrong, so the file waits."""
NEWEST_REFUSED: Final = 5_000
"""Of a file that grows for ever, so many refused records are kept in the file that tells them."""
DIFFERS: Final = (
    "this job was taken before with other values, and they stay: change it with `inkmeter accounting correct`"
)
_log = structlog.get_logger()


class Printers(Protocol):
    """What is asked of the registry."""

    def named(self, name: str) -> Printer | None:
        """The printer with this name, id or serial number."""
        ...


class Took(NamedTuple):
    """What came of taking a file; the counts are of this time."""

    taken: Taken
    jobs: int
    duplicates: int
    refused: int


class _Part(NamedTuple):
    """The next records: as jobs that can be stored, those that can't be, and whether the file ends with them."""

    ready: list[tuple[Mapped, ReadyJob]]
    refused: list[RefusedRecord]
    used: int
    progress: Progress
    is_end: bool


class Taker:
    """Takes the files of one folder."""

    def __init__(
        self, folder: Folder, intake: Intake, journal: Journal, printers: Printers, *, clock: Clock
    ) -> None:
        self._folder = folder
        self._intake = intake
        self._journal = journal
        self._printers = printers
        self._clock = clock
        self._keys: dict[Seen, str] = {}

    async def take(self, seen: Seen) -> Took:
        """Takes what is new of a file, writes down what was refused, and moves it where that is wanted.

        Raises:
            Retry: the file, its folder or the journal can't be read or written now; nothing is lost.
            Reject: nothing of the file, or nothing more, can be read by the mapping.
        """
        folder = self._folder
        file = await asyncio.to_thread(OpenFile, folder.path, seen, grows=folder.grows)
        try:
            known = await (self._known_grown(file) if folder.grows else self._known_whole(file))
            taken = known
            while not taken.is_whole and not (folder.grows and taken.done >= file.seen.size):
                before = taken.done
                taken = await self._take_part(file, taken)
                if folder.grows and taken.done == before:
                    break  # the rest is no whole line yet
            unchanged = await asyncio.to_thread(file.is_unchanged)
        finally:
            file.close()
        if taken.refused and not taken.is_told:
            taken = await self._tell_refused(taken)
        if taken.is_whole and folder.moves and unchanged:
            await asyncio.to_thread(finishing.move, folder.path, seen, taken.key)
        refused = taken.refused - known.refused
        return Took(taken, taken.jobs - known.jobs, taken.duplicates - known.duplicates, refused)

    async def _known_whole(self, file: OpenFile) -> Taken:
        """What is known of a file with this very content."""
        if not is_read_in_parts(self._folder.mapping) and file.seen.size > MAX_DOCUMENT_BYTES:
            kind = self._folder.mapping.format
            raise Reject(f"is larger than {MAX_DOCUMENT_BYTES} bytes, the most of a {kind} file")
        # Known while the file stays as it is: one that has to wait, and is large, is not read again and again.
        key = self._keys.get(file.seen, "")
        if not key:
            key = await asyncio.to_thread(file.digest)
            self._keys = {file.seen: key}
        if not await asyncio.to_thread(file.is_unchanged):
            raise Retry("is still being written")
        known = await self._journal.ask(lambda store: memory.find(store, self._folder.name, key))
        if known is None or (known.is_whole and known.is_told and known.refused):
            # What was refused may be good by now, as its printer is registered; what was taken is known.
            return Taken(folder=self._folder.name, key=key, name=file.seen.name)
        return known

    async def _known_grown(self, file: OpenFile) -> Taken:
        """What is known of a file that is still what it was, only longer, perhaps under another name."""
        name, inode = file.seen.name, f"{file.seen.device}:{file.seen.inode}"
        new = Taken(folder=self._folder.name, key=f"grows:{name}", name=name, inode=inode)

        def known(store: Store) -> list[Taken | None]:
            by_inode = memory.find_by_inode(store, self._folder.name, inode)
            return [memory.find(store, self._folder.name, new.key), by_inode]

        for each in await self._journal.ask(known):
            if each is None or each.done > file.seen.size:
                continue
            if await asyncio.to_thread(file.marks, each.done) == each.marks:
                return replace(each, key=new.key, name=name, inode=inode)
        return new

    async def _take_part(self, file: OpenFile, taken: Taken) -> Taken:
        part = await asyncio.to_thread(self._read_part, file, taken)
        if self._folder.grows and not part.used:
            return taken
        refused_now = taken.refused + len(part.refused)
        if refused_now > max(MAX_REFUSED, taken.jobs + taken.duplicates + len(part.ready)):
            why = "; ".join(part.refused[0].reasons) if part.refused else ""
            raise Reject(f"has {refused_now} refused records and fewer good ones: is it the right mapping? {why}")
        done = taken.done + part.used
        marks = await asyncio.to_thread(file.marks, done)
        begins = self._folder.grows and not taken.done
        if begins:
            await asyncio.to_thread(finishing.set_aside, self._folder.path, taken.name)
        earlier = list[Brought]()
        *firsts, last = batched(part.ready)
        for batch in firsts:
            earlier += await self._intake.store([job for _, job in batch], only_new=True)
        kept = taken

        def after(store: Store, brought: Sequence[Brought]) -> None:
            nonlocal kept
            every = [*earlier, *brought]
            pairs = zip(part.ready, every, strict=True)
            late = [_differs(mapped) for (mapped, _), each in pairs if each.differs]
            refused = [*part.refused, *late]
            kept = replace(
                taken,
                done=done,
                marks=marks,
                progress=part.progress,
                is_whole=part.is_end and not self._folder.grows,
                is_told=taken.is_told and not refused,
                jobs=taken.jobs + sum(each.stored for each in every),
                duplicates=taken.duplicates + sum(map(_is_known, every)),
                refused=taken.refused + len(refused),
            )
            if begins:
                memory.drop_refused(store, kept.folder, kept.key)  # those of an earlier file of that name
            memory.remember(store, kept, self._clock.now())
            memory.refuse(store, kept, refused, newest=NEWEST_REFUSED if self._folder.grows else None)

        await self._intake.store([job for _, job in last], only_new=True, after=after)
        metrics.FILE_RECORDS.labels(self._folder.name, "refused").inc(kept.refused - taken.refused)
        metrics.FILE_RECORDS.labels(self._folder.name, "taken").inc(kept.jobs - taken.jobs)
        return kept

    def _read_part(self, file: OpenFile, taken: Taken) -> _Part:
        mapping = self._folder.mapping
        size = PART_BYTES if is_read_in_parts(mapping) else MAX_DOCUMENT_BYTES
        while True:
            raw = file.read(taken.done, min(size, file.seen.size - taken.done))
            is_end = taken.done + len(raw) >= file.seen.size
            part = map_part(mapping, raw, taken.progress, is_last=is_end and not self._folder.grows)
            if part.used or is_end:
                break
            size *= 2  # one record, or the records of one job, are larger than that
            if size > MAX_PART_BYTES:
                raise Reject(f"has a job whose records are larger than {MAX_PART_BYTES} bytes")
        ready: list[tuple[Mapped, ReadyJob]] = []
        refused: list[RefusedRecord] = []
        for mapped in part.mapped:
            try:
                ready.append((mapped, self._ready(mapped)))
            except Reject as error:
                reasons = [str(fault) for fault in mapped.faults] or [error.reason]
                refused.append(RefusedRecord(mapped.record, mapped.line, reasons, mapped.raw))
        return _Part(ready, refused, part.used, part.progress, is_end)

    def _ready(self, mapped: Mapped) -> ReadyJob:
        if mapped.job is None:
            raise Reject("can't be read")
        name = mapped.printer_name
        told = mapped.job.printer
        if name is None and told.id is None and told.serial is None:
            name = self._folder.printer
        printer = self._printers.named(name) if name is not None else None
        if name is not None and printer is None:
            if name == self._folder.printer:
                raise Retry(f"no printer {name} is registered, which the folder's files are said to be of")
            raise Reject(f"no printer {name} is registered: add it, then bring the file again")
        return self._intake.ready(mapped.job, source=self._folder.mapping.name, printer=printer)

    async def _tell_refused(self, taken: Taken) -> Taken:
        folder, key = self._folder, taken.key
        records = await self._journal.ask(lambda store: memory.refused(store, folder.name, key))
        path = await asyncio.to_thread(finishing.write_rejects, folder.path, taken.name, key, records)
        _log.warning("records_refused", folder=folder.name, records=taken.refused, told_in=path.name)
        told = replace(taken, is_told=True)

        def note(store: Store) -> None:
            memory.remember(store, told, self._clock.now())
            if told.is_whole:
                memory.drop_refused(store, folder.name, key)

        await self._journal.transact(note)
        return told


def batched(jobs: list[tuple[Mapped, ReadyJob]]) -> list[list[tuple[Mapped, ReadyJob]]]:
    """Jobs as the journal takes them at once; one batch, perhaps empty, at least."""
    return [jobs[start : start + BATCH] for start in range(0, max(1, len(jobs)), BATCH)]


def _is_known(brought: Brought) -> bool:
    """Whether it is a job that was told before, by this source or by another."""
    return brought.duplicate or brought.merged_into is not None


def _differs(mapped: Mapped) -> RefusedRecord:
    return RefusedRecord(mapped.record, mapped.line, [DIFFERS], mapped.raw)
