"""The fence: a batch counts only while its partitions are this worker's and stand where it left them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.entries import MAX_PARTITIONS
from services.accounting.ledger.simple_path import QUERIES
from services.accounting.ledger.work import Fenced, Work
from shared.errors import ConfigError

log = structlog.get_logger(__name__)

APPLICATION_NAME: Final = "inkmeter-ledger"
LOCK_TIMEOUT_S: Final = 3.0
"""How long a start waits for the transaction of a partition's last writer before it ends that writer's session."""


class Lease(NamedTuple):
    """A partition taken over: batches begin at `next_offset` and name `epoch`."""

    epoch: int
    next_offset: int


class Fence(Protocol):
    """How a batch's partitions move on; the first statement of its transaction."""

    def advance(self, connection: Connection[TupleRow], work: Work) -> None:
        """Moves them on, and makes other writers of them wait until the transaction ends.

        Raises:
            Fenced: one of them is another worker's, or was moved on already.
        """


class OffsetFence:
    """The fence on accounting.offsets."""

    def advance(self, connection: Connection[TupleRow], work: Work) -> None:
        """See Fence.advance."""
        moves = sorted(work.moves)
        moved = connection.execute(
            QUERIES["fence"],
            {
                "topic": work.topic,
                "partitions": [move.partition for move in moves],
                "epochs": [move.epoch for move in moves],
                "expected": [move.expected for move in moves],
                "new": [move.new for move in moves],
            },
        ).rowcount
        if moved != len(moves):
            raise Fenced(f"{len(moves) - moved} of {len(moves)} partitions of {work.topic} are not ours any more")


def lease(connection: Connection[TupleRow], topic: str, partitions: Sequence[int]) -> tuple[int, dict[int, Lease]]:
    """Takes partitions over, on a connection in autocommit mode: whoever had them before writes no more.

    Returns:
        The topic's stream number, and the lease of each partition.

    Raises:
        ConfigError: the topic has more partitions than entry ids have room for.
        psycopg.Error: the database.
    """
    if max(partitions, default=0) >= MAX_PARTITIONS:
        raise ConfigError(f"{topic} has more than {MAX_PARTITIONS} partitions, which the ledger can't number.")
    stream = _stream(connection, topic)
    wanted = {"topic": topic, "stream_no": stream, "partitions": sorted(partitions)}
    while True:
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {int(LOCK_TIMEOUT_S * 1_000)}".encode())
                rows = connection.execute(QUERIES["lease_partitions"], wanted).fetchall()
        except psycopg.errors.LockNotAvailable:
            ended = connection.execute(
                QUERIES["stuck_writers"], {"name": APPLICATION_NAME, "idle_s": LOCK_TIMEOUT_S / 2}
            ).fetchall()
            log.warning("ledger_partitions_held", topic=topic, sessions_ended=len(ended))
        else:
            return stream, {partition: Lease(epoch, at) for partition, epoch, at in rows}


def _stream(connection: Connection[TupleRow], topic: str) -> int:
    while True:
        row = connection.execute(QUERIES["stream_of_topic"], {"topic": topic}).fetchone()
        if row:
            return int(row[0])
        connection.execute(QUERIES["add_stream"], {"topic": topic})


def standing(connection: Connection[TupleRow], work: Work) -> dict[int, tuple[int, int]]:
    """Where the partitions of a batch stand, as (epoch, next_offset)."""
    wanted = {"topic": work.topic, "partitions": [move.partition for move in work.moves]}
    rows = connection.execute(QUERIES["standing"], wanted).fetchall()
    return {partition: (epoch, at) for partition, epoch, at in rows}
