"""Asks one URL whether it is well: what a container's health check runs. Exit 0 on an answer below 400."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import Final

TIMEOUT_S: Final = 4.0


def probe(url: str) -> str | None:
    """None when the URL answers well, else one sentence of what is wrong."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S):  # noqa: S310 - the address is the operator's own
            return None
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}: {error.read(2_000).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return f"{url} does not answer: {error}"


if __name__ == "__main__":
    wrong = probe(sys.argv[1])
    if wrong:
        sys.exit(wrong)
