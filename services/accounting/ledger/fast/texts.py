"""A column of texts in one buffer: where each begins and how long it is, so that none of them needs an object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]
ABSENT: Final = -1
"""The size of a text that is not there, as on the wire."""
WIDTH: Final = 128
"""Texts of up to so many bytes are moved as blocks of one width, the rest one by one."""


class Texts(NamedTuple):
    """Texts in UTF-8.

    Attributes:
        raw: what they stand in, in any order and with anything between. Ends best in WIDTH bytes of no matter
            what: without, it may have to be copied.
        starts: where each one begins; of no matter what is absent.
        sizes: in bytes, ABSENT where there is none.
    """

    raw: Bytes
    starts: Whole
    sizes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Texts:
        """Texts that are objects still."""
        absent = texts.count(None)
        some: Sequence[str] = [text or "" for text in texts] if absent else texts  # type: ignore[assignment]
        joined = "".join(some)
        raw = joined.encode()
        counted: Iterable[Any] = some if len(raw) == len(joined) else map(str.encode, some)
        lengths = np.fromiter(map(len, counted), np.int32, len(texts))
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        if absent:
            lengths[np.fromiter((text is None for text in texts), np.bool_, len(texts))] = ABSENT
        return cls(np.frombuffer(raw + bytes(WIDTH), np.uint8), starts, lengths)

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Columns one below the other."""
        begins: dict[int, int] = {}
        raws: list[Bytes] = []
        for part in parts:
            if id(part.raw) not in begins:
                begins[id(part.raw)] = sum(map(len, raws))
                raws.append(part.raw)
        raw = raws[0] if len(raws) == 1 else np.concatenate(raws)
        starts = np.concatenate([part.starts + begins[id(part.raw)] for part in parts])
        return cls(raw, starts, np.concatenate([part.sizes for part in parts]))

    def take(self, which: npt.NDArray[Any]) -> Texts:
        """Those at positions, or where a mask holds."""
        return Texts(self.raw, self.starts[which], self.sizes[which])

    def lengths(self) -> npt.NDArray[np.int32]:
        """Their sizes, with 0 for what is absent."""
        lengths: npt.NDArray[np.int32] = np.maximum(self.sizes, 0)
        return lengths

    def put(self, out: Bytes, places: Whole, width: int) -> None:
        """Writes each text to its place.

        What follows a text within `width` bytes of its beginning is spoilt, if the text itself is no longer than
        that: whoever calls writes there afterwards, and gives room enough behind the last one.
        """
        is_short = (self.sizes > 0) & (self.sizes <= width)
        sizes = self.sizes[is_short]
        if len(sizes):
            widest = int(sizes.max())
            starts = self.starts[is_short]
            room = widest - (len(self.raw) - int(starts.max()))
            raw = np.concatenate([self.raw, np.zeros(room, np.uint8)]) if room > 0 else self.raw
            blocks(out, widest)[places[is_short]] = blocks(raw, widest)[starts]
        for at in np.flatnonzero(self.sizes > width).tolist():
            start, size, place = int(self.starts[at]), int(self.sizes[at]), int(places[at])
            out[place : place + size] = self.raw[start : start + size]


def blocks(raw: Bytes, width: int) -> npt.NDArray[np.void]:
    """The block of so many bytes that begins at each byte; to move one costs about the same whatever its width."""
    return np.ndarray((len(raw) - width + 1,), f"V{width}", buffer=raw.data, strides=(1,))
