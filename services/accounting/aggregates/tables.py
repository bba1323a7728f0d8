"""What the worker keeps: three tables of bytes, whatever holds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Final

Table = MutableMapping[bytes, bytes]

CELLS: Final = "cells"
DENSITIES: Final = "densities"
POSITIONS: Final = "positions"
NAMES: Final = (CELLS, DENSITIES, POSITIONS)


@dataclass(frozen=True, slots=True)
class Tables:
    """Cells and densities by their keys, and the next offset of each partition of the topic.

    Attributes:
        flush: returns once all that was written before would outlive the process.
    """

    cells: Table
    densities: Table
    positions: Table
    flush: Callable[[], Awaitable[None]]

    def position(self, partition: int) -> int:
        """The first offset of a partition that was not counted."""
        return int(self.positions.get(position_key(partition)) or b"0")

    def set_position(self, partition: int, offset: int) -> None:
        """Notes that all before this offset is counted and flushed."""
        self.positions[position_key(partition)] = b"%d" % offset


def position_key(partition: int) -> bytes:
    """Under which key a partition's position is kept."""
    return b"%d" % partition


def app_id(topic_prefix: str, generation: int) -> str:
    """Names the worker's consumer group and its topics of one generation."""
    return f"{topic_prefix}aggregates.g{generation}"


def changelog(topic_prefix: str, generation: int, table: str) -> str:
    """The topic that makes a table outlive the process, named as Faust does."""
    return f"{app_id(topic_prefix, generation)}-{table}-changelog"
