"""What passes through the writer: a batch of records with the moves of its partitions, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.errors import InkmeterError, Reject
from shared.stream import Record


class Fenced(InkmeterError):  # noqa: N818 - it says what became of the worker
    """Another worker owns a partition of the batch: nothing of it was written, and nothing may be."""


class Move(NamedTuple):
    """One partition moves on from `expected` to `new`, if `epoch` still counts."""

    partition: int
    epoch: int
    expected: int
    new: int


class Refusal(NamedTuple):
    """A record set aside, and why."""

    record: Record
    reject: Reject


@dataclass(frozen=True, slots=True)
class Work:
    """A batch: records of one topic, those of one partition in order of offset, and the moves they make."""

    topic: str
    stream: int
    records: Sequence[Record]
    moves: Sequence[Move]

    def halves(self) -> tuple[Work, Work]:
        """Two batches that come to the same, to be written one after the other."""
        middle = len(self.records) // 2
        first, second = self.records[:middle], self.records[middle:]
        reached = {record.partition: record.offset + 1 for record in first}
        rest = {record.partition for record in second}
        early, late = [], []
        for move in self.moves:
            if move.partition not in rest:
                early.append(move)
            elif move.partition not in reached:
                late.append(move)
            else:
                between = reached[move.partition]
                early.append(move._replace(new=between))
                late.append(move._replace(expected=between))
        return Work(self.topic, self.stream, first, early), Work(self.topic, self.stream, second, late)

    def after(self, stands_at: dict[int, tuple[int, int]]) -> Work | None:
        """What is left to do where partitions stand at (epoch, next_offset); None when all is done.

        Raises:
            Fenced: a partition stands elsewhere than this batch could have brought it.
        """
        moves = []
        for move in self.moves:
            epoch, at = stands_at.get(move.partition, (0, -1))
            if epoch != move.epoch or not move.expected <= at <= move.new:
                raise Fenced(
                    f"{self.topic}/{move.partition} stands at offset {at} of epoch {epoch}, "
                    f"this worker has epoch {move.epoch} and went from {move.expected} to {move.new}"
                )
            if at < move.new:
                moves.append(move._replace(expected=at))
        if moves == list(self.moves):
            return self
        starts = {move.partition: move.expected for move in moves}
        records = [each for each in self.records if each.offset >= starts.get(each.partition, each.offset + 1)]
        return Work(self.topic, self.stream, records, moves) if moves else None


@dataclass(slots=True)
class Outcome:
    """What a batch came to."""

    jobs: int = 0
    lines: int = 0
    duplicates: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Takes in what another part of the batch came to."""
        self.jobs += other.jobs
        self.lines += other.lines
        self.duplicates += other.duplicates
        self.refused += other.refused
