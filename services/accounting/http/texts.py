"""Codes and names as HTTP and files take them: what stands in one line and comes back unchanged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from shared.http.problems import FieldError, Invalid

MAX_CODE: Final = 200
MAX_NAME: Final = 500
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00]*$")]
Customer = Annotated[str, Meta(max_length=MAX_NAME, pattern=r"^[^\x00]*$")]


def code_of(code: str, pointer: str = "/code") -> str:
    """A code that can be charged to.

    Raises:
        Invalid: empty, too long, not printable, or with a blank at one of its ends.
    """
    if why := wrong_code(code):
        raise Invalid([FieldError(pointer, why)])
    return code


def wrong_code(code: str) -> str | None:
    """Why a text is no code, None when it is one."""
    if 0 < len(code) <= MAX_CODE and code.isprintable() and code == code.strip():
        return None
    return f"must be 1 to {MAX_CODE} printable characters, no space around them"
