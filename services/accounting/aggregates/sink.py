"""Where findings go: alerts into PostgreSQL and from there to Kafka, changed windows to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from services.accounting.aggregates.alerts import repeated
from services.accounting.aggregates.cells import Cell
from services.accounting.aggregates.changes import changed_event
from services.accounting.aggregates.counting import Batch, Rules
from services.accounting.aggregates.store import AggregateStore
from shared.backoff import Backoff
from shared.clock import Clock
from shared.errors import Retry
from shared.events import AlertRaised
from shared.events.envelope import encode
from shared.kafka import EVENT_HEADERS, Outgoing
from shared.lasting_producer import LastingProducer

LOOK_EVERY_S: Final = 5.0
log = structlog.get_logger(__name__)

FindOverdrawn = Callable[[Batch], Awaitable[list[AlertRaised]]]
"""The budgets of a batch's owners that reached a threshold."""


class Sink:
    """A Sink of the counter on real Kafka and PostgreSQL."""

    def __init__(
        self,
        store: AggregateStore,
        producer: LastingProducer,
        rules: Rules,
        *,
        topic_prefix: str,
        currency: str,
        generation: int,
        budgets: FindOverdrawn,
        clock: Clock,
    ) -> None:
        self._store = store
        self._producer = producer
        self._rules = rules
        self._prefix = topic_prefix
        self._currency = currency
        self._generation = generation
        self._budgets = budgets
        self._clock = clock
        self._raised = asyncio.Event()

    async def alerts(self, batch: Batch) -> None:
        """See Sink.alerts of the counter."""
        limits = self._rules.limits
        found = [*batch.alerts, *repeated(await self._store.repeats(batch.jobs, limits), limits)]
        found += await self._budgets(batch)
        await self._store.raise_alerts(found)
        if found:
            self._raised.set()

    async def cells(self, cells: Sequence[Cell]) -> None:
        """See Sink.cells of the counter."""
        now = self._clock.now()
        records = []
        for cell in cells:
            event = changed_event(
                cell, zone=self._rules.zone, currency=self._currency, generation=self._generation, now=now
            )
            records.append(Outgoing(cell.name.text.encode(), encode(event), EVENT_HEADERS))
        await self._producer.send(f"{self._prefix}aggregates.v1", records)

    async def tell_alerts(self) -> None:
        """Tells every alert that Kafka may not have, each at least once, until cancelled."""
        backoff = Backoff()
        while True:
            self._raised.clear()
            try:
                told = await self._tell_some()
                backoff.reset()
            except Retry as error:
                delay_s = backoff.next_s()
                log.warning("alerts_not_told", error=str(error), retry_in_s=round(delay_s, 2))
                await asyncio.sleep(delay_s)
                continue
            if not told:
                await _waited(self._raised)

    async def _tell_some(self) -> int:
        alerts = await self._store.untold_alerts()
        for each in alerts:
            told = Outgoing(each.subject.encode(), each.event, EVENT_HEADERS)
            await self._producer.send(f"{self._prefix}alerts.v1", [told])
        if alerts:
            await self._store.alerts_told(alerts)
        return len(alerts)


async def _waited(event: asyncio.Event) -> None:
    """Waits for news, or until it is time to look by oneself."""
    try:
        async with asyncio.timeout(LOOK_EVERY_S):
            await event.wait()
    except TimeoutError:
        return
