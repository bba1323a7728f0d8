"""Optimistic concurrency: a change counts only for the state that its caller has read (RFC 9110, 13.1.1)."""

from __future__ import annotations

import re
from typing import Final

from shared.http.problems import PreconditionFailed

_TAG: Final = re.compile(r'\s*(?:(W/)?"([^"]*)")?\s*(?:,|$)')


def require_match(if_match: str | None, etag: str | None, what: str) -> None:
    """Lets a change pass if its If-Match allows it for the present state.

    Args:
        if_match: the header's value, None where there was none.
        etag: of the present state, with its quotes; None where there is none yet.
        what: is changed, for the message, such as "project P-100".

    Raises:
        PreconditionFailed: none of the tags is this one, compared strongly; or "*", and there is no state.
    """
    if if_match is None:
        return
    if etag is None:
        raise PreconditionFailed(f"The {what} does not exist, so that no If-Match can match it.")
    if if_match.strip() != "*" and etag not in _strong_tags(if_match):
        raise PreconditionFailed(f"The {what} has changed since it was read: read it again.")


def _strong_tags(value: str) -> set[str]:
    """The entity tags of a header; none where it can't be read, which then matches nothing."""
    found: set[str] = set()
    place = 0
    while place < len(value):
        tag = _TAG.match(value, place)
        if tag is None:
            return set()
        if tag[2] is not None and not tag[1]:
            found.add(f'"{tag[2]}"')
        place = tag.end()
    return found
