"""Appends to a journal as fast as it can and prints what was acknowledged; killed by test_journal_crash.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.collector.journal import Entry, Journal
from shared.clock import SystemClock

WRITERS = 8
PER_REQUEST = 7


async def _write(journal: Journal, run: str, writer: int) -> None:
    for turn in range(1_000_000):
        first = turn * PER_REQUEST
        ids = [f"{run}-{writer}-{first + offset}" for offset in range(PER_REQUEST)]
        entries = [Entry("jobs.v1", f"p{writer}", each, each.encode() * 20, "s") for each in ids]
        # Each id twice: what was acknowledged must be there once.
        await journal.append(entries)
        await journal.append(entries[:2])
        sys.stdout.write("".join(f"{each}\n" for each in ids))
        sys.stdout.flush()


async def main(path: Path, run: str) -> None:
    journal = Journal(path, clock=SystemClock())
    await journal.open()
    await asyncio.gather(*(_write(journal, run, writer) for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
