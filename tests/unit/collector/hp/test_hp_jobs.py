"""The last jobs of a LaserJet are told once, whatever its numbers do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collector.access import SnmpAccess
from services.collector.snmp.agent import RecordingAgent
from services.collector.snmp.opening import Snmp
from services.collector.snmp.values import Oid, Tag, VarBind
from services.collector.sources.hp_jobs.memory import UP_TIME_WRAPS_S, Memory, news_of
from services.collector.sources.hp_jobs.reader import HpJobs
from services.collector.sources.hp_jobs.table import (
    ABORTED,
    CANCELLED,
    JOB_INFO,
    PROCESSING,
    STATE,
    column,
    details_of,
    details_oids,
    rows_of,
)
from services.collector.sources.source import PrinterState, Reading
from shared.events.jobs import PrinterRef, identified
from tests.fixtures.cups.process import free_port
from tests.fixtures.snmp.snmpd import start_snmpd, user_access
from tests.unit.collector.hp.laserjet import Job, objects
from tests.unit.collector.hp.plotter import NOON

REF = PrinterRef(id="p1", serial="VNB1")


async def look(told: dict[Oid, VarBind], cursor: str = "", *, now=NOON, version="2c") -> Reading:
    agent = RecordingAgent({"": told})
    port = await agent.listen()
    try:
        return await ask(SnmpAccess(version=version, port=port), cursor, now=now)
    finally:
        await agent.close()


async def ask(access: SnmpAccess, cursor: str = "", *, now=NOON) -> Reading:
    snmp = Snmp(timeout_s=2.0, attempts=2)
    try:
        return await HpJobs(snmp.session("127.0.0.1", access), REF).read(cursor, now, PrinterState())
    finally:
        await snmp.close()


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("instance", [(), (0,)])
async def test_a_job_with_its_person_pages_copies_and_ids(version: str, instance: tuple[int, ...]):
    name = "Übersicht der Flächen und Räume im Südflügel, Bauteil C.dwg"
    more = {3: "EXAMPLE", 5: "5805be78-cd86-4875-afb9-9c21113dcca0", 2: "PC-17"}
    job = Job(41, name=name, user="jörg", pages=6, copies=2, more=more, instance=instance)
    (record,) = (await look(objects(job), version=version)).jobs
    assert record.title == name
    assert record.person.claimed == "EXAMPLE\\jörg"
    assert (record.job.device_job_id, record.job.source) == ("41", "hp-job-info")
    assert (record.copies, record.lines[0].impressions, record.measured) == (2, 6, "by_device")
    assert record.correlation_id == "5805be78-cd86-4875-afb9-9c21113dcca0"
    assert (record.completed_at, record.outcome) == (NOON, "completed")
    assert identified(record).job.id


async def test_attributes_that_carry_their_own_name_are_read_by_it():
    job = Job(1, user="JobAcct1=alice", more={2: "JobAcct3=EXAMPLE", 3: "JobAcct2=PC-17"})
    assert (await look(objects(job))).jobs[0].person.claimed == "EXAMPLE\\alice"


async def test_a_job_is_told_once_and_only_when_it_has_ended():
    going = Job(2, state=PROCESSING)
    first = await look(objects(Job(1), going))
    second = await look(objects(Job(1), going), first.cursor)
    third = await look(objects(Job(1), Job(2)), second.cursor, now=NOON + timedelta(minutes=1))
    assert [job.job.device_job_id for job in first.jobs] == ["1"]
    assert (second.jobs, second.cursor) == ((), first.cursor)
    assert [(job.job.device_job_id, job.completed_at.minute) for job in third.jobs] == [("2", 1)]


async def test_how_jobs_ended():
    jobs = [Job(1, state=CANCELLED, pages=0), Job(2, state=CANCELLED), Job(3, state=ABORTED), Job(4)]
    found = [job.outcome for job in (await look(objects(*jobs))).jobs]
    assert found == ["cancelled_by_user", "partial", "aborted", "completed"]


async def test_a_number_that_is_given_again_is_another_job():
    """Numbers begin anew after 32,767."""
    first = await look(objects(Job(32_767, name="last"), Job(5, name="old")))
    second = await look(objects(Job(32_767, name="last"), Job(5, name="new")), first.cursor)
    assert [job.title for job in second.jobs] == ["new"]
    assert second.doubts == ()


async def test_after_power_up_the_same_number_and_name_is_another_job():
    first = await look(objects(Job(1), up_s=86_400))
    second = await look(objects(Job(1), up_s=300), first.cursor, now=NOON + timedelta(hours=1))
    third = await look(objects(Job(1), up_s=310), second.cursor, now=NOON + timedelta(hours=1))
    assert [len(reading.jobs) for reading in (first, second, third)] == [1, 1, 0]
    ids = {identified(job).job.id for job in (*first.jobs, *second.jobs)}
    assert len(ids) == 2


async def test_a_printer_that_shows_its_old_jobs_after_power_up_is_not_charged_twice():
    old = [Job(number, name=f"plan {number}") for number in range(40, 52)]
    first = await look(objects(*old, up_s=86_400))
    second = await look(objects(*old[1:], Job(52, name="new"), up_s=60), first.cursor)
    assert len(first.jobs) == 12
    assert [job.title for job in second.jobs] == ["new"]


def test_an_up_time_that_wrapped_after_497_days_is_no_power_up():
    rows = rows_of(objects(Job(1)))
    before = Memory(UP_TIME_WRAPS_S - 60, {1: rows[0].mark})
    assert news_of(rows, before, 30).ended == ()
    assert len(news_of(rows, Memory(86_400, before.marks), 30).ended) == 1


async def test_jobs_that_came_and_went_between_two_looks_are_told_of():
    first = await look(objects(Job(10)))
    second = await look(objects(*[Job(number) for number in range(20, 32)]), first.cursor)
    assert len(second.jobs) == 12
    assert second.doubts[0].startswith("9 jobs came and went between two looks")


async def test_other_makers_and_printers_without_the_table_have_no_jobs():
    assert (await look(objects(Job(1), system=(1, 3, 6, 1, 4, 1, 1602)))).jobs == ()
    assert (await look(objects())).jobs == ()
    assert (
        await look({(1, 3, 6, 1, 2, 1, 1, 1, 0): VarBind((1, 3, 6, 1, 2, 1, 1, 1, 0), Tag.OCTETS, b"x")})
    ).jobs == ()


@pytest.mark.needs("snmpd")
async def test_debians_agent_is_read_alike_by_every_version(tmp_path):
    port = free_port()
    jobs = [Job(number, name=f"Prüfung {number}") for number in (3, 10, 2, 32_767)]
    running = start_snmpd(tmp_path, objects(*jobs), port)
    try:
        found = [
            await ask(access)
            for access in (
                SnmpAccess(version="1", port=port),
                SnmpAccess(version="2c", port=port),
                user_access(port),
            )
        ]
    finally:
        running.stop()
    assert [job.title for job in found[0].jobs] == ["Prüfung 2", "Prüfung 3", "Prüfung 10", "Prüfung 32767"]
    assert found[0].jobs == found[1].jobs == found[2].jobs


VALUES = st.one_of(
    st.tuples(st.just(Tag.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(Tag.OCTETS), st.binary(max_size=60)),
    st.tuples(st.just(Tag.OID), st.just((1, 3, 6))),
)
INDEXES = st.lists(st.integers(0, 2**32 - 1), max_size=4).map(tuple)
COLUMN = st.sampled_from([STATE, STATE, 1, 2, 13, 14, 23, 24])


@given(st.lists(st.tuples(COLUMN, INDEXES, VALUES), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_objects_are_read(cells):
    told = {(*column(at), *index): VarBind((*column(at), *index), tag, value) for at, index, (tag, value) in cells}
    rows = rows_of(told)
    news = news_of(rows, Memory.parse(Memory(7, {1: "x"}).text()), 3)
    assert news_of(rows, news.after, 4).ended == ()
    for row in news.ended:
        assert all(oid[: len(JOB_INFO)] == JOB_INFO for oid in details_oids(row))
        details_of(told, row)
