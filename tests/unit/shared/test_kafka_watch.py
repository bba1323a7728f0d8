"""An outage of Kafka is two lines: that it is away, and that it is back."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from shared.kafka_watch import LOOK_EVERY_S, watch_kafka


async def said(answers: list[str | None]) -> list[tuple[object, object]]:
    """What is logged while Kafka gives these answers, as event and how long it was away."""
    now_s = 0.0
    left = list(answers)

    async def ask(_bootstrap: str) -> str | None:
        if not left:
            raise asyncio.CancelledError
        return left.pop(0)

    async def rest(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        await watch_kafka("127.0.0.1:1", ask=ask, clock=lambda: now_s, rest=rest)
    return [(line["event"], line.get("away_s")) for line in lines]


async def test_an_outage_is_told_when_it_begins_and_when_it_ends() -> None:
    down = "Kafka does not answer."
    assert await said([None, down, down, down, None, None, down]) == [
        ("kafka_away", None),
        ("kafka_back", 3 * LOOK_EVERY_S),
        ("kafka_away", None),
    ]


async def test_a_kafka_that_is_there_is_not_worth_a_line() -> None:
    assert await said([None, None]) == []
