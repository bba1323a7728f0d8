"""Cursors on their way from collector to collector: never ahead of what Kafka has, never lost, never another's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.collector.assignment.handover import Handover
from services.collector.assignment.store import Kept, Taken
from services.collector.journal import Entry, Journal
from services.collector.polling.look import CURSOR_PREFIX
from shared.clock import FixedClock
from shared.errors import Retry

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NAME = CURSOR_PREFIX + "p1"


class MemoryRows:
    """The rows of PostgreSQL: owner, released, and what is kept."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, bool, Kept]] = {}
        self.me = "c1"
        self.away = False

    def _ask(self) -> None:
        if self.away:
            raise Retry("PostgreSQL is away")

    async def take(self, printer_ids: Sequence[str], *, waited: bool) -> list[Taken]:
        self._ask()
        taken = []
        for each in printer_ids:
            owner, released, kept = self.rows.get(each, (self.me, True, Kept("", "", ())))
            if owner == self.me or released or waited:
                self.rows[each] = (self.me, False, kept)
                taken.append(Taken(each, kept, owner == self.me))
        return taken

    async def keep(self, cursors: dict[str, Kept]) -> None:
        self._ask()
        for each, kept in cursors.items():
            if self.rows[each][0] == self.me:
                self.rows[each] = (self.me, self.rows[each][1], kept)

    async def keep_first(self, printer_id: str, reading_id: str, cursor: str) -> None:
        self._ask()
        if not self.rows[printer_id][2].cursor:
            self.rows[printer_id] = (self.me, False, Kept(reading_id, cursor, ()))

    async def release(self, printer_ids: Sequence[str]) -> None:
        self._ask()
        for each in printer_ids:
            self.rows[each] = (self.me, True, self.rows[each][2])


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", clock=FixedClock(NOW))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows()


async def read_up_to(journal: Journal, handover: Handover, cursor: str, *job_ids: str) -> None:
    await journal.append([Entry("jobs.v1", "p1", each, b"{}") for each in job_ids], cursor=(NAME, cursor))
    handover.note("p1", "p1", cursor, job_ids)


async def test_a_cursor_is_copied_once_kafka_has_what_was_read(journal: Journal, rows: MemoryRows):
    handover = Handover(rows, journal)
    await handover.take(["p1"], waited=False)
    await read_up_to(journal, handover, "one", "job-1")
    await handover.copy()
    assert rows.rows["p1"][2] == Kept("", "", ())
    await journal.published([record.number for record in await journal.read()])
    await handover.copy()
    assert rows.rows["p1"][2] == Kept("p1", "one", ("job-1",))


async def test_a_printer_is_let_go_of_with_its_last_cursor(journal: Journal, rows: MemoryRows):
    handover = Handover(rows, journal)
    await handover.take(["p1"], waited=False)
    await read_up_to(journal, handover, "one", "job-1")
    handover.release({"p1"})
    await handover.copy()
    assert not rows.rows["p1"][1], "Kafka has not got the job yet"
    await journal.published([1])
    await handover.copy()
    assert rows.rows["p1"] == ("c1", True, Kept("p1", "one", ("job-1",)))


async def test_what_another_one_has_read_is_known_here(journal: Journal, rows: MemoryRows):
    rows.rows["p1"] = ("c2", True, Kept("p1", "theirs", ("job-1", "job-2")))
    await journal.append([], cursor=(NAME, "of long ago"))
    handover = Handover(rows, journal)
    assert await handover.take(["p1"], waited=False) == {"p1"}
    assert await journal.cursor(NAME) == "theirs"
    assert await journal.known(["job-1", "job-2", "job-3"]) == {"job-1", "job-2"}


async def test_what_only_this_collector_has_read_goes_on_from_its_own_journal(journal: Journal, rows: MemoryRows):
    rows.rows["p1"] = ("c1", False, Kept("p1", "copied", ()))
    await journal.append([], cursor=(NAME, "newer"))
    await Handover(rows, journal).take(["p1"], waited=False)
    assert await journal.cursor(NAME) == "newer"


async def test_a_journal_that_was_lost_goes_on_from_the_copy(journal: Journal, rows: MemoryRows):
    rows.rows["p1"] = ("c1", False, Kept("p1", "copied", ("job-1",)))
    await Handover(rows, journal).take(["p1"], waited=False)
    assert await journal.cursor(NAME) == "copied"
    assert await journal.known(["job-1"]) == {"job-1"}


async def test_what_was_read_before_printers_were_shared_is_copied(journal: Journal, rows: MemoryRows):
    await journal.append([], cursor=(NAME, "old"))
    handover = Handover(rows, journal)
    await handover.take(["p1"], waited=False)
    await handover.copy()
    assert rows.rows["p1"][2].cursor == "old"


async def test_a_cursor_that_was_not_copied_in_time_never_overwrites_a_later_one(
    journal: Journal, rows: MemoryRows
):
    handover = Handover(rows, journal)
    await handover.take(["p1"], waited=False)
    await read_up_to(journal, handover, "mine", "job-1")
    rows.rows["p1"] = ("c2", False, Kept("p1", "theirs", ("job-1", "job-2")))
    await journal.published([1])
    await handover.copy()
    assert rows.rows["p1"][2].cursor == "theirs"

    await read_up_to(journal, handover, "mine again", "job-3")
    await handover.take(["p1"], waited=True)
    await journal.published([2])
    await handover.copy()
    assert rows.rows["p1"][2].cursor == "theirs"


async def test_the_first_cursor_is_copied_at_once_and_nobody_waits_for_a_postgresql_that_is_away(
    journal: Journal, rows: MemoryRows
):
    handover = Handover(rows, journal)
    await handover.take(["p1", "p2"], waited=False)
    await handover.first("p1", "p1", "one")
    assert rows.rows["p1"][2].cursor == "one"
    rows.away = True
    await handover.first("p2", "p2", "two")
    assert rows.rows["p2"][2].cursor == ""


async def test_nothing_is_forgotten_while_postgresql_is_away(journal: Journal, rows: MemoryRows):
    handover = Handover(rows, journal)
    await handover.take(["p1"], waited=False)
    await read_up_to(journal, handover, "one", "job-1")
    await journal.published([1])
    handover.release({"p1"})
    rows.away = True
    with pytest.raises(Retry):
        await handover.copy()
    rows.away = False
    await handover.copy()
    assert rows.rows["p1"] == ("c1", True, Kept("p1", "one", ("job-1",)))


async def test_a_stop_lets_go_of_all(journal: Journal, rows: MemoryRows):
    handover = Handover(rows, journal)
    await handover.take(["p1", "p2"], waited=False)
    await handover.close({"p1", "p2"})
    assert [released for _, released, _ in rows.rows.values()] == [True, True]
