"""Runs a service's tasks until it is told to stop: the first failure stops all, and stopping is bounded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

GRACE_S: Final = 10.0
_log = structlog.get_logger()


async def run_until_stopped(
    tasks: Mapping[str, Callable[[], Awaitable[None]]], *, grace_s: float = GRACE_S
) -> None:
    """Runs named tasks side by side until SIGTERM or SIGINT, or until one of them ends.

    On a signal every task is cancelled and has `grace_s` to finish what it holds; what does not is left
    behind with an ERROR. A task that fails, or ends unasked, stops all others, and its error is raised.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = {asyncio.ensure_future(_call(start)): name for name, start in tasks.items()}
    asked = asyncio.ensure_future(_call(stop.wait))
    try:
        done, _ = await asyncio.wait([*running, asked], return_when=asyncio.FIRST_COMPLETED)
        _log.info("service_stopping", asked=asked in done)
    finally:
        asked.cancel()
        for task in running:
            task.cancel()
        late = (await asyncio.wait(running, timeout=grace_s))[1] if running else set()
        for task in late:
            _log.error("task_did_not_stop", task=running[task], grace_s=grace_s)
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(RuntimeError):
                loop.remove_signal_handler(number)
    for task in done - {asked}:
        if not task.cancelled() and (error := task.exception()):
            raise error
        raise RuntimeError(f"task {running[task]} ended although nobody asked it to")
    for task in set(running) - late:
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _call(start: Callable[[], Awaitable[object]]) -> None:
    await start()
