"""Has the C library keep memory that was freed.

A process that fills and frees megabytes all the time spends much of it on having the same pages given, zeroed
and taken away again.
"""

from __future__ import annotations

import ctypes
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Numbers of mallopt (malloc.h)."""
KEPT_BYTES: Final = 128 * 1024 * 1024
"""How much may be free at the end of the heap before it is given back."""
ON_THE_HEAP_BYTES: Final = 32 * 1024 * 1024
"""Pieces up to this size come from the heap; glibc takes no larger number."""


def keep_freed_memory() -> bool:
    """Changes this process for good; False where the C library, such as musl, has no such setting."""
    try:
        change = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(change(_MMAP_THRESHOLD, ON_THE_HEAP_BYTES) and change(_TRIM_THRESHOLD, KEPT_BYTES))
