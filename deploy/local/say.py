"""Who is told each step of a start, in a line for people."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]


def silent(_line: str) -> None:
    """Tells nobody."""
