"""Runs a service's tasks until it is told to stop: the first failure stops all, and stopping is bounded."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

GRACE_S: Final = 10.0
_log = structlog.get_logger()


async def run_until_stopped(
    tasks: Mapping[str, Callable[[], Awaitable[None]]],
    *,
    grace_s: float = GRACE_S,
    end_within_s: float | None = None,
) -> None:
    """Runs named tasks side by side until SIGTERM or SIGINT, or until one of them ends.

    On a signal every task is cancelled and has `grace_s` to finish what it holds; what does not is left
    behind with an ERROR. A task that fails, or ends unasked, stops all others, and its error is raised.
    With `end_within_s` the process itself ends so long after a signal, whatever still hangs in it.
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
        if end_within_s is not None and asked in done:
            _end_within(end_within_s)
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


def _end_within(seconds: float) -> None:
    """Ends the process later, if it is still there: a thread that never returns from a call would keep it.

    It was asked to end, and what it holds is safe on disk at every moment: so it ends well.
    """

    def end() -> None:
        _log.error("service_hangs_and_is_ended", after_s=seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


async def _call(start: Callable[[], Awaitable[object]]) -> None:
    await start()
