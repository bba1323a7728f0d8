"""The headers that routes take and give beside the common ones: what each means, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from shared.http.problems import FieldError, Invalid

MAX_LENGTH: Final = 200
MAX_TAGS_LENGTH: Final = 1_000


class Header(NamedTuple):
    """One header, as the OpenAPI document tells it."""

    name: str
    description: str
    max_length: int = MAX_LENGTH


ACTOR: Final = Header(
    "Inkmeter-Actor",
    "On whose behalf the change is made, as it is recorded with it: 1 to 200 printable characters (UTF-8). "
    "`operator` without this header.",
)
DEFAULT_ACTOR: Final = "operator"
"""Who acts as long as there is one token for all operators and the caller names nobody."""
IDEMPOTENCY_KEY: Final = Header(
    "Idempotency-Key",
    "Names this creation, such as by a random UUID: sent again with the same request it creates nothing more and "
    "gets the first answer again; with another request it is refused (422). 1 to 200 printable characters.",
)
IF_MATCH: Final = Header(
    "If-Match",
    "Changes only what still has one of these entity tags, as the `ETag` of an answer told it, else answers 412; "
    "`*` stands for any, as long as it exists.",
    MAX_TAGS_LENGTH,
)
ETAG: Final = Header("ETag", "Names this very state, for `If-Match`.")
LOCATION: Final = Header("Location", "Where what was created is found.")
REPLAYED: Final = Header(
    "Idempotency-Replayed",
    "`true` where this answers an earlier request with the same `Idempotency-Key`.",
)


class Given(Protocol):
    """A request's headers: names in any case, and one may come more than once."""

    def getall(self, key: str, default: list[str]) -> list[str]:
        """All values of a header."""


def read_headers(given: Given, taken: Sequence[Header], *, changes: bool = False) -> Mapping[Header, str]:
    """The values of the headers that a route takes, without blanks around them; those not given are left out.

    Args:
        given: the request's headers.
        taken: those that the route knows.
        changes: whether it changes something: then an If-Match that it would not look at must not be passed over.

    Raises:
        Invalid: a header comes more than once, is empty, too long, or not printable; the pointer is its name.
    """
    found: dict[Header, str] = {}
    errors: list[FieldError] = []
    if changes and IF_MATCH not in taken and given.getall(IF_MATCH.name, []):
        errors.append(FieldError(pointer=IF_MATCH.name, detail="is not looked at here, so leave it out"))
    for header in taken:
        values = given.getall(header.name, [])
        if not values:
            continue
        value = values[0].strip()
        if len(values) > 1:
            errors.append(FieldError(pointer=header.name, detail="given more than once"))
        elif not 0 < len(value) <= header.max_length or not value.isprintable():
            detail = f"must be 1 to {header.max_length} printable characters"
            errors.append(FieldError(pointer=header.name, detail=detail))
        else:
            found[header] = value
    if errors:
        raise Invalid(errors)
    return found
