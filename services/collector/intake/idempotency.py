"""Answers to requests with an Idempotency-Key (ADR 0017), kept in the journal: they hold while PostgreSQL is away.

The answer is written in the very transaction of the jobs, so there is no moment at which only one is on disk.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from services.collector.journal.store import Store
from shared.http.idempotency import other_request

KEPT: Final = timedelta(hours=72)
"""How long a key is known: a weekend and a day, as in accounting."""
FORGOTTEN_AT_ONCE: Final = 500
"""With each new key so many old ones go at most, so that none has to wait for a great clean-up."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def earlier(store: Store, key: str, request: bytes, now: datetime) -> bytes | None:
    """The body that answered an earlier request with this key; None when there was none.

    Raises:
        Invalid: it was another request.
    """
    query = "SELECT request, body FROM answer WHERE key = ? AND stored_at_ms > ?"
    row = store.db.execute(query, (key, _ms(now - KEPT))).fetchone()
    if row is None:
        return None
    if bytes(row[0]) != request:
        raise other_request()
    return bytes(row[1])


def remember(store: Store, key: str, request: bytes, body: bytes, now: datetime) -> None:
    """Keeps an answer, and forgets some that are old. Within a transaction."""
    db = store.db
    db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)", (key, request, body, _ms(now)))
    db.execute(
        "DELETE FROM answer WHERE key IN (SELECT key FROM answer WHERE stored_at_ms <= ? LIMIT ?)",
        (_ms(now - KEPT), FORGOTTEN_AT_ONCE),
    )


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
