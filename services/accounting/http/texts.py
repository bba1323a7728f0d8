"""Codes and names as HTTP and files take them: what stands in one line and comes back unchanged."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from services.accounting.codes import MAX_NAME, wrong_code
from shared.http.problems import FieldError, Invalid

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
