"""What was told of each device's jobs since its counters were last set against them, in the journal's file.

It moves in the transaction that journals the jobs, so that no job is counted twice or left out after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from services.collector.correlation.amounts import NAMES, NOTHING, Amounts, amounts_of
from services.collector.journal.store import Store
from shared.events.jobs import JobCompleted

_LATE: Final = ("impressions", "sheets", "length_um")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = (*NAMES, *(f"late_{name}" for name in _LATE))
_ADD: Final = f"UPDATE job_tally SET {', '.join(f'{each} = {each} + ?' for each in _COLUMNS)} WHERE device = ?"  # noqa: S608
_BEGIN: Final = f"INSERT OR REPLACE INTO job_tally VALUES ({', '.join('?' * (2 + len(_COLUMNS)))})"  # noqa: S608
_READ: Final = f"SELECT {', '.join(_COLUMNS)} FROM job_tally WHERE device = ?"  # noqa: S608 - names of ours


class Tally:
    """Sums by device, within the caller's transaction. Devices whose counters nobody reads have none."""

    def __init__(self, store: Store) -> None:
        self._db = store.db
        self._since: dict[str, int | None] = {}

    def begin(self, device: str, since: datetime, sums: Amounts = NOTHING, late: Amounts = NOTHING) -> None:
        """Counts jobs that were completed after a moment from now on; those of before count as late."""
        values = [getattr(sums, name) for name in NAMES] + [getattr(late, name) for name in _LATE]
        self._db.execute(_BEGIN, (device, _ms(since), *values))
        self._since[device] = _ms(since)

    def add(self, device: str, told: Iterable[JobCompleted] = (), taken_back: Iterable[JobCompleted] = ()) -> None:
        """Counts jobs that are told, and those that are taken back."""
        since_ms = self._since_ms(device)
        if since_ms is None:
            return
        moves = dict.fromkeys(_COLUMNS, 0)
        for sign, jobs in ((1, told), (-1, taken_back)):
            for job in jobs:
                amounts, is_late = amounts_of(job), _ms(job.completed_at) <= since_ms
                for name in _LATE if is_late else NAMES:
                    moves[f"late_{name}" if is_late else name] += sign * getattr(amounts, name)
        self._db.execute(_ADD, (*moves.values(), device))

    def _since_ms(self, device: str) -> int | None:
        """From when on jobs of a device are counted, if they are; asked once in a transaction."""
        if device not in self._since:
            row = self._db.execute("SELECT since_ms FROM job_tally WHERE device = ?", (device,)).fetchone()
            self._since[device] = None if row is None else int(row[0])
        return self._since[device]

    def sums(self, device: str) -> tuple[Amounts, Amounts] | None:
        """What was counted, and what came late."""
        row = self._db.execute(_READ, (device,)).fetchone()
        if row is None:
            return None
        values = dict(zip(_COLUMNS, row, strict=True))
        late = {name: values.pop(f"late_{name}") for name in _LATE}
        return Amounts(**values), Amounts(**late)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
