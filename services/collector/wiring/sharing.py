"""Wires how printers are shared out among collectors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec
import structlog

from services.collector.assignment.handover import Handover
from services.collector.assignment.members import GroupMember
from services.collector.assignment.owned import SILENT_S, OwnedPrinters
from services.collector.assignment.share import Share
from services.collector.assignment.statuses import StatusBoard, Statuses
from services.collector.assignment.store import AssignmentStore
from services.collector.journal import Journal
from services.collector.polling.poller import Poller
from services.collector.registry.printers import PRINTERS_TOPIC
from services.collector.registry.registry import Registry
from services.collector.settings import CollectorSettings
from shared.clock import Clock
from shared.errors import Retry
from shared.group_consumer import make_group_consumer
from shared.postgres import Pool

GROUP: Final = "collector"
SHARE: Final = "share"
"""The cursor of the journal that holds the share that Kafka told last."""
_log = structlog.get_logger()
_share = msgspec.json.Decoder(Share)


class Sharing:
    """The share of this collector, as long as it runs."""

    def __init__(
        self, settings: CollectorSettings, pool: Pool, journal: Journal, registry: Registry, *, clock: Clock
    ) -> None:
        self._journal = journal
        self._registry = registry
        self._store = AssignmentStore(pool, collector_id=settings.collector_id)
        self._me = settings.collector_id
        self.handover = Handover(self._store, journal)
        self._board = StatusBoard(self._store, collector_id=self._me, clock=clock, changed=registry.changed.set)
        self.owned = OwnedPrinters(registry, self.handover, self._board.prints_on, self._remember)
        self._member = GroupMember(
            partial(
                make_group_consumer,
                settings.kafka_bootstrap,
                client_id=f"inkmeter-collector-{self._me}",
                group_id=f"{settings.topic_prefix}{GROUP}",
                instance=self._me,
                strategy="cooperative-sticky",
                reset="latest",
            ),
            f"{settings.topic_prefix}{PRINTERS_TOPIC}",
            share=self.owned.set_share,
            changed=registry.look_now,
        )

    async def begin(self) -> None:
        """Finds out what to read until Kafka tells the share.

        Raises:
            Retry: the journal can't be read.
        """
        share: Share | None = None
        alone = True
        with suppress(msgspec.DecodeError):  # Kafka never told one
            share = _share.decode(await self._journal.cursor(SHARE))
        try:
            await self._board.read()
            alone = not await self._store.others_reading(within_s=SILENT_S)
        except Retry as error:
            _log.warning("other_collectors_unknown", error=str(error))
        self.owned.begin(share, alone=alone)
        await self.owned.align()

    def statuses(self, poller: Poller) -> Statuses:
        """The status of every printer, whoever reads it."""
        return Statuses(poller.status, self.owned.owns, self._board, collector_id=self._me)

    def tasks(self, poller: Poller) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What is to be run, by name."""
        return {
            "share": self._member.run,
            "owned printers": self.owned.run,
            "handover": self.handover.run,
            "statuses": partial(self._board.run, poller.status, self.owned.owned_ids),
        }

    async def close(self) -> None:
        """Hands on what is read here, once nothing is read any more."""
        await self.handover.close(self.owned.owned_ids())

    async def _remember(self, share: Share) -> None:
        await self._journal.append([], cursor=(SHARE, msgspec.json.encode(share).decode()))
