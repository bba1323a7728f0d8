"""Rules: how amounts came about, as the ledger keeps them beside each amount."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Rule(NamedTuple):
    """How an amount came about, or why there is none."""

    list_id: int | None
    text: str

    @property
    def key(self) -> str:
        """A short name for it, the same in every process."""
        return hashlib.blake2b(f"{self.list_id} {self.text}".encode(), digest_size=16).hexdigest()
