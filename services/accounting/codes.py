"""What can be a code or a name: it stands in one line and comes back unchanged from a file. Pure."""

from __future__ import annotations

from typing import Final

MAX_CODE: Final = 200
MAX_NAME: Final = 500
MAX_NOTES: Final = 10_000
RESERVED: Final = frozenset({"import", "export", "import-template"})
"""What stands where a code would in the paths of imports and exports."""


def wrong_code(code: str) -> str | None:
    """Why a text is no code, None when it is one."""
    if 0 < len(code) <= MAX_CODE and code.isprintable() and code == code.strip():
        return None
    return f"must be 1 to {MAX_CODE} printable characters, no space around them"


def wrong_new_code(code: str) -> str | None:
    """Why a text is no code that a project, customer or department can have, None when it is one."""
    if code in RESERVED:
        return f"{code} can't be a code: it names a part of the interface"
    return wrong_code(code)
