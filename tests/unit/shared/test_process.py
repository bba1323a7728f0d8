"""A service's life: it runs until told to stop, the first failure stops all, and stopping is bounded."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from shared.errors import ConfigError
from shared.process import run_until_stopped


async def forever() -> None:
    await asyncio.Event().wait()


async def test_sigterm_stops_every_task_and_is_no_error():
    stopped = []

    async def worker() -> None:
        try:
            await forever()
        finally:
            stopped.append("worker")

    async def killer() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await forever()

    await run_until_stopped({"worker": worker, "killer": killer})
    assert stopped == ["worker"]


async def test_the_first_failure_stops_the_others_and_is_raised():
    stopped = []

    async def worker() -> None:
        try:
            await forever()
        finally:
            stopped.append("worker")

    async def failing() -> None:
        raise ConfigError("wrong port")

    with pytest.raises(ConfigError, match="wrong port"):
        await run_until_stopped({"worker": worker, "failing": failing})
    assert stopped == ["worker"]


async def test_a_task_that_ends_unasked_is_a_bug():
    async def short() -> None:
        return

    with pytest.raises(RuntimeError, match="task short ended"):
        await run_until_stopped({"short": short, "worker": forever})


async def test_a_task_that_will_not_stop_is_left_behind_after_the_grace():
    release = asyncio.Event()
    stuck: list[asyncio.Task[None]] = []

    async def stubborn() -> None:
        stuck.append(asyncio.current_task())
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def failing() -> None:
        raise ConfigError("stop")

    with pytest.raises(ConfigError):
        await run_until_stopped({"stubborn": stubborn, "failing": failing}, grace_s=0.05)
    assert not stuck[0].done()
    release.set()
    await stuck[0]
