"""A column of texts within one buffer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

ABSENT = -1


class Texts(NamedTuple):
    """Where each text stands in a buffer, as UTF-8.

    Attributes:
        raw: the buffer.
        starts: where each text begins.
        sizes: how many bytes it has; ABSENT where there is none.
    """

    raw: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Texts:
        """A column of texts."""
        encoded = [(text or "").encode() for text in texts]
        sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
        absent = np.fromiter((text is None for text in texts), np.bool_, len(texts))
        raw = np.frombuffer(b"".join(encoded), np.uint8)
        return cls(raw, np.cumsum(sizes) - sizes, np.where(absent, ABSENT, sizes).astype(np.int32))

    @classmethod
    def absent(cls, count: int) -> Texts:
        """So many texts that are absent."""
        return cls(np.empty(0, np.uint8), np.zeros(count, np.int64), np.full(count, ABSENT, np.int32))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Columns one below the other."""
        buffers: dict[int, tuple[int, Any]] = {}
        end, starts = 0, []
        for part in parts:
            if id(part.raw) not in buffers:
                buffers[id(part.raw)] = end, part.raw
                end += len(part.raw)
            starts.append(part.starts + buffers[id(part.raw)][0])
        raws = [raw for _, raw in buffers.values()]
        raw = raws[0] if len(raws) == 1 else np.concatenate(raws)
        return cls(raw, np.concatenate(starts), np.concatenate([part.sizes for part in parts]))

    def take(self, which: npt.NDArray[Any]) -> Texts:
        """The texts at positions, or where a mask is true."""
        return Texts(self.raw, self.starts[which], self.sizes[which])

    def tolist(self) -> list[str | None]:
        """The texts as such."""
        raw = self.raw.tobytes()
        places = zip(self.starts.tolist(), self.sizes.tolist(), strict=True)
        return [None if size < 0 else raw[start : start + size].decode() for start, size in places]
