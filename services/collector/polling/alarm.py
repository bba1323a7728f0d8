"""Ends a printer's pause before its time: somebody says that there is something to see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

GAP_S: Final = 0.2
"""From an alarm to the look: the events of one moment are one look, and a storm of them is no storm of looks."""
MAX_HEARD: Final = 1_000
"""Jobs whose earlier attempts are remembered until the next look."""


class Alarm:
    """Of one printer. Rung during a look, it ends the pause behind it: what was read may be older."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._heard: dict[int, int] = {}

    def ring(self, attempts: Mapping[int, int]) -> None:
        """Asks for a look; see Poller.wake for `attempts`."""
        for job, impressions in attempts.items():
            if job in self._heard or len(self._heard) < MAX_HEARD:
                self._heard[job] = impressions
        self._rung.set()

    def answered(self) -> dict[int, int]:
        """What was heard since the last look; the alarm is silent again."""
        heard, self._heard = self._heard, {}
        self._rung.clear()
        return heard

    async def pause(self, delay_s: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Sleeps so long, or until a little after it rings."""
        waits = [asyncio.ensure_future(sleep(delay_s)), asyncio.ensure_future(self._rung.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if waits[0].done():
                waits[0].result()
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if self._rung.is_set() and delay_s > GAP_S:
            await sleep(GAP_S)
