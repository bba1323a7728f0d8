"""Errors over HTTP as problem documents (RFC 9457), made from the one tree of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec import Struct, json

from shared.errors import Conflict, InkmeterError, NotFound, Reject, Retry

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
MAX_ERRORS: Final = 100


class FieldError(Struct, frozen=True):
    """One wrong place: `pointer` is an RFC 6901 JSON pointer into the body, or a query parameter's name."""

    pointer: str
    detail: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem document (RFC 9457, section 3)."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = []


class BadRequest(Reject):
    """The request can't even be read: malformed JSON, wrong content type (400)."""


class PreconditionFailed(Reject):
    """The thing was changed by someone else since it was read (412)."""


class Invalid(Reject):
    """Several places of the input are wrong; all are told at once (422)."""

    def __init__(self, errors: list[FieldError]) -> None:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        where = f" at {first.pointer}" if first.pointer else ""
        super().__init__(f"{first.detail}{where}{more}", pointer=first.pointer)
        self.errors = errors[:MAX_ERRORS]


def status_of(error: InkmeterError) -> HTTPStatus:
    """The HTTP status of an expected error."""
    table: tuple[tuple[type[InkmeterError], HTTPStatus], ...] = (
        (BadRequest, HTTPStatus.BAD_REQUEST),
        (PreconditionFailed, HTTPStatus.PRECONDITION_FAILED),
        (NotFound, HTTPStatus.NOT_FOUND),
        (Conflict, HTTPStatus.CONFLICT),
        (Reject, HTTPStatus.UNPROCESSABLE_ENTITY),
        (Retry, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return next((status for kind, status in table if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: InkmeterError) -> Problem:
    """The problem document of an expected error."""
    status = status_of(error)
    errors: list[FieldError] = []
    if isinstance(error, Invalid):
        errors = error.errors
    elif isinstance(error, Reject) and error.pointer:
        errors = [FieldError(pointer=error.pointer, detail=error.reason)]
    return Problem(
        type=f"urn:inkmeter:problem:{type(error).__name__.lower()}",
        title=status.phrase,
        status=int(status),
        detail=str(error),
        errors=errors,
    )


def response(problem: Problem) -> web.Response:
    """The HTTP answer that carries a problem."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="inkmeter"'
    return web.Response(
        body=json.encode(problem), status=problem.status, content_type=CONTENT_TYPE, headers=headers
    )


def of_status(status: int, detail: str) -> Problem:
    """A problem for a plain HTTP status, such as 404 for an unknown path."""
    phrase = HTTPStatus(status).phrase
    return Problem(type=f"urn:inkmeter:problem:{phrase.lower().replace(' ', '-')}", title=phrase, status=status,
                   detail=detail)  # fmt: skip
