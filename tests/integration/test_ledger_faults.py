"""Workers that are killed, frozen or cut off, and poison in mid-batch: every job counts once, all the same."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from services.accounting.ledger.worker import Ledger, LedgerOptions
from services.accounting.verify import rebuild, verify
from shared import group_consumer
from shared.errors import ConfigError, TooManyRejects
from shared.group_consumer import GroupConsumer
from shared.ids import job_id, job_key
from shared.kafka import make_producer, start
from tests.deadline import eventually, eventually_async

START: Final = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
AREA_MM2: Final = 499_554
POISON: Final = (
    b"not json",
    b'{"specversion": "1.0"}',
    None,
    json.dumps({"data": "\0"}).encode(),
    b"\xff\xfe",
)


def event(number: int, *, lines: int = 1, area_mm2: int = AREA_MM2, **changes: Any) -> bytes:
    """One job; the same number is the same job."""
    completed = (START + timedelta(seconds=5 * number)).isoformat()
    data = {
        "job": {"device_job_id": str(number), "source": "ipp"},
        "printer": {"id": "plotter"},
        "person": {"claimed": f"user-{number % 7}"},
        "completed_at": completed,
        "lines": [{"media": "plain", "category": "line-colour", "printed_area_mm2": area_mm2}] * lines,
    }
    head = {"specversion": "1.0", "id": "1", "source": "/test", "type": "print.job.completed.v1"}
    return json.dumps(head | {"time": completed, "data": data | changes}).encode()


def produce(bootstrap: str, topic: str, values: list[tuple[int, bytes | None]]) -> None:
    """Sends values to partitions."""

    async def send() -> None:
        producer = await start(make_producer(bootstrap, "test"), bootstrap)
        try:
            sent = [await producer.send(topic, value, b"plotter", partition) for partition, value in values]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(send())


@pytest.fixture
def options(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> LedgerOptions:
    return LedgerOptions(
        database_url=database_url,
        bootstrap=kafka_bootstrap,
        topic=f"{topic_prefix}jobs.v1",
        group=f"{topic_prefix}ledger",
        instance="worker-1",
        max_batch=100,
    )


Run = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts workers as processes; what is left of them is killed at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(options: LedgerOptions, how: str = "fenced") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.ledger_worker", how]
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen([*command, msgspec.json.encode(options).decode()], stderr=log)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row
        return row[0] if len(row) == 1 else row


def taken(url: str) -> int:
    """How many records were taken, of all partitions."""
    return int(ask(url, "SELECT coalesce(sum(next_offset), 0) FROM accounting.offsets WHERE topic <> ''"))


def assert_exact(url: str, jobs: int, dead_letters: int = 0) -> None:
    """Each job once, money and sums right, everything refused kept once."""
    assert ask(url, "SELECT count(*), count(DISTINCT job_key) FROM accounting.job") == (jobs, jobs)
    assert ask(url, "SELECT sum(jobs), sum(printed_area_mm2) FROM accounting.rollup_printer") == (
        jobs,
        jobs * AREA_MM2,
    )
    assert ask(url, "SELECT count(*) FROM accounting.dead_letter") == dead_letters
    report = verify(url)
    assert report.ok, report.findings


def stream(jobs: int) -> list[tuple[int, bytes | None]]:
    """Jobs over two partitions; each 30th again in the other partition, each 50th followed by poison."""
    values: list[tuple[int, bytes | None]] = []
    for number in range(jobs):
        values.append((number % 2, event(number)))
        if number % 30 == 0:
            values.append((1 - number % 2, event(number)))
        if number % 50 == 0:
            values.append((number % 2, POISON[number // 50 % len(POISON)]))
    return values


def test_a_worker_killed_in_the_middle_of_batches_loses_and_doubles_nothing(
    options: LedgerOptions, run: Run
) -> None:
    values = stream(1_500)
    produce(options.bootstrap, options.topic, values)

    deaths = 0
    while taken(options.database_url) < len(values):
        worker = run(options, "dying")
        eventually(
            lambda worker=worker: worker.poll() is not None or taken(options.database_url) == len(values),
            within_s=60,
            what="the worker dies or is done",
        )
        deaths += worker.poll() == -signal.SIGKILL

    assert deaths >= 4
    assert_exact(options.database_url, 1_500, dead_letters=30)


def correction(number: int) -> bytes:
    """Takes a job of `event` back and puts another one of the same area in its place."""
    completed = START + timedelta(seconds=5 * number)
    key = job_key("plotter", str(number), completed)
    job = json.loads(event(number))["data"] | {"job": {"key": f"{key}#1"}}
    data = {"corrects": str(job_id(completed, key)), "reason": "better_reading", "words": "w", "replacement": job}
    head = {"specversion": "1.0", "id": "1", "source": "/test", "type": "print.job.corrected.v1"}
    return json.dumps(head | {"time": completed.isoformat(), "data": data}).encode()


def test_corrections_count_once_although_the_worker_dies_in_the_middle_of_batches(
    options: LedgerOptions, run: Run
) -> None:
    # Every tenth job is corrected, every other one of those before the job itself comes, in another partition.
    values: list[tuple[int, bytes | None]] = []
    for number in range(1_000):
        here = number % 2
        pair = [(here, event(number))]
        if number % 10 == 0:
            pair.insert(number // 10 % 2, (1 - here, correction(number)))
        values += pair + pair[-1:]
    produce(options.bootstrap, options.topic, values)

    deaths = 0
    while taken(options.database_url) < len(values):
        worker = run(options, "dying")
        eventually(
            lambda worker=worker: worker.poll() is not None or taken(options.database_url) == len(values),
            within_s=90,
            what="the worker dies or is done",
        )
        deaths += worker.poll() == -signal.SIGKILL

    assert deaths >= 4
    assert ask(options.database_url, "SELECT count(*) FROM accounting.job") == 1_100
    counted = "SELECT sum(jobs), sum(printed_area_mm2) FROM accounting.rollup_printer"
    assert ask(options.database_url, counted) == (1_000, 1_000 * AREA_MM2)
    assert ask(options.database_url, "SELECT count(*) FROM accounting.waiting_correction") == 0
    report = verify(options.database_url)
    assert report.ok, report.findings


def test_without_the_fence_a_killed_worker_loses_jobs(options: LedgerOptions, run: Run) -> None:
    values = stream(600)
    produce(options.bootstrap, options.topic, values)

    while taken(options.database_url) < len(values):
        worker = run(options, "unfenced")
        eventually(
            lambda worker=worker: worker.poll() is not None or taken(options.database_url) == len(values),
            within_s=60,
            what="the worker dies or is done",
        )

    with pytest.raises(AssertionError):
        assert_exact(options.database_url, 600, dead_letters=12)


def test_a_frozen_worker_that_wakes_up_is_fenced(options: LedgerOptions, run: Run, tmp_path: Path) -> None:
    url, values = options.database_url, stream(3_000)
    produce(options.bootstrap, options.topic, values[:2_000])
    frozen = run(options)
    eventually(lambda: taken(url) > 100, within_s=60, what="the first worker has begun")
    os.kill(frozen.pid, signal.SIGSTOP)

    run(dataclasses.replace(options, instance="worker-2"))
    eventually(lambda: taken(url) == 2_000, within_s=60, what="the second worker took over")
    os.kill(frozen.pid, signal.SIGCONT)
    produce(options.bootstrap, options.topic, values[2_000:])

    eventually(lambda: taken(url) == len(values), within_s=60, what="all is taken")
    assert_exact(url, 3_000, dead_letters=60)


def test_two_workers_told_the_same_jobs_charge_each_once(options: LedgerOptions, run: Run, tmp_path: Path) -> None:
    workers = [run(dataclasses.replace(options, instance=f"worker-{number}")) for number in (1, 2)]
    log = tmp_path / "worker.log"
    eventually(
        lambda: all(f'"offsets": {{"{partition}": 0}}' in log.read_text() for partition in (0, 1)),
        within_s=60,
        what="each worker has a partition of its own",
    )
    values = [(partition, event(number)) for number in range(2_000) for partition in (0, 1)]
    produce(options.bootstrap, options.topic, values)

    eventually(lambda: taken(options.database_url) == len(values), within_s=60, what="all is taken")

    assert all(worker.poll() is None for worker in workers)
    assert_exact(options.database_url, 2_000)


def test_connections_cut_in_mid_batch_change_nothing(options: LedgerOptions, run: Run) -> None:
    url, values = options.database_url, stream(2_000)
    produce(options.bootstrap, options.topic, values)
    worker = run(options)
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'inkmeter-ledger'"
    )

    looks = itertools.count()

    def cut_and_look() -> bool:
        # Not at every look: on a busy machine nothing at all would come to its end between two of them.
        if next(looks) % 4 == 0:
            ask(url, cut + " AND datname = current_database() AND state <> 'idle'")
        return taken(url) == len(values)

    eventually(cut_and_look, within_s=90, what="all is taken")

    assert worker.poll() is None
    assert_exact(url, 2_000, dead_letters=40)


async def test_what_only_the_database_refuses_is_found_by_halving(options: LedgerOptions) -> None:
    url = options.database_url
    huge = 10**15
    values: list[tuple[int, bytes | None]] = []
    for number in range(200):
        values.append((0, event(number)))
        if number % 20 == 0:
            values.append((0, event(10_000 + number, lines=1_000, area_mm2=huge, completed_at=START.isoformat())))
    await asyncio.to_thread(produce, options.bootstrap, options.topic, values)
    ledger = asyncio.create_task(Ledger(options).run())

    async def all_taken() -> bool:
        assert not ledger.done() or ledger.result() is None
        return taken(url) == len(values)

    await eventually_async(all_taken, within_s=60, what="all is taken")
    ledger.cancel()
    await asyncio.wait([ledger])

    [reason] = ask(url, "SELECT array_agg(DISTINCT reason) FROM accounting.dead_letter")
    assert "out of range" in reason
    assert ask(url, "SELECT count(*) FROM accounting.job") == 200 + 9
    assert ask(url, "SELECT count(*) FROM accounting.dead_letter") == 1
    assert verify(url).ok


async def test_a_worker_whose_client_lost_kafka_for_ever_makes_another_one(
    options: LedgerOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[GroupConsumer] = []

    class Deaf(GroupConsumer):
        """The first of them hears nothing, and knows it when asked."""

        def __init__(self, settings: dict[str, Any]) -> None:
            super().__init__(settings)
            made.append(self)

        def consume(self, limit: int, timeout: float) -> list[Message]:
            messages = super().consume(limit, timeout)
            return [] if self is made[0] else messages

        def check_reach(self) -> None:
            if self is made[0]:
                raise KafkaException(KafkaError(KafkaError._TRANSPORT))
            super().check_reach()

    monkeypatch.setattr(group_consumer, "GroupConsumer", Deaf)
    monkeypatch.setattr(group_consumer, "SILENT_S", 1.0)
    await asyncio.to_thread(produce, options.bootstrap, options.topic, [(0, event(1)), (1, event(2))])
    ledger = asyncio.create_task(Ledger(options).run())

    async def all_taken() -> bool:
        return await asyncio.to_thread(taken, options.database_url) == 2

    try:
        await eventually_async(all_taken, within_s=60, what="both jobs are taken")
    finally:
        ledger.cancel()
        await asyncio.wait([ledger])
    assert len(made) == 2
    await asyncio.to_thread(assert_exact, options.database_url, 2)


async def test_a_worker_stops_before_everything_is_set_aside(options: LedgerOptions) -> None:
    await asyncio.to_thread(produce, options.bootstrap, options.topic, [(0, b"rubbish")] * 50)
    with pytest.raises(TooManyRejects, match="refused 21 records in a row"):
        await asyncio.wait_for(Ledger(dataclasses.replace(options, max_rejects_in_row=20)).run(), 30)
    assert ask(options.database_url, "SELECT count(*) FROM accounting.dead_letter") == 0
    assert taken(options.database_url) == 0


async def test_a_topic_made_anew_is_told_and_not_skipped(options: LedgerOptions) -> None:
    with psycopg.connect(options.database_url) as connection:
        connection.execute("INSERT INTO accounting.stream VALUES (0, %s)", [options.topic])
        connection.execute("INSERT INTO accounting.offsets VALUES (%s, 0, 500, 1, 0)", [options.topic])
    with pytest.raises(ConfigError, match="made anew"):
        await asyncio.wait_for(Ledger(options).run(), 30)


async def test_rollups_that_were_tampered_with_are_found_and_made_anew(options: LedgerOptions) -> None:
    url = options.database_url
    await asyncio.to_thread(produce, options.bootstrap, options.topic, [(0, event(n)) for n in range(20)])
    ledger = asyncio.create_task(Ledger(options).run())

    async def all_taken() -> bool:
        return taken(url) == 20

    await eventually_async(all_taken, within_s=30, what="all is taken")
    ledger.cancel()
    await asyncio.wait([ledger])
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE accounting.rollup_person SET jobs = jobs + 1 WHERE person_no = 1")
        connection.execute("DELETE FROM accounting.rollup_media")

    report = verify(url)

    assert {each.check: each.wrong for each in report.findings if each.wrong} == {
        "rollup_person": 1,
        "rollup_media": 1,
    }
    rebuild(url)
    assert verify(url).ok


def test_workers_that_meet_a_new_month_at_once_make_it_once(database_url: str) -> None:
    month = "SELECT accounting.make_month('2031-05-01')"
    with psycopg.connect(database_url) as first, ThreadPoolExecutor(1) as thread:
        assert first.execute(month.encode()).fetchone() == (True,)
        second = thread.submit(ask, database_url, month)
        eventually(
            lambda: ask(database_url, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 1,
            within_s=10,
            what="the second one waits",
        )
        first.commit()
        assert second.result(10) is False


@pytest.mark.parametrize("statement", ["UPDATE {} SET posted_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["accounting.job", "accounting.charge", "accounting.charge_2026_11"])
def test_the_ledger_refuses_to_be_changed(database_url: str, statement: str, table: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT accounting.make_month('2026-11-01')")
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
            connection.execute(statement.format(table).encode())
