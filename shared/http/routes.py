"""A route says all that the server and its OpenAPI document need: path, types of what goes in and comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from shared.http.headers import ACTOR, DEFAULT_ACTOR, IDEMPOTENCY_KEY, IF_MATCH, Header

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
MAX_BODY_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request, already read: `body` and `query` are of the route's types, `given` its headers' values."""

    request: web.Request
    route: Route
    body: Any
    query: Any
    path: Mapping[str, str]
    given: Mapping[Header, str]

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, names in any case."""
        return self.request.headers

    @property
    def actor(self) -> str:
        """Who makes this change; see shared.http.headers.ACTOR."""
        return self.given.get(ACTOR, DEFAULT_ACTOR)

    @property
    def if_match(self) -> str | None:
        """The entity tags that the change is bound to, of a route that takes IF_MATCH."""
        return self.given.get(IF_MATCH)

    @property
    def idempotency_key(self) -> str | None:
        """The caller's name for this creation, of a route that takes IDEMPOTENCY_KEY."""
        return self.given.get(IDEMPOTENCY_KEY)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer other than a plain JSON body with the route's own status."""

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Handler = Callable[[Call], Awaitable[Any]]
"""Takes a Call; answers a Struct, dict or list (JSON), an Answer, or a ready aiohttp response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of a service's API.

    Attributes:
        method: GET, POST, PUT, PATCH or DELETE.
        path: with {name} for path parameters; everything under /v1 needs the token.
        handler: called with the request already read.
        summary: one line for the OpenAPI document.
        body: type of the JSON body, None for no body.
        query: Struct type of the query parameters.
        answer: type of the JSON answer.
        status: of a good answer.
        also: other statuses of a good answer, such as 201 beside 200.
        parse: reads the raw body instead of `body`'s strict JSON (called with bytes and content type).
        content_types: what the body may be, for a route with its own `parse`.
        answers_with: content types of a good answer.
        errors: statuses of problems that callers should expect beyond 400, 401, 422 and 503.
        takes: headers it reads beside ACTOR, which every route but a GET takes; IF_MATCH adds the problem 412.
        gives: headers of a good answer; IDEMPOTENCY_KEY among `takes` adds REPLAYED.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    body: Any = None
    query: type[Struct] | None = None
    answer: Any = None
    status: int = 200
    also: tuple[int, ...] = ()
    parse: Callable[[bytes, str], Any] | None = None
    content_types: tuple[str, ...] = ("application/json",)
    answers_with: tuple[str, ...] = ("application/json",)
    errors: tuple[int, ...] = ()
    takes: tuple[Header, ...] = ()
    gives: tuple[Header, ...] = ()
    description: str = ""

    @property
    def request_headers(self) -> tuple[Header, ...]:
        """All headers that it reads."""
        return self.takes if self.method == "GET" else (*self.takes, ACTOR)
