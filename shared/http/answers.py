"""Turns what a handler answers into the HTTP response."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from shared.http.routes import Answer, Route


def render(result: Any, route: Route) -> web.StreamResponse:
    """The response of a route for what its handler answered; see shared.http.routes.Handler."""
    if isinstance(result, web.StreamResponse):
        return result
    if not isinstance(result, Answer):
        return json_response(result, status=route.status) if result is not None else web.Response(status=204)
    status = result.status or route.status
    if isinstance(result.body, (str, bytes)):
        raw = result.body.encode() if isinstance(result.body, str) else result.body
        return web.Response(
            body=raw,
            status=status,
            headers={**result.headers, "Content-Type": _with_charset(result.content_type)},
        )
    if result.body is None:
        return web.Response(status=status, headers=result.headers)
    answer = json_response(result.body, status=status)
    answer.headers.update(result.headers)
    return answer


def json_response(value: Any, *, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") and "charset" not in kind else kind
