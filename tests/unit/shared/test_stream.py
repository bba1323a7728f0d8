"""How a batch consumer settles a batch: effects, retries, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shared.backoff import Backoff
from shared.errors import Reject, Retry, TooManyRejects
from shared.stream import Batch, Handler, Options, Record, consume
from shared.testing.stream import FakeBroker, FakeDeadLetters, FakeSource

STEADY = Options(name="test", max_records=100, backoff=lambda: Backoff(jitter=lambda: 1.0))


class Ledger:
    """A handler with a durable effect that the test can make fail."""

    def __init__(self, refuse: Callable[[Record], bool] = lambda _record: False) -> None:
        self.effects: list[str] = []
        self.calls: list[int] = []
        self.failures: list[Exception] = []
        self.refuse = refuse
        self.called = asyncio.Event()

    async def __call__(self, records: Batch) -> None:
        self.calls.append(len(records))
        self.called.set()
        if self.failures:
            raise self.failures.pop(0)
        for record in records:
            if self.refuse(record):
                raise Reject(f"{record.offset} is bad")
        self.effects += [record.place for record in records]


async def run_until(
    done: Callable[[], bool],
    source: FakeSource,
    handler: Handler,
    letters: FakeDeadLetters,
    options: Options = STEADY,
) -> None:
    """Runs the consumer until the condition holds, then stops it gracefully."""
    stop = asyncio.Event()
    task = asyncio.create_task(consume(source, handler, letters, options, stop=stop))
    async with asyncio.timeout(10):
        while not done() and not task.done():  # noqa: ASYNC110 - gives way to the consumer, waits for no time
            await asyncio.sleep(0)
        stop.set()
        await task


def filled(count: int, partitions: int = 1) -> FakeBroker:
    broker = FakeBroker(partitions=partitions)
    for number in range(count):
        broker.produce(b"%d" % number, partition=number % partitions)
    return broker


async def test_a_batch_is_committed_after_its_effect() -> None:
    broker, ledger = filled(3), Ledger()
    seen: list[dict[int, int]] = []

    async def handler(records: Batch) -> None:
        seen.append(dict(broker.committed))
        await ledger(records)

    await run_until(lambda: bool(broker.committed), FakeSource(broker), handler, FakeDeadLetters())
    assert seen == [{}]
    assert broker.committed == {0: 3}
    assert ledger.effects == ["test.v1/0/0", "test.v1/0/1", "test.v1/0/2"]


async def test_a_retry_holds_the_same_batch_for_longer_and_longer_up_to_a_bound() -> None:
    broker, ledger = filled(2), Ledger()
    source = FakeSource(broker)
    ledger.failures = [Retry("database down")] * 12
    await run_until(lambda: broker.committed == {0: 2}, source, ledger, FakeDeadLetters())
    assert ledger.calls == [2] * 13
    assert source.held_s[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(source.held_s) == source.held_s[-1] == 15.0
    assert ledger.effects == ["test.v1/0/0", "test.v1/0/1"]


@pytest.mark.parametrize("bad", [{0}, {6}, {3}, {2, 3}, {0, 3, 6}, set(range(7))])
async def test_refused_records_are_set_aside_and_the_rest_is_handled_in_order(bad: set[int]) -> None:
    broker, letters = filled(7), FakeDeadLetters()
    ledger = Ledger(refuse=lambda record: record.offset in bad)
    await run_until(lambda: bool(broker.committed), FakeSource(broker), ledger, letters)
    assert ledger.effects == [f"test.v1/0/{number}" for number in range(7) if number not in bad]
    assert letters.letters == {f"test.v1/0/{number}": f"{number} is bad" for number in sorted(bad)}
    assert broker.committed == {0: 7}


async def test_finding_one_refused_record_among_many_takes_few_calls() -> None:
    broker, letters = filled(64), FakeDeadLetters()
    ledger = Ledger(refuse=lambda record: record.offset == 17)
    await run_until(lambda: bool(broker.committed), FakeSource(broker), ledger, letters)
    assert len(ledger.calls) == 1 + 2 * 6


async def test_the_world_failing_while_a_refused_record_is_sought_costs_nothing() -> None:
    broker, letters = filled(4), FakeDeadLetters(failures=2)
    ledger = Ledger(refuse=lambda record: record.offset == 2)
    ledger.failures = [Reject("somewhere"), Retry("database down")]
    source = FakeSource(broker, commit_failures=2)
    await run_until(lambda: bool(broker.committed), source, ledger, letters)
    assert ledger.effects == ["test.v1/0/0", "test.v1/0/1", "test.v1/0/3"]
    assert list(letters.letters) == ["test.v1/0/2"]
    assert broker.committed == {0: 4}
    assert len(source.held_s) == 5


async def test_too_many_refused_in_a_row_stop_the_consumer_before_the_commit() -> None:
    broker, letters = filled(50), FakeDeadLetters()
    ledger = Ledger(refuse=lambda _record: True)
    options = Options(name="test", max_rejects_in_row=5)
    with pytest.raises(TooManyRejects, match="refused 6 records in a row"):
        await run_until(lambda: False, FakeSource(broker), ledger, letters, options)
    assert len(letters.letters) == 5
    assert broker.committed == {}


async def test_refused_records_with_good_ones_between_never_stop_the_consumer() -> None:
    broker, letters = filled(60), FakeDeadLetters()
    ledger = Ledger(refuse=lambda record: record.offset % 3 != 0)
    options = Options(name="test", max_rejects_in_row=2)
    await run_until(lambda: bool(broker.committed), FakeSource(broker), ledger, letters, options)
    assert len(letters.letters) == 40


async def test_a_bug_stops_the_consumer_before_the_commit_and_names_the_batch() -> None:
    broker, ledger, letters = filled(3), Ledger(), FakeDeadLetters()
    ledger.failures = [ZeroDivisionError("bug")]
    with pytest.raises(ZeroDivisionError) as caught:
        await run_until(lambda: False, FakeSource(broker), ledger, letters)
    assert broker.committed == {}
    assert letters.letters == {}
    assert "test.v1/0/0 to test.v1/0/2" in caught.value.__notes__[0]


async def test_records_of_a_partition_taken_away_in_mid_batch_are_not_committed() -> None:
    broker = filled(6, partitions=2)
    source, ledger = FakeSource(broker), Ledger()

    async def handler(records: Batch) -> None:
        await ledger(records)
        source.revoke(1)

    await run_until(lambda: bool(broker.committed), source, handler, FakeDeadLetters())
    assert broker.committed == {0: 3}


async def test_a_partition_taken_away_during_a_back_off_is_not_handled_again() -> None:
    broker = filled(6, partitions=2)
    source, seen = FakeSource(broker), list[set[int]]()

    async def handler(records: Batch) -> None:
        seen.append({each.partition for each in records})
        if len(seen) == 1:
            source.revoke(1)
            raise Retry("database down")

    await run_until(lambda: bool(broker.committed), source, handler, FakeDeadLetters())
    assert seen == [{0, 1}, {0}]
    assert broker.committed == {0: 3}


async def test_a_cancelled_consumer_finishes_its_batch_and_commits() -> None:
    broker, may_finish, ledger = filled(2), asyncio.Event(), Ledger()

    async def handler(records: Batch) -> None:
        ledger.called.set()
        await may_finish.wait()
        await ledger(records)

    task = asyncio.create_task(consume(FakeSource(broker), handler, FakeDeadLetters(), STEADY))
    await ledger.called.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_finish.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.effects == ["test.v1/0/0", "test.v1/0/1"]
    assert broker.committed == {0: 2}


async def test_a_consumer_cancelled_while_the_world_is_down_leaves_the_batch_uncommitted() -> None:
    broker, ledger = filled(2), Ledger()
    ledger.failures = [Retry("database down")] * 1_000_000
    task = asyncio.create_task(consume(FakeSource(broker), ledger, FakeDeadLetters(), STEADY))
    await ledger.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task
    assert broker.committed == {}


async def test_a_batch_that_never_ends_is_broken_off_after_the_grace() -> None:
    broker, started = filled(1), asyncio.Event()

    async def handler(_records: Batch) -> None:
        started.set()
        await asyncio.Event().wait()

    options = Options(name="test", stop_grace_s=0.01)
    task = asyncio.create_task(consume(FakeSource(broker), handler, FakeDeadLetters(), options))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert broker.committed == {}


async def test_a_bug_in_the_last_batch_is_not_hidden_by_the_stop() -> None:
    broker, started, may_fail = filled(1), asyncio.Event(), asyncio.Event()

    async def handler(_records: Batch) -> None:
        started.set()
        await may_fail.wait()
        raise ZeroDivisionError

    task = asyncio.create_task(consume(FakeSource(broker), handler, FakeDeadLetters(), STEADY))
    await started.wait()
    task.cancel()
    may_fail.set()
    with pytest.raises(ZeroDivisionError):
        await task


@pytest.mark.parametrize(
    "wrong", [{"max_records": 0}, {"max_records": 20_001}, {"linger_s": 2.0}, {"max_rejects_in_row": -1}]
)
def test_limits_out_of_bounds_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="m"):
        Options(name="test", **wrong)  # type: ignore[arg-type]
