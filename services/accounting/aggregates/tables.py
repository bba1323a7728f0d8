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


class BeginAnew(Exception):  # noqa: N818 - the ledger and the changelogs are right
    """What is in memory may be wrong, or not outlive the process: it is to be read back, by a fresh start."""


def _all_well() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Tables:
    """Cells and densities by their keys, and the next offset of each partition of the topic.

    Attributes:
        flush: returns once all that was written before would outlive the process.
        check: raises BeginAnew from the moment on at which nothing in memory may be relied on; to be called
            between what is read and what is written by it.
    """

    cells: Table
    densities: Table
    positions: Table
    flush: Callable[[], Awaitable[None]]
    check: Callable[[], None] = _all_well

    def position(self, partition: int) -> int:
        """The first offset of a partition that was not counted."""
        return int(self.positions.get(position_key(partition)) or b"0")

    def set_position(self, partition: int, offset: int) -> None:
        """Notes that all before this offset is counted and flushed."""
        self.check()
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
