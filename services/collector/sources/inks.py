"""What devices call their inks, and the colours that price lists know."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

import msgspec

MAX_NAME: Final = 100


def colour_of(name: str) -> str:
    """The colour that an ink's name stands for; a name that is not known is kept, in small letters."""
    plain = " ".join(name.lower().replace("_", " ").replace("-", " ").split())[:MAX_NAME]
    return _names().get(plain) or plain.replace(" ", "-") or "unknown"


@cache
def _names() -> dict[str, str]:
    text = resources.files(__package__).joinpath("inks.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, dict[str, str]])["inks"]
