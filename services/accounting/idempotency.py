"""Creations that happen once, however often their request is sent: `Idempotency-Key` (ADR 0017).

A handler hands over what it does, and `once` does it in one transaction together with the record of its answer:

    async def _create(self, call: Call) -> Any:
        async def make(connection: Connection) -> Answer:
            created = await self._store.create(connection, call.body, by=call.actor)
            return Answer(created, status=201)

        return await once(self._pool, call, make)

The route says `takes=(IDEMPOTENCY_KEY,)`. A creation that fails leaves nothing behind, so it may be tried again
under the same key.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiohttp import web
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from shared import sqlfile
from shared.errors import Retry
from shared.http.answers import render
from shared.http.headers import REPLAYED
from shared.http.idempotency import fingerprint, other_request
from shared.http.routes import Call
from shared.postgres import Pool, classified

KEPT_HOURS: Final = 72
"""How long a key is known: a weekend and a day, for who sends again on Monday what failed on Friday."""
FORGET_EVERY_S: Final = 3_600.0
FORGET_BATCH: Final = 1_000
QUERIES: Final = sqlfile.load("services.accounting", "queries_idempotency.sql")
Connection = AsyncConnection[TupleRow]
_log = structlog.get_logger()


async def once(pool: Pool, call: Call, make: Callable[[Connection], Awaitable[Any]]) -> Any:
    """Does something in one transaction, unless a request with the same key has done it.

    Args:
        pool: where the transaction's connection comes from.
        call: the request; without the header it is simply done.
        make: does it on the connection it is given, without committing, and answers as a handler does.

    Returns:
        What `make` answered, or the earlier answer, byte by byte, with the header REPLAYED.

    Raises:
        Invalid: the key was used for another request.
        Retry: the first request with this key is still under way.
    """
    key = call.idempotency_key
    with classified():
        async with pool.connection() as connection:
            if key is None:
                return await make(connection)
            request = await fingerprint(call)
            claim = {"key": key, "request_sha256": request, "kept_hours": KEPT_HOURS}
            if await (await connection.execute(QUERIES["claim"], claim)).fetchone() is None:
                return await _earlier(connection, key, request)
            answer = render(await make(connection), call.route)
            await _record(connection, key, answer)
            return answer


async def _earlier(connection: Connection, key: str, request: bytes) -> web.Response:
    row = await (await connection.execute(QUERIES["earlier"], {"key": key})).fetchone()
    if row is None:
        raise Retry("The answer for this Idempotency-Key was forgotten a moment ago; send the request again.")
    sha256, status, headers, body = row
    if bytes(sha256) != request:
        raise other_request()
    return web.Response(status=status, headers={**headers, REPLAYED.name: "true"}, body=bytes(body or b""))


async def _record(connection: Connection, key: str, answer: web.StreamResponse) -> None:
    if not isinstance(answer, web.Response) or not isinstance(answer.body, (bytes, bytearray, type(None))):
        raise TypeError("what is answered once must be whole, not a stream")
    told = {
        "key": key,
        "status": answer.status,
        "headers": json.dumps(dict(answer.headers)),
        "body": bytes(answer.body or b""),
    }
    await connection.execute(QUERIES["record"], told)


async def forget(pool: Pool) -> int:
    """Deletes the keys that are older than KEPT_HOURS; how many."""
    total = 0
    with classified():
        while True:
            async with pool.connection() as connection:
                done = await connection.execute(
                    QUERIES["forget"], {"kept_hours": KEPT_HOURS, "limit": FORGET_BATCH}
                )
            total += done.rowcount
            if done.rowcount < FORGET_BATCH:
                return total


async def run_forgetting(pool: Pool) -> None:
    """Forgets old keys every FORGET_EVERY_S, until cancelled."""
    while True:
        try:
            if forgotten := await forget(pool):
                _log.info("idempotency_keys_forgotten", keys=forgotten)
        except Retry as error:
            _log.warning("idempotency_keys_not_forgotten", error=str(error), retry_in_s=FORGET_EVERY_S)
        await asyncio.sleep(FORGET_EVERY_S)
