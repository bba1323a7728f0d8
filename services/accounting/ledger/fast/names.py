"""Keys met in a batch, numbered as they come, and their numbers in the database once those are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from services.accounting.dimensions import Dimension, Dimensions


class Names:
    """The keys of one dimension that a batch uses; position 0 is '', which means none."""

    __slots__ = ("_facts", "positions")

    def __init__(self) -> None:
        self.positions: dict[str, int] = {"": 0}
        self._facts: dict[str, tuple[Any, ...]] = {}

    def add(self, key: str, facts: tuple[Any, ...] = ()) -> int:
        """The position of a key."""
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = len(self.positions)
            self._facts[key] = facts
        return position

    def numbers(self, dimension: Dimension, dimensions: Dimensions) -> npt.NDArray[np.int32]:
        """The number of each position.

        Raises:
            psycopg.Error: the database.
        """
        known = dimensions.learn(dimension, {key: self._facts.get(key, ()) for key in self.positions})
        return np.fromiter((known[key] for key in self.positions), np.int32, len(self.positions))
