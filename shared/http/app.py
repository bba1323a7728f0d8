"""Makes a service's aiohttp application: token, problem documents, health, metrics, version, OpenAPI."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from shared import metrics
from shared.errors import ConfigError, InkmeterError
from shared.health import Readiness
from shared.http import openapi, problems
from shared.http.answers import json_response, render
from shared.http.body import read_json, read_query
from shared.http.headers import read_headers
from shared.http.routes import MAX_BODY_BYTES, Call, Route
from shared.version import version

MAX_PARSED_AT_ONCE_BYTES: Final = 100_000
"""A larger body is parsed in a thread: megabytes take seconds, and a service must not fall silent."""

MAX_LINE_BYTES: Final = 65_536
"""Of method, path and query: a hundred values of one filter fit in."""

SHUTDOWN_S: Final = 5.0
_log = structlog.get_logger()
_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(service: str, routes: Sequence[Route], *, readiness: Readiness, token: str) -> web.Application:
    """Builds the application of one service; nothing listens yet.

    Every path but /healthz, /readyz, /metrics, /version and /openapi.json needs `Authorization: Bearer <token>`.
    """
    app = web.Application(
        middlewares=[_measured, _with_problems, _needs_token(token)], client_max_size=MAX_BODY_BYTES
    )
    described = msgspec.json.encode(openapi.document(service, routes))

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        found = await readiness.check(service)
        metrics.READY.set(1 if found.ready else 0)
        return json_response(found, status=200 if found.ready else 503)

    async def show_metrics(_: web.Request) -> web.Response:
        body, kind = metrics.render()
        return web.Response(body=body, headers={"Content-Type": kind})

    async def show_version(_: web.Request) -> web.Response:
        return json_response({"service": service, "version": version()})

    async def show_openapi(_: web.Request) -> web.Response:
        return web.Response(body=described, content_type="application/json")

    for path, handler in (
        ("/healthz", healthz),
        ("/readyz", readyz),
        ("/metrics", show_metrics),
        ("/version", show_version),
        ("/openapi.json", show_openapi),
    ):
        app.router.add_get(path, handler)
    for route in routes:
        add = app.router.add_get if route.method == "GET" else partial(app.router.add_route, route.method)
        add(route.path, _handler(route))  # a GET answers HEAD too
    return app


_OPEN: Final = frozenset({"/healthz", "/readyz", "/metrics", "/version", "/openapi.json"})


def _needs_token(token: str) -> Any:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: _Next) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path not in _OPEN and not hmac.compare_digest(given, expected):
            detail = "The token is wrong." if given else "This needs the header Authorization: Bearer <token>."
            return problems.response(problems.of_status(401, detail))
        return await handler(request)

    return check


@web.middleware
async def _with_problems(request: web.Request, handler: _Next) -> web.StreamResponse:
    try:
        return await handler(request)
    except InkmeterError as error:
        problem = problems.problem_of(error)
        if problem.status >= 500:  # noqa: PLR2004
            _log.warning("request_failed", path=request.path, error=str(error))
        return problems.response(problem)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004
            raise
        known = {404: f"There is no {request.path} here.", 405: f"{request.method} is not possible here."}
        answer = problems.response(problems.of_status(error.status, known.get(error.status, error.text or "")))
        if allowed := error.headers.get("Allow"):
            answer.headers["Allow"] = allowed
        return answer
    except web.RequestPayloadError as error:
        return problems.response(problems.of_status(400, f"The body can't be read: {error}"))
    except Exception:  # noqa: BLE001 - a bug answers 500 and is logged whole; the service goes on
        _log.exception("request_broke", path=request.path)
        return problems.response(problems.of_status(500, "A fault of ours; the service's log has the details."))


@web.middleware
async def _measured(request: web.Request, handler: _Next) -> web.StreamResponse:
    started = time.perf_counter()
    answer = await handler(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "(unknown)"
    metrics.HTTP_SECONDS.labels(route).observe(time.perf_counter() - started)
    metrics.HTTP_REQUESTS.labels(request.method, route, str(answer.status)).inc()
    return answer


def _handler(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        given = read_headers(request.headers, route.request_headers, changes=route.method != "GET")
        query = read_query(request.query, route.query) if route.query is not None else None
        body = None
        if route.parse is not None:
            raw = await request.read()
            if len(raw) > MAX_PARSED_AT_ONCE_BYTES:
                body = await asyncio.to_thread(route.parse, raw, request.content_type)
            else:
                body = route.parse(raw, request.content_type)
        elif route.body is not None:
            body = read_json(await request.read(), route.body)
        call = Call(request, route=route, body=body, query=query, path=request.match_info, given=given)
        return render(await route.handler(call), route)

    return handle


async def serve_http(app: web.Application, host: str, port: int) -> None:
    """Listens until cancelled, then answers what is under way within SHUTDOWN_S.

    Raises:
        ConfigError: the port is taken or the address is not this machine's.
    """
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S, max_line_size=MAX_LINE_BYTES
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                f"Can't listen on {host}:{port} ({error.strerror or error}).",
                remedy="Set INKMETER_HTTP_PORT or INKMETER_HTTP_HOST to a free address.",
            ) from error
        _log.info("http_listening", host=host, port=port)
        await asyncio.Event().wait()
    finally:
        with suppress(asyncio.CancelledError):
            await runner.cleanup()
