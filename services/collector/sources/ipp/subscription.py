"""Fetches the events of one CUPS server: subscribes, renews, notices what was lost, and lets go at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from services.collector.sources.ipp.client import Address
from services.collector.sources.ipp.events import (
    JobEvent,
    cancel_subscription,
    create_subscription,
    get_notifications,
    job_events,
    renew_subscription,
    subscription_id,
)
from services.collector.sources.ipp.message import Message
from shared.errors import NotFound, Reject, Retry

LEASE_S: Final = 600
"""A collector that is killed leaves a subscription behind for so long."""
RENEWED_AFTER_S: Final = LEASE_S / 2


class Sends(Protocol):
    """An IPP client; see IppClient."""

    address: Address

    async def send(self, message: Message) -> Message:
        """Sends a message and gives the answer."""
        ...

    async def close(self) -> None:
        """Lets go of the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What was told since the last time; `missed`: there may have been more."""

    events: tuple[JobEvent, ...] = ()
    missed: bool = False


class Subscription:
    """One subscription to all queues of a server; one call at a time.

    After a failure it is cancelled and made anew, and also when the last event that was told is no longer there: a
    server that crashed counts its events from an earlier number on, and what it told before would hide what it
    tells now.
    """

    def __init__(self, client: Sends, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._uri = client.address.uri
        self._now_s = now_s
        self._id: int | None = None
        self._in_doubt = False
        self._last = 0
        self._leased_s = 0.0

    async def read(self) -> Told:
        """What has happened since the last call; the first makes the subscription.

        Raises:
            Retry: the server can't be reached.
            Reject: it has no events for us.
        """
        if self._id is not None and self._in_doubt:
            await self._let_go(self._id)
        if self._id is None:
            await self._subscribe()
            return Told(missed=True)
        self._in_doubt = True  # until all went well
        try:
            if self._now_s() - self._leased_s > RENEWED_AFTER_S:
                await self._client.send(renew_subscription(self._uri, self._id, lease_s=LEASE_S))
                self._leased_s = self._now_s()
            answer = await self._client.send(get_notifications(self._uri, self._id, sequence=max(self._last, 1)))
        except NotFound:
            self._id = None
            return await self.read()
        told = job_events(answer, self._id)
        events = [event for event in told if event.sequence > self._last]
        if self._last and not told:
            return await self.read()  # it forgot what it told last: it was started anew
        missed = bool(events) and events[0].sequence > self._last + 1
        if events:
            self._last = events[-1].sequence
        self._in_doubt = False
        return Told(tuple(events), missed)

    async def close(self) -> None:
        """Cancels the subscription where the server can be reached; safe to call twice."""
        try:
            if self._id is not None:
                await self._let_go(self._id)
        except Retry:
            pass  # its lease runs out
        finally:
            await self._client.close()

    async def _subscribe(self) -> None:
        made = subscription_id(await self._client.send(create_subscription(self._uri, lease_s=LEASE_S)))
        if made is None:
            raise Reject(f"{self._uri} makes no subscription")
        self._id, self._last, self._in_doubt, self._leased_s = made, 0, False, self._now_s()

    async def _let_go(self, number: int) -> None:
        self._id = None
        try:
            await self._client.send(cancel_subscription(self._uri, number))
        except Reject:
            pass  # it has gone, or stands for somebody else's by now
        except Retry:
            self._id = number
            raise
