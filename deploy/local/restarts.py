"""When a process that died is started again, and when that is given up; pure."""

from __future__ import annotations

from collections import deque
from typing import Final

AT_ONCE: Final = 3
"""So many deaths in a row are answered at once: what was killed is missed from the first moment on."""
FIRST_DELAY_S: Final = 0.2
MAX_DELAY_S: Final = 5.0
STABLE_AFTER_S: Final = 5.0
"""A process that lived so long had started well: its next death counts as the first in a row."""
MAX_DEATHS: Final = 10
WITHIN_S: Final = 60.0


class Restarts:
    """The deaths of one process."""

    def __init__(self) -> None:
        self.count = 0
        self._deaths_s: deque[float] = deque()
        self._in_a_row = 0

    def died(self, *, now_s: float, lived_s: float) -> float | None:
        """Notes a death.

        Returns:
            the delay before the next start in seconds, 0 for the first AT_ONCE deaths in a row; None when it
            has died more than MAX_DEATHS times within WITHIN_S and another start would help nobody.
        """
        self.count += 1
        self._in_a_row = 0 if lived_s >= STABLE_AFTER_S else self._in_a_row + 1
        self._deaths_s.append(now_s)
        while now_s - self._deaths_s[0] > WITHIN_S:
            self._deaths_s.popleft()
        if len(self._deaths_s) > MAX_DEATHS:
            return None
        if self._in_a_row <= AT_ONCE:
            return 0.0
        return min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** (self._in_a_row - AT_ONCE - 1))
