"""Writes the pages that follow from the code; --check only says whether they are up to date (exit 1 if not)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from docs.page_configuration import configuration, env_example
from docs.page_events import events

ROOT: Final = Path(__file__).parent.parent

PAGES: Final[dict[str, Callable[[], str]]] = {
    "docs/configuration.md": configuration,
    "docs/events.md": events,
    ".env.example": env_example,
}


def outdated() -> list[str]:
    """The pages whose text differs from what the code says now."""
    return [name for name, page in PAGES.items() if _read(name) != page()]


def _read(name: str) -> str | None:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Checks or writes all pages."""
    if "--check" in arguments:
        late = outdated()
        for name in late:
            print(f"{name} is not what the code says: run `make docs`.", file=sys.stderr)
        return 1 if late else 0
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
