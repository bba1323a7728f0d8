"""The journal: what goes in once comes out once, in order, until it is let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.collector.journal import Entry, Journal
from services.collector.journal.store import Store
from shared.clock import FixedClock
from shared.errors import Retry

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def entry(event_id: str, value: bytes = b"{}", *, key: str = "p1", source: str = "") -> Entry:
    numbered = (lambda number: b"%d" % number) if source else None
    return Entry("jobs.v1", key, event_id, value, source, numbered)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "deep" / "journal.sqlite", clock=FixedClock(NOW))
    await made.open()
    yield made
    await made.close()


async def test_the_same_id_with_the_same_payload_is_stored_once(journal: Journal):
    assert await journal.append([entry("a"), entry("a"), entry("b")]) == [False, True, False]
    assert await journal.append([entry("a")]) == [True]
    assert len(await journal.read()) == 2


async def test_the_same_id_with_another_payload_is_a_further_record(journal: Journal):
    await journal.append([entry("a", b"1")])
    assert await journal.append([entry("a", b"2")]) == [False]
    assert [record.value for record in await journal.read()] == [b"1", b"2"]


async def test_what_was_published_is_let_go_but_remembered(journal: Journal):
    await journal.append([entry("a"), entry("b")])
    records = await journal.read()
    await journal.published([records[0].number])
    assert [record.number for record in await journal.read()] == [records[1].number]
    assert await journal.append([entry("a")]) == [True]
    assert await journal.known(["a", "c"]) == {"a"}


async def test_each_source_has_running_numbers_without_gaps(journal: Journal):
    await journal.append([entry("a", source="s1"), entry("b", source="s2"), entry("c", source="s1")])
    await journal.append([entry("a", source="s1"), entry("d", source="s1")])
    assert [record.value for record in await journal.read()] == [b"1", b"1", b"2", b"3"]


async def test_requests_at_the_same_time_all_get_their_own_answer(journal: Journal):
    answers = await asyncio.gather(*(journal.append([entry(f"id-{n % 50}")]) for n in range(200)))
    assert sum(not duplicate for (duplicate,) in answers) == 50
    assert (await journal.backlog()).records == 50


async def test_one_bad_request_does_not_fail_the_others_of_its_group(journal: Journal):
    bad = entry("\ud800")
    results = await asyncio.gather(
        journal.append([entry("a")]), journal.append([bad]), journal.append([entry("b")]), return_exceptions=True
    )
    assert [results[0], results[2]] == [[False], [False]]
    assert isinstance(results[1], UnicodeEncodeError)
    assert (await journal.backlog()).records == 2


async def test_a_batch_is_stored_whole_or_not_at_all(journal: Journal):
    with pytest.raises(UnicodeEncodeError):
        await journal.append([entry("a"), entry("\ud800")])
    assert (await journal.backlog()).records == 0
    assert await journal.append([entry("a")]) == [False]


async def test_a_cursor_is_stored_with_the_jobs_it_belongs_to(journal: Journal):
    assert await journal.cursor("printer:1") == ""
    await journal.append([entry("a")], cursor=("printer:1", "here"))
    with pytest.raises(UnicodeEncodeError):
        await journal.append([entry("\ud800")], cursor=("printer:1", "there"))
    assert await journal.cursor("printer:1") == "here"


async def test_the_backlog_tells_how_many_wait_and_since_when(tmp_path: Path):
    clock = FixedClock(NOW)
    journal = Journal(tmp_path / "journal.sqlite", clock=clock)
    await journal.open()
    assert (await journal.backlog()).oldest_at is None
    await journal.append([entry("a")])
    clock.advance(timedelta(minutes=1))
    await journal.append([entry("b")])
    backlog = await journal.backlog()
    assert (backlog.records, backlog.oldest_at) == (2, NOW)
    await journal.close()


async def test_what_kafka_never_takes_is_set_aside_and_counted(journal: Journal):
    await journal.append([entry("a"), entry("b")])
    first = (await journal.read())[0]
    await journal.refuse(first.number, "too large")
    backlog = await journal.backlog()
    assert (backlog.records, backlog.refused) == (1, 1)


async def test_what_was_set_aside_waits_in_its_place_again_after_a_start(journal: Journal, tmp_path: Path):
    await journal.append([entry("a"), entry("b")])
    first = (await journal.read())[0]
    await journal.refuse(first.number, "too large")
    await journal.close()
    again = Journal(tmp_path / "deep" / "journal.sqlite", clock=FixedClock(NOW))
    await again.open()
    backlog = await again.backlog()
    assert (backlog.records, backlog.refused) == (2, 0)
    assert (await again.read())[0] == first
    await again.close()


async def test_memory_of_old_ids_is_bounded(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    journal = Journal(path, clock=FixedClock(NOW), store=Store(path, remembered=100))
    await journal.open()
    for start in range(0, 1_000, 50):
        await journal.append([entry(f"id-{number}") for number in range(start, start + 50)])
        await journal.published([record.number for record in await journal.read()])
    known = await journal.known([f"id-{number}" for number in range(1_000)])
    assert {f"id-{number}" for number in range(900, 1_000)} <= known
    assert len(known) <= 101
    await journal.close()


async def test_the_file_is_for_its_owner_only(journal: Journal, tmp_path: Path):
    await journal.append([entry("a")])
    folder = tmp_path / "deep"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "journal.sqlite": 0o600,
        "journal.sqlite-wal": 0o600,
    }


async def test_a_closed_journal_takes_nothing(journal: Journal):
    await journal.close()
    with pytest.raises(Retry, match="stops"):
        await journal.append([entry("a")])
