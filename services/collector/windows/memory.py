"""Events that wait for their other half, in the journal's file: brought is kept, whatever happens next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from services.collector.journal.store import Store
from services.collector.windows.events import BEFORE, PRINTED, RENDERED, WindowsEvent

REMEMBERED: Final = timedelta(days=7)
"""How long an event is known after it is done with; what is brought again later is the same job all the same."""
FORGOTTEN_AT_ONCE: Final = 2_000
READ_AT_ONCE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_decoder = msgspec.json.Decoder(WindowsEvent)


def keep(store: Store, computer: str, events: Sequence[WindowsEvent], now: datetime) -> int:
    """Keeps events that were not brought before; how many. Within a transaction."""
    store.db.execute(
        "DELETE FROM windows_event WHERE number IN (SELECT number FROM windows_event"
        " WHERE kept_at_us < ? AND (is_done OR id = ?) LIMIT ?)",
        (_us(now - REMEMBERED), RENDERED, FORGOTTEN_AT_ONCE),
    )
    new = 0
    for event in events:
        new += store.db.execute(
            "INSERT INTO windows_event VALUES (NULL, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            (computer, event.id, event.job, _us(event.at), msgspec.json.encode(event), _us(now)),
        ).rowcount
    return new


class Waiting(NamedTuple):
    """A printed job that is not told yet.

    Attributes:
        number: of the order in which jobs were brought.
        since: when it was brought.
        renderings: events 805 that may be its own.
    """

    number: int
    computer: str
    printed: WindowsEvent
    since: datetime
    renderings: list[WindowsEvent]


def waiting(store: Store, *, after: int = 0) -> list[Waiting]:
    """The next printed jobs that are not told yet, behind a number."""
    rows = store.db.execute(
        "SELECT number, computer, body, kept_at_us FROM windows_event"
        " WHERE id = ? AND NOT is_done AND number > ? ORDER BY number LIMIT ?",
        (PRINTED, after, READ_AT_ONCE),
    ).fetchall()
    found: list[Waiting] = []
    for number, computer, body, kept_at_us in rows:
        printed = _decoder.decode(body)
        renderings = store.db.execute(_RENDERINGS, _bounds(store, computer, printed))
        since = _EPOCH + timedelta(microseconds=kept_at_us)
        found.append(Waiting(number, computer, printed, since, [_decoder.decode(row[0]) for row in renderings]))
    return found


_RENDERINGS: Final = (
    "SELECT body FROM windows_event WHERE computer = ? AND id = ? AND job = ? AND at_us > ? AND NOT is_done"
)


def _bounds(store: Store, computer: str, printed: WindowsEvent) -> tuple[str, int, int, int]:
    """After the job before that had the same number: what was late for that one is not for this one."""
    before = store.db.execute(
        "SELECT max(at_us) FROM windows_event WHERE computer = ? AND id = ? AND job = ? AND at_us < ?",
        (computer, PRINTED, printed.job, _us(printed.at)),
    ).fetchone()[0]
    return computer, RENDERED, printed.job, max(before or 0, _us(printed.at - BEFORE) - 1)


def done(store: Store, computer: str, events: Sequence[WindowsEvent]) -> None:
    """Marks events as told. Within a transaction."""
    store.db.executemany(
        "UPDATE windows_event SET is_done = 1, body = x'' WHERE computer = ? AND id = ? AND job = ? AND at_us = ?",
        [(computer, event.id, event.job, _us(event.at)) for event in events],
    )


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
