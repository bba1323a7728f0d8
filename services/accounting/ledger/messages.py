"""Records as the client holds them: read by column, and made into one only where one is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

from shared.stream import Record


class Messages(Sequence[Record]):
    """A batch of records that were not unpacked yet.

    Attributes:
        values, partitions, offsets: the columns.
    """

    __slots__ = ("_messages", "offsets", "partitions", "values")

    def __init__(self, messages: Sequence[Any]) -> None:
        """Takes messages of librdkafka without an error."""
        self._messages = messages
        self.values: Sequence[bytes | None] = [each.value() for each in messages]
        self.partitions: Sequence[int] = [each.partition() for each in messages]
        self.offsets: Sequence[int] = [each.offset() for each in messages]

    def __len__(self) -> int:
        return len(self._messages)

    def message(self, at: int) -> Any:
        """A record as the client has it."""
        return self._messages[at]

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...

    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        if isinstance(at, slice):
            return Messages(self._messages[at])
        message = self.message(at)
        return Record(message.topic(), message.partition(), message.offset(), message.key(), message.value())


def picked(records: Sequence[Record], which: Sequence[int]) -> Sequence[Record]:
    """Some of the records."""
    if isinstance(records, Messages):
        return Messages([records.message(at) for at in which])
    return [records[at] for at in which]


def columns(records: Sequence[Record]) -> tuple[Sequence[bytes | None], Iterable[int], Iterable[int]]:
    """Values, partitions and offsets of records."""
    if isinstance(records, Messages):
        return records.values, records.partitions, records.offsets
    return (
        [record.value for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
    )
