"""Entry ids: stream << 52 | partition << 44 | offset, so that a replay makes the same ids."""

from __future__ import annotations

from typing import Final, NamedTuple

PARTITION_SHIFT: Final = 44
STREAM_SHIFT: Final = 52
MAX_PARTITIONS: Final = 1 << (STREAM_SHIFT - PARTITION_SHIFT)
_OFFSET_MASK: Final = (1 << PARTITION_SHIFT) - 1

OWN_STREAM: Final = 1
"""Entries that did not come from Kafka: corrections, re-pricing."""
OWN_TOPIC: Final = ""


class Place(NamedTuple):
    """Where an entry came from."""

    stream: int
    partition: int
    offset: int


def first_entry(stream: int, partition: int) -> int:
    """The entry id of offset 0 of a partition; add the offset."""
    return stream << STREAM_SHIFT | partition << PARTITION_SHIFT


def place_of(entry_id: int) -> Place:
    """Where an entry came from."""
    rest = entry_id >> PARTITION_SHIFT
    return Place(rest // MAX_PARTITIONS, rest % MAX_PARTITIONS, entry_id & _OFFSET_MASK)
