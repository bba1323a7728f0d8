"""A subscription at a CUPS server: nothing is missed without notice, and nothing is left behind."""

from __future__ import annotations

import pytest

from services.collector.sources.ipp.client import Address
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.subscription import LEASE_S, Subscription
from services.collector.sources.ipp.tags import GroupTag, Operation, Tag
from services.collector.sources.ipp.view import View
from shared.errors import NotFound, Reject, Retry
from tests.unit.collector.test_ipp_events import event


class FakeCups:
    """A server that keeps events by subscription, as many as it is told to."""

    def __init__(self) -> None:
        self.address = Address.parse("ipp://cups:631/")
        self.events: dict[int, list[int]] = {}
        self.made = 0
        self.asked: list[str] = []
        self.error: Exception | None = None

    def happens(self, *sequences: int) -> None:
        for kept in self.events.values():
            kept.extend(sequences)

    async def send(self, message: Message) -> Message:
        self.asked.append(Operation(message.code).name.partition("_")[0].lower())
        if self.error:
            raise self.error
        head = View(message.first(GroupTag.OPERATION))
        if message.code == Operation.CREATE_PRINTER_SUBSCRIPTION:
            self.made += 1
            self.events[self.made] = []
            made = Attribute.of("notify-subscription-id", Tag.INTEGER, self.made)
            return Message(0, 1, (Group(GroupTag.SUBSCRIPTION, (made,)),))
        number = head.integer("notify-subscription-ids") or head.integer("notify-subscription-id") or 0
        if number not in self.events:
            raise NotFound("no such subscription")
        if message.code == Operation.CANCEL_SUBSCRIPTION:
            del self.events[number]
        first = head.integer("notify-sequence-numbers") or 0
        told = [event(each, subscription=number) for each in self.events.get(number, []) if each >= first]
        return Message(0, 1, tuple(told))

    async def close(self) -> None:
        self.asked.append("closed")


class Watch:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def sequences(subscription: Subscription) -> tuple[list[int], bool]:
    told = await subscription.read()
    return [each.sequence for each in told.events], told.missed


@pytest.fixture
async def cups() -> FakeCups:
    return FakeCups()


async def test_each_event_is_told_once_and_a_gap_is_noticed(cups: FakeCups):
    subscription = Subscription(cups)
    assert await sequences(subscription) == ([], True), "what was before is not known"
    cups.happens(1, 2)
    assert await sequences(subscription) == ([1, 2], False)
    assert await sequences(subscription) == ([], False)
    cups.happens(5)
    assert await sequences(subscription) == ([5], True)


async def test_the_lease_is_renewed_in_time_and_a_lost_one_is_made_anew(cups: FakeCups):
    watch = Watch()
    subscription = Subscription(cups, now_s=watch)
    await subscription.read()
    watch.now_s = LEASE_S / 2 + 1
    await subscription.read()
    assert cups.asked == ["create", "renew", "get"]
    cups.events.clear()
    assert await sequences(subscription) == ([], True)
    assert cups.made == 2


async def test_after_a_failure_the_subscription_is_replaced_as_its_numbers_may_begin_anew(cups: FakeCups):
    subscription = Subscription(cups)
    await subscription.read()
    cups.happens(1, 2, 3)
    await subscription.read()
    cups.error = Retry("away")
    for _ in range(3):
        with pytest.raises(Retry):
            await subscription.read()
    cups.error = None
    assert await sequences(subscription) == ([], True)
    cups.happens(1)
    assert await sequences(subscription) == ([1], False)
    assert list(cups.events) == [2], "the first one was let go"


async def test_a_server_that_was_killed_and_started_between_two_looks_is_noticed(cups: FakeCups):
    """CUPS keeps subscriptions over a crash, but counts their events from an earlier number on."""
    subscription = Subscription(cups)
    await subscription.read()
    cups.happens(1, 2, 3)
    await subscription.read()
    cups.events[1] = [1, 2]
    assert await sequences(subscription) == ([], True)
    cups.happens(1)
    assert await sequences(subscription) == ([1], False)


async def test_a_server_without_events_is_refused_and_nothing_is_left_at_the_end(cups: FakeCups):
    subscription = Subscription(cups)
    cups.error = Reject("operation not supported")
    with pytest.raises(Reject):
        await subscription.read()
    cups.error = None
    await subscription.read()
    await subscription.close()
    await subscription.close()
    assert not cups.events
    cups.error = Retry("away")
    gone = Subscription(cups)
    await gone.close()
