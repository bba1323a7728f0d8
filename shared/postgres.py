"""PostgreSQL by psycopg 3: pools that wait for the server, and errors sorted by who is at fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import structlog
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from shared.backoff import Backoff
from shared.errors import ConfigError, InkmeterError, Reject, Retry, Unreachable

log = structlog.get_logger(__name__)

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

CONNECT_TIMEOUT_S: Final = 5
WAIT_S: Final = 30.0
"""How long a start waits for a server that is not there yet."""
TCP_USER_TIMEOUT_MS: Final = 20_000
"""A peer that acknowledges nothing for so long is gone: a cable pulled must not hang a batch for ever."""

_WORLD: Final = frozenset({"08", "40", "53", "57", "58"})
"""SQLSTATE classes: connection, transaction rollback, resources (disk full), operator intervention, system."""
_WORLD_CODES: Final = frozenset({"55P03", "25006", "25P03", "25P04"})
"""Lock not available, read-only transaction (a standby after a fail-over), idle and transaction timeouts."""
_INPUT: Final = frozenset({"21", "22", "23"})
"""SQLSTATE classes: cardinality, data exception, integrity constraint."""
_WRONG_SETTING: Final = (
    "password authentication failed",
    "no password supplied",
    "authentication failed for user",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied for database",
    "is not permitted to log in",
    "not currently accepting connections",
)


def shown(url: str) -> str:
    """An address for messages: user, host, port and database, never the password.

    Raises:
        ConfigError: it is no PostgreSQL address.
    """
    parts = _parse(url)
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    port = parts.get("port") or 5432
    return f"{host}:{port}, database {parts.get('dbname') or '(default)'}, user {parts.get('user') or '(default)'}"


def _parse(url: str) -> dict[str, Any]:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError(
            "The database URL does not begin with postgresql://.",
            remedy="Set INKMETER_DATABASE_URL to postgresql://user:password@host:port/database.",
        )
    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        # The library's own message would quote the URL with its password.
        parts = {"port": "unreadable"}
    if not all(port.isdecimal() for port in str(parts.get("port") or "5432").split(",")):
        raise ConfigError(
            "The database URL can't be read.",
            remedy="Set INKMETER_DATABASE_URL to postgresql://user:password@host:port/database, "
            "special characters in the password as %XX.",
        )
    return parts


def conninfo(url: str, *, name: str = "inkmeter", statement_timeout_s: float | None = None) -> str:
    """What psycopg connects by: the URL, with a name for pg_stat_activity and with time limits."""
    parts = _parse(url)
    options = str(parts.get("options") or "")
    if statement_timeout_s is not None:
        options += f" -c statement_timeout={int(statement_timeout_s * 1_000)}"
    limits: dict[str, Any] = {
        "application_name": name,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": TCP_USER_TIMEOUT_MS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    merged = {**limits, **parts, "options": options.strip() or None}
    return make_conninfo("", **{key: value for key, value in merged.items() if value is not None})


def connect(
    url: str,
    *,
    name: str = "inkmeter",
    autocommit: bool = False,
    statement_timeout_s: float | None = None,
    wait_s: float = 0.0,
) -> Connection[TupleRow]:
    """Opens one connection, for threads and commands; tries again for `wait_s` while the server is not there.

    Raises:
        ConfigError: URL, user, password or database are wrong.
        Unreachable: no server answers.
    """
    info = conninfo(url, name=name, statement_timeout_s=statement_timeout_s)
    backoff, give_up = Backoff(max_s=2.0), time.monotonic() + wait_s
    while True:
        try:
            return Connection.connect(info, autocommit=autocommit)
        except psycopg.OperationalError as error:
            failure = _refused(url, error)
            delay_s = backoff.next_s()
            if isinstance(failure, ConfigError) or time.monotonic() + delay_s > give_up:
                raise failure from error
            time.sleep(delay_s)


async def open_pool(
    url: str,
    *,
    name: str = "inkmeter",
    min_size: int = 1,
    max_size: int = 4,
    statement_timeout_s: float | None = None,
    wait_s: float = WAIT_S,
) -> Pool:
    """Opens a pool once the server answers; close it with `await pool.close()`.

    Connections that died are replaced by themselves. A pool whose server went away raises on use what
    `classify` calls Retry.

    Raises:
        ConfigError: URL, user, password or database are wrong.
        Unreachable: no server answered within `wait_s`.
    """
    pool = make_pool(url, name=name, min_size=min_size, max_size=max_size, statement_timeout_s=statement_timeout_s)
    await wait_for_server(url, wait_s=wait_s)
    await pool.open()
    return pool


def make_pool(
    url: str,
    *,
    name: str = "inkmeter",
    min_size: int = 1,
    max_size: int = 4,
    statement_timeout_s: float | None = None,
) -> Pool:
    """A pool that is still to be opened; it connects by itself once the server is there.

    Raises:
        ConfigError: the URL can't be read.
    """
    return _CancellablePool(
        conninfo(url, name=name, statement_timeout_s=statement_timeout_s),
        min_size=min_size,
        max_size=max_size,
        name=name,
        open=False,
        timeout=10.0,
        check=AsyncConnectionPool.check_connection,
        connection_class=AsyncConnection[TupleRow],
    )


class _CancellablePool(AsyncConnectionPool[AsyncConnection[TupleRow]]):
    """A pool that lets no cancellation go by.

    Python 3.11's `asyncio.wait_for`, by which the pool waits, passes over a cancellation that comes in the moment
    in which a connection is handed out: the task would go on for ever.
    """

    async def getconn(self, timeout: float | None = None) -> AsyncConnection[TupleRow]:  # noqa: ASYNC109
        """See AsyncConnectionPool.getconn."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        connection = await super().getconn(timeout)
        if task and task.cancelling() > before:
            await self.putconn(connection)
            raise asyncio.CancelledError
        return connection


async def wait_for_server(url: str, *, wait_s: float = WAIT_S) -> None:
    """Connects once, with back-off, so that a wrong setting is told at once and not as a pool's time-out.

    Raises:
        ConfigError: URL, user, password or database are wrong.
        Unreachable: no server answered within `wait_s`.
    """
    info = conninfo(url)
    backoff, give_up = Backoff(max_s=2.0), time.monotonic() + wait_s
    while True:
        try:
            async with await AsyncConnection.connect(info):
                return
        except psycopg.OperationalError as error:
            failure = _refused(url, error)
            delay_s = backoff.next_s()
            if isinstance(failure, ConfigError) or time.monotonic() + delay_s > give_up:
                raise failure from error
            if backoff.tries == 1:
                log.warning("postgres_unreachable", server=shown(url), wait_s=wait_s)
            await asyncio.sleep(delay_s)


def _refused(url: str, error: psycopg.OperationalError) -> InkmeterError:
    """Why no connection came about; libpq gives no code before the session stands, only English text."""
    text = " ".join(str(error).split())
    if "FATAL" in text and any(sign in text for sign in _WRONG_SETTING):
        reason = text.rpartition("FATAL:")[2].strip()
        return ConfigError(
            f"PostgreSQL at {shown(url)} refuses the connection: {reason}.",
            remedy="Check user, password and database in INKMETER_DATABASE_URL.",
        )
    return Unreachable(f"PostgreSQL does not answer at {shown(url)}: is it running?")


def classify(error: BaseException) -> BaseException:
    """Sorts a database error: Retry (the world), Reject (the data), or the very error (a bug).

    After a Retry the connection is best dropped, and a failed commit has an unknown outcome.
    """
    if isinstance(error, psycopg.Error):
        code = error.sqlstate or ""
        reason = (error.diag.message_primary or type(error).__name__).strip()
        if code[:2] in _WORLD or code in _WORLD_CODES:
            return Retry(f"PostgreSQL: {reason} ({code})")
        if code[:2] in _INPUT:
            return Reject(f"PostgreSQL refuses the data: {reason} ({code})")
        if not code and isinstance(error, psycopg.DataError):
            return Reject(f"PostgreSQL can't hold the data: {error}")
        if not code and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
            return Retry(f"PostgreSQL: the connection is lost ({type(error).__name__})")
        return error
    if isinstance(error, UnicodeEncodeError):
        return Reject(f"PostgreSQL can't hold the text: {error.reason}")
    return Retry(f"PostgreSQL: {type(error).__name__}") if isinstance(error, OSError) else error


@contextmanager
def classified() -> Iterator[None]:
    """Raises database errors from within as `classify` sorts them."""
    try:
        yield
    except (psycopg.Error, OSError, UnicodeEncodeError) as error:
        sorted_error = classify(error)
        if sorted_error is error:
            raise
        raise sorted_error from error
