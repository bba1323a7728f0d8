"""Which Inkmeter this is."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """The installed version, or "0" when it runs from a tree that is not installed."""
    try:
        return metadata.version("inkmeter")
    except metadata.PackageNotFoundError:
        return "0"
