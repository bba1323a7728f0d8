"""A producer that outlives its clients: for what sends for as long as its service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import Retry, Unreachable
from shared.kafka import Outgoing, send_all, start

STOP_S: Final = 3.0


class LastingProducer:
    """Sends through an idempotent client that is made when it is needed, and anew after each failure.

    A client numbers the records of each partition. One that gave a record up, as it does when a broker that is
    being started names no leader, leaves a gap in its numbers, and the broker refuses all that this client sends
    there afterwards, for ever.
    """

    def __init__(self, make: Callable[[], AIOKafkaProducer], bootstrap: str) -> None:
        self._make = make
        self._bootstrap = bootstrap
        self._client: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Sends records, each key's in their order, and waits until all are acknowledged.

        Raises:
            Retry: not acknowledged; any of them may or may not have arrived, so send the same again.
            Reject: one is larger than the broker takes.
            ConfigError: there is no such topic, or the address is none.
        """
        async with self._turn:
            client = await self._started()
            try:
                await send_all(client, topic, records)
            except KafkaError as error:
                await self._abandon()
                raise Retry(f"Kafka did not acknowledge a record for {topic}: {type(error).__name__}") from error
            except BaseException:
                await self._abandon()
                raise

    async def partitions_of(self, topic: str) -> set[int]:
        """The numbers of a topic's partitions.

        Raises:
            Retry: there is no connection. KafkaError: as the client says.
        """
        async with self._turn:
            client = await self._started()
        return set(await client.partitions_for(topic))

    async def close(self) -> None:
        """Lets go of the connection, within some seconds; what was not acknowledged is given up."""
        await self._abandon()

    async def _started(self) -> AIOKafkaProducer:
        if self._client is None:
            try:
                self._client = await start(self._make(), self._bootstrap)
            except Unreachable as error:
                raise Retry(str(error)) from error
        return self._client

    async def _abandon(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await abandon(client)


async def abandon(client: AIOKafkaProducer) -> None:
    """Ends a client within 2 STOP_S and gives up what it has not sent, which nobody may wait for any more.

    Its own stop() would send that first: for as long as Kafka is away, and, if told to give up waiting, later by
    itself and behind what another client has sent meanwhile.
    """
    client._closed = True  # noqa: SLF001 - so it is, though not by stop()
    ends: list[Callable[[], Awaitable[object]]] = [client.client.close]
    if client._sender is not None:  # noqa: SLF001 - it alone sends
        ends.insert(0, client._sender.close)  # noqa: SLF001
    for end in ends:
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_S):
                await end()
