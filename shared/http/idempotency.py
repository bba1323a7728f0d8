"""What makes two requests the same, for those that are told apart by an `Idempotency-Key`."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from shared.http.headers import IDEMPOTENCY_KEY
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Call


class Creation(NamedTuple):
    """A request that creates something under a key of its sender's."""

    key: str
    request_sha256: bytes


async def creation_of(call: Call) -> Creation | None:
    """The key of a request and what it asks for; None where it has no key."""
    key = call.idempotency_key
    return None if key is None else Creation(key, await fingerprint(call))


async def fingerprint(call: Call) -> bytes:
    """A hash of method, path with query, and body."""
    request = call.request
    line = f"{request.method} {request.raw_path}\n"
    return hashlib.sha256(line.encode(errors="surrogateescape") + await request.read()).digest()


def other_request() -> Invalid:
    """The refusal of a key that was used for another request."""
    detail = "was used for another request: a key names one creation, so take a new one"
    return Invalid([FieldError(pointer=IDEMPOTENCY_KEY.name, detail=detail)])
