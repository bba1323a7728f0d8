"""Says that Kafka is away, and that it is back: once each, for people who read the log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from shared.kafka import why_silent

LOOK_EVERY_S: Final = 5.0
_log = structlog.get_logger(__name__)


async def watch_kafka(
    bootstrap: str,
    *,
    ask: Callable[[str], Awaitable[str | None]] = why_silent,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Asks every few seconds, until cancelled: what clients say meanwhile is about themselves, and much."""
    away_since_s: float | None = None
    while True:
        why = await ask(bootstrap)
        if why and away_since_s is None:
            away_since_s = clock()
            _log.warning("kafka_away", detail=why, bootstrap=bootstrap)
        elif not why and away_since_s is not None:
            _log.info("kafka_back", away_s=round(clock() - away_since_s), bootstrap=bootstrap)
            away_since_s = None
        await rest(LOOK_EVERY_S)
