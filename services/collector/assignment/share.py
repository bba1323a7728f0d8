"""A collector's share of the printers: the partitions of one topic, and the printers whose key falls in them."""

from __future__ import annotations

from typing import Final

from aiokafka.partitioner import murmur2
from msgspec import Struct


class Share(Struct, frozen=True):
    """Some of so many partitions.

    Attributes:
        partitions: how many there are.
        mine: the numbers of those that this collector has.
    """

    partitions: int
    mine: frozenset[int]

    def holds(self, key: str) -> bool:
        """Whether a record of this key lies in one of them."""
        return partition_of(key, self.partitions) in self.mine


EVERYTHING: Final = Share(1, frozenset({0}))
NOTHING: Final = Share(1, frozenset())


def partition_of(key: str, partitions: int) -> int:
    """The partition that Kafka's own clients put a key into."""
    return int(murmur2(key.encode()) & 0x7FFF_FFFF) % partitions
