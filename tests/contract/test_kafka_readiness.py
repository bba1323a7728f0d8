"""Readiness asks Kafka itself: it is there, it is not, or it holds the connection and says nothing."""

from __future__ import annotations

import asyncio
import socket

import pytest

from shared import kafka
from shared.kafka import why_silent


async def test_a_kafka_that_is_there_is_no_trouble(kafka_bootstrap: str) -> None:
    assert await why_silent(kafka_bootstrap) is None


async def test_a_kafka_that_is_not_there_is_named() -> None:
    assert await why_silent("127.0.0.1:1") == "Kafka does not answer at 127.0.0.1:1."


async def test_a_kafka_that_accepts_and_says_nothing_is_not_there_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "ASK_TIMEOUT_MS", 200)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        address = f"127.0.0.1:{frozen.getsockname()[1]}"
        async with asyncio.timeout(10):
            assert await why_silent(address) == f"Kafka does not answer at {address}."
