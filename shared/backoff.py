"""How long to wait before the next try: growing by factors, bounded, with jitter so that nobody moves in step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 15.0
FACTOR: Final = 2.0


@dataclass(slots=True)
class Backoff:
    """Delays of one series of tries; `reset` after a success.

    Attributes:
        first_s: the first delay at most.
        max_s: no delay is longer.
        jitter: gives a number in 0..1; a delay lies between half and the whole of what is due.
    """

    first_s: float = FIRST_DELAY_S
    max_s: float = MAX_DELAY_S
    jitter: Callable[[], float] = field(default=random.random)
    tries: int = 0

    def next_s(self) -> float:
        """The delay before the next try, in seconds."""
        due_s = min(self.max_s, self.first_s * FACTOR ** min(self.tries, 32))
        self.tries += 1
        return due_s * (0.5 + 0.5 * self.jitter())

    def reset(self) -> None:
        """Begins anew with the first delay."""
        self.tries = 0
