"""Waits for a condition, never for a time: a test says what must become true and by when."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")
POLL_S: Final = 0.05


def eventually(check: Callable[[], T], *, within_s: float, what: str) -> T:
    """Calls `check` until it gives something true, and gives that back.

    An AssertionError or OSError of `check` means "not yet".

    Raises:
        AssertionError: it did not become true in time; tells `what` and what was last seen.
    """
    pause = threading.Event()
    end = time.monotonic() + within_s
    seen: object = None
    while True:
        try:
            value = check()
            if value:
                return value
            seen = value
        except (AssertionError, OSError) as error:
            seen = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {seen!r}")
        pause.wait(POLL_S)


async def eventually_async(check: Callable[[], Awaitable[T]], *, within_s: float, what: str) -> T:
    """The same for a check that is awaited."""
    end = time.monotonic() + within_s
    seen: object = None
    while True:
        try:
            value = await check()
            if value:
                return value
            seen = value
        except (AssertionError, OSError) as error:
            seen = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {seen!r}")
        await asyncio.sleep(POLL_S)
