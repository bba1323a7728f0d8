"""What makes two requests the same, for those that are told apart by an `Idempotency-Key`."""

from __future__ import annotations

import hashlib

from shared.http.headers import IDEMPOTENCY_KEY
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Call


async def fingerprint(call: Call) -> bytes:
    """A hash of method, path with query, and body."""
    request = call.request
    line = f"{request.method} {request.raw_path}\n"
    return hashlib.sha256(line.encode(errors="surrogateescape") + await request.read()).digest()


def other_request() -> Invalid:
    """The refusal of a key that was used for another request."""
    detail = "was used for another request: a key names one creation, so take a new one"
    return Invalid([FieldError(pointer=IDEMPOTENCY_KEY.name, detail=detail)])
