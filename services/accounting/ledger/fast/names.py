"""Keys met in a batch, numbered as they come, and their numbers in the database once those are known."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from services.accounting.dimensions import Dimension, Dimensions

Positions = npt.NDArray[np.int32]


class Numbered(dict[Any, int]):
    """Numbers whatever it is asked for, in order of first sight."""

    def __missing__(self, key: Hashable) -> int:
        """The next number."""
        number = self[key] = len(self)
        return number

    def column(self, keys: Iterable[Hashable], count: int) -> Positions:
        """The numbers of so many keys."""
        return np.fromiter(map(self.__getitem__, keys), np.int32, count)


class Names:
    """The keys of one dimension that a batch uses; position 0 is '', which means none."""

    __slots__ = ("_numbered",)

    def __init__(self) -> None:
        self._numbered = Numbered({"": 0})

    def add(self, key: str) -> int:
        """The position of a key."""
        return self._numbered[key]

    def all(self) -> Sequence[str]:
        """The keys by position."""
        return list(self._numbered)

    def column(self, keys: Sequence[str | None]) -> Positions:
        """The positions of a column of keys; an absent one is none."""
        absent = keys.count(None)
        if absent == len(keys):
            return np.zeros(len(keys), np.int32)
        return self._numbered.column([key or "" for key in keys] if absent else keys, len(keys))

    def numbers(
        self,
        dimension: Dimension,
        dimensions: Dimensions,
        facts: Mapping[str, tuple[str, ...]] | None = None,
    ) -> npt.NDArray[np.int32]:
        """The number of each position; `facts` of those keys that have any.

        Raises:
            psycopg.Error: the database.
        """
        keys: dict[str, tuple[str, ...]] = dict.fromkeys(self._numbered, ("",) * len(dimension.facts))
        if facts is not None:
            keys |= {key: facts[key] for key in keys.keys() & facts.keys()}
        known = dimensions.learn(dimension, keys)
        return np.fromiter((known[key] for key in self._numbered), np.int32, len(self._numbered))


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys that a batch uses, but for those that its rates name.

    Attributes:
        told_printers: what jobs say of their printers: id, serial number and model.
        used_inks: colours that a line used any of, see ink.inks_used; position 0 is none.
    """

    printers: Names = field(default_factory=Names)
    people: Names = field(default_factory=Names)
    sources: Names = field(default_factory=Names)
    projects: Names = field(default_factory=Names)
    departments: Names = field(default_factory=Names)
    media: Names = field(default_factory=Names)
    categories: Names = field(default_factory=Names)
    qualities: Names = field(default_factory=Names)
    finishings: Names = field(default_factory=Names)
    ink_sets: Names = field(default_factory=Names)
    told_printers: Numbered = field(default_factory=Numbered)
    used_inks: Numbered = field(default_factory=lambda: Numbered({(): 0}))
