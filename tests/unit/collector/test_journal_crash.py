"""The journal against kill -9 and against disks that are full."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.collector.journal import Entry, Journal
from services.collector.journal.store import Store
from shared.clock import FixedClock
from shared.errors import ConfigError, Retry

ROOT = Path(__file__).parents[3]
WRITER = Path(__file__).with_name("journal_writer.py")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def _killed_in_the_middle(journal: Path, run: str, after: int) -> set[str]:
    """Runs the writer until it has acknowledged so many records, kills it, and gives what it acknowledged."""
    command = [sys.executable, str(WRITER), str(journal), run]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as it:
        assert it.stdout is not None
        told = [it.stdout.readline() for _ in range(after)]
        it.kill()
        told += it.stdout.readlines()
    assert it.returncode == -9
    return {line.strip() for line in told if line.endswith("\n")}


async def _all(journal: Journal) -> list[str]:
    found: list[str] = []
    after = 0
    while records := await journal.read(after):
        found += [record.value[: len(record.value) // 20].decode() for record in records]
        after = records[-1].number
    return found


async def test_kill_9_at_any_moment_loses_no_acknowledged_record_and_doubles_none(tmp_path: Path):
    chance = random.Random(7)
    path = tmp_path / "journal.sqlite"
    acknowledged: set[str] = set()
    for run in range(5):
        acknowledged |= _killed_in_the_middle(path, f"r{run}", chance.randint(1, 4_000))

    journal = Journal(path, clock=FixedClock(NOW))
    await journal.open()
    found = await _all(journal)
    backlog = await journal.backlog()
    await journal.close()

    assert acknowledged <= set(found)
    assert [each for each, times in Counter(found).items() if times > 1] == []
    assert backlog.records == len(found)


def _entry(number: int, size: int = 2_000) -> Entry:
    return Entry("jobs.v1", "p1", f"id-{number}", bytes([number % 251]) * size)


async def test_a_full_disk_is_a_retry_and_leaves_what_was_acknowledged(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    journal = Journal(path, clock=FixedClock(NOW), store=Store(path, max_pages=60))
    await journal.open()
    stored = 0
    with pytest.raises(Retry, match="full"):  # noqa: PT012 - it is not known which of them finds the disk full
        for number in range(1_000):
            await journal.append([_entry(number)])
            stored += 1
    assert "full" in (await journal.probe() or "")
    with pytest.raises(Retry):
        await journal.append([_entry(5_000), _entry(5_001, size=200_000)])

    records = await journal.read(limit=2_000)
    assert len(records) == stored > 10
    assert (await journal.backlog()).records == stored

    await journal.published([record.number for record in records])
    assert await journal.probe() is None
    assert await journal.append([_entry(5_000)]) == [False]
    await journal.close()


FULL_FILE_SYSTEM = """
import asyncio, resource, sys
from pathlib import Path
from services.collector.journal import Entry, Journal
from shared.clock import SystemClock
from shared.errors import Retry

async def main():
    journal = Journal(Path(sys.argv[1]), clock=SystemClock())
    await journal.open()
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    stored = refused = 0
    for number in range(400):
        try:
            await journal.append([Entry("jobs.v1", "p1", f"id-{number}", b"x" * 2_000)])
            stored += 1
        except Retry:
            refused += 1
    print(stored, refused, await journal.probe() is not None)

asyncio.run(main())
"""


async def test_a_write_that_the_system_refuses_is_a_retry_too(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs
        [sys.executable, "-c", FULL_FILE_SYSTEM, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
    )
    stored, refused, at_fault = done.stdout.splitlines()[-1].split()
    assert int(refused) > 10
    assert at_fault == "True"

    journal = Journal(path, clock=FixedClock(NOW))
    await journal.open()
    assert len(await journal.read(limit=2_000)) == int(stored) > 10
    await journal.close()


async def test_a_second_collector_on_the_same_file_fails_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.collector.journal.store.LOCK_WAIT_S", 0.05)
    path = tmp_path / "journal.sqlite"
    first, second = Journal(path, clock=FixedClock(NOW)), Journal(path, clock=FixedClock(NOW))
    await first.open()
    with pytest.raises(ConfigError, match="another collector"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


async def test_a_file_of_something_else_is_refused_with_a_remedy(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(ConfigError, match="Move it aside"):
        await Journal(path, clock=FixedClock(NOW)).open()
