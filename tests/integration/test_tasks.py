"""Tasks are done once for all that goes wrong: services die in the middle of them, and people call them off."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import pytest_asyncio

from services.accounting import tasks as module
from services.accounting.tasks import ATTEMPTS, Tasks
from shared.http.problems import PreconditionFailed
from shared.postgres import open_pool
from tests.deadline import eventually_async


@pytest_asyncio.fixture
async def pool(database_url):
    opened = await open_pool(database_url, max_size=4)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nobody waits for long."""
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    monkeypatch.setattr(module, "POLL_S", 0.05)


async def add(pool, tasks):
    async with pool.connection() as connection:
        task = await tasks.add(connection, "what-if", {"asked": "something"}, actor="anna")
    tasks.wake()
    return task


async def run_out(pool):
    """What a dead service holds is held no longer."""
    async with pool.connection() as connection:
        await connection.execute("UPDATE accounting.task SET lease_until = now() - interval '1 second'")


async def died_during(tasks, task):
    """A service takes the task up and ends in the middle of it, without a word."""
    has_begun = asyncio.Event()

    async def work(_, count):
        count.done = 7
        has_begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(tasks.run({task.kind: work}))
    async with asyncio.timeout(30):
        await has_begun.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def ended(tasks, task):
    async def found():
        now = await tasks.get(task.kind, task.id)
        return now if now.ended_at else None

    return await eventually_async(found, within_s=30, what="the task ends")


async def run_until_ended(tasks, task, work):
    running = asyncio.create_task(tasks.run({task.kind: work}))
    try:
        return await ended(tasks, task)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def finds(task, count):
    """Work that does not take long."""
    await count.add(3)
    return {"found": task.request["asked"]}


async def test_a_task_whose_service_died_is_begun_anew_by_another(pool):
    first, second = Tasks(pool), Tasks(pool)
    task = await add(pool, first)
    await died_during(first, task)
    left = await first.get(task.kind, task.id)
    assert (left.state, left.attempts, left.ended_at) == ("running", 1, None)

    await run_out(pool)
    done = await run_until_ended(second, task, finds)

    assert (done.state, done.attempts, done.done, done.result) == ("done", 2, 3, {"found": "something"})


async def test_a_service_whose_claim_was_taken_over_says_nothing_any_more(pool):
    slow, quick_one = Tasks(pool), Tasks(pool)
    task = await add(pool, slow)
    has_begun, is_stopped = asyncio.Event(), asyncio.Event()

    async def work(_, count):
        count.done = 7
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_stopped.set()

    running = asyncio.create_task(slow.run({"what-if": work}))
    async with asyncio.timeout(30):
        await has_begun.wait()
        async with pool.connection() as connection:  # as another service's claim does
            await connection.execute(
                "UPDATE accounting.task SET attempts = 2, lease_until = now() - interval '1 s'"
            )
        await is_stopped.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    done = await run_until_ended(quick_one, task, finds)
    assert (done.state, done.attempts, done.done) == ("done", 3, 3)


async def test_a_task_that_services_die_of_is_not_tried_for_ever(pool):
    tasks = Tasks(pool)
    task = await add(pool, tasks)
    for _ in range(ATTEMPTS):
        await died_during(tasks, task)
        await run_out(pool)

    failed = await run_until_ended(tasks, task, finds)

    assert (failed.state, failed.result) == ("failed", None)
    assert "3 times" in failed.problem


async def test_a_task_is_called_off_while_it_runs(pool):
    tasks = Tasks(pool)
    task = await add(pool, tasks)
    has_begun = asyncio.Event()

    async def work(_, count):
        count.done = 7
        has_begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(tasks.run({"what-if": work}))
    async with asyncio.timeout(30):
        await has_begun.wait()
    with pytest.raises(PreconditionFailed):
        await tasks.cancel(task.kind, task.id, if_match=task.etag)
    seen = await tasks.get(task.kind, task.id)
    asked = await tasks.cancel(task.kind, task.id, if_match=seen.etag)
    assert (asked.state, asked.cancel_asked) == ("running", True)

    cancelled = await ended(tasks, task)
    assert (cancelled.state, cancelled.done, cancelled.result) == ("cancelled", 7, None)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
