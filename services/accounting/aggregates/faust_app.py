"""The Faust application: an agent over the topic of charges and three tables with changelogs.

Faust keeps the tables and gives the stream. What it may lose or give twice is mended by the counter (ADR 0016).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import faust

from services.accounting.aggregates.tables import CELLS, DENSITIES, POSITIONS, BeginAnew, Tables
from shared.kafka import HEARTBEAT_MS, SESSION_TIMEOUT_MS
from shared.stream import Record

MAX_BATCH: Final = 2_000
LINGER_S: Final = 1.0
"""Charges of so long are counted together: a window is told about once a second at most."""
COMMIT_EVERY_S: Final = 2.0
MEMBER: Final = "aggregates"
"""There is one worker at a time; started again it is the same member, and gets its partitions back at once."""

Take = Callable[[Sequence[Record]], Awaitable[None]]


class Worker(NamedTuple):
    """A Faust application with its tables, not started yet."""

    app: Any
    tables: Tables
    watch: Watch


class Watch(faust.Sensor):
    """Hears from Faust when the tables in memory may not be relied on any more, and tells it once.

    Attributes:
        read_back: whether the tables were; the group is shared out before that, too.
    """

    def __init__(self, tell: Callable[[BeginAnew], None]) -> None:
        super().__init__()
        self.read_back = False
        self._tell = tell
        self._reason: BeginAnew | None = None

    def on_send_error(self, producer: Any, exc: BaseException, state: Any) -> None:
        """A row was given up, as after twenty minutes without Kafka; called before a flush returns."""
        del producer, state
        self._anew(f"Kafka did not take a row: {type(exc).__name__}")

    def on_rebalance_start(self, app: Any) -> dict[Any, Any]:
        """The worker lost its place in the group: next, Faust reads old rows back over what is being counted."""
        if self.read_back:
            self._anew("the worker was thrown out of its group")
        return dict(super().on_rebalance_start(app))

    def check(self) -> None:
        """See Tables.check."""
        if self._reason is not None:
            raise self._reason

    def _anew(self, why: str) -> None:
        if self._reason is None:
            self._reason = BeginAnew(why)
            self._tell(self._reason)


def make_worker(
    app_id: str,
    *,
    bootstrap: str,
    topic: str,
    partitions: int,
    folder: Path,
    take: Take,
    tell: Callable[[BeginAnew], None],
) -> Worker:
    """Builds the application; `take` is called with each batch, and must not raise.

    Args:
        app_id: names the consumer group and the changelogs.
        bootstrap: brokers as host:port, comma-separated.
        topic: what is counted, full name.
        partitions: of the topic, and so of the tables.
        folder: where Faust keeps files, of which there are none with tables in memory.
        take: counts a batch.
        tell: is told when the process must begin anew; the tables are of no use from then on.
    """
    brokers = ";".join(f"kafka://{each.strip()}" for each in bootstrap.split(","))
    app: Any = faust.App(
        app_id,
        broker=brokers,
        store="memory://",
        datadir=str(folder),
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=True,
        topic_partitions=partitions,
        consumer_auto_offset_reset="latest",
        consumer_group_instance_id=MEMBER,
        broker_session_timeout=SESSION_TIMEOUT_MS / 1_000,
        broker_heartbeat_interval=HEARTBEAT_MS / 1_000,
        broker_commit_interval=COMMIT_EVERY_S,
        stream_buffer_maxsize=2 * MAX_BATCH,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        worker_redirect_stdouts=False,
    )
    raw: Any = faust.Schema(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    charges = app.topic(topic, schema=raw)

    def table(name: str) -> Any:
        # The key chooses the partition, as in a rebuild; else it would be that of whichever charge came last.
        return app.Table(
            name, key_type=bytes, value_type=bytes, schema=raw, partitions=partitions, use_partitioner=True
        )

    watch = Watch(tell)
    app.sensors.add(watch)

    async def flush() -> None:
        await app.producer.flush()
        watch.check()

    tables = Tables(table(CELLS), table(DENSITIES), table(POSITIONS), flush, watch.check)

    @app.agent(charges)  # type: ignore[untyped-decorator]
    async def count(stream: Any) -> None:
        async for events in stream.take_events(MAX_BATCH, within=LINGER_S):
            await take([_record(event.message) for event in events])

    return Worker(app, tables, watch)


def _record(message: Any) -> Record:
    """A message of Faust as a record of ours."""
    return Record(message.topic, message.partition, message.offset, message.key, message.value)
