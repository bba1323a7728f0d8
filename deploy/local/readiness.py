"""Asks a service whether it is ready."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Final

import msgspec

from shared.health import Ready

WITHIN_S: Final = 5.0
MAX_BYTES: Final = 65_536


def not_ready(url: str) -> str | None:
    """None when `/readyz` says yes, else one sentence of what is down; blocks for WITHIN_S at most."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=WITHIN_S):  # noqa: S310 - our own address
            return None
    except urllib.error.HTTPError as error:
        with error:
            return what_is_down(error.read(MAX_BYTES)) or f"/readyz answers {error.code}"
    except (OSError, ValueError) as error:
        return f"it does not answer ({error})"


def what_is_down(body: bytes) -> str:
    """The findings in an answer of /readyz that are not fine."""
    try:
        found = msgspec.json.decode(body, type=Ready)
    except msgspec.DecodeError:
        return ""
    return "; ".join(f"{check.name}: {check.detail}" for check in found.checks if not check.ok)
