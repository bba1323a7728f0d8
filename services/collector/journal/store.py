"""The journal's file: one SQLite database in WAL mode, used by one thread of one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.collector.journal.records import Backlog, Entry, Record
from services.collector.journal.tables import make_tables
from shared.errors import ConfigError

REMEMBERED: Final = 500_000
"""Event ids that are remembered after Kafka has the records, so that what is brought again is known."""
FORGOTTEN_AT_ONCE: Final = 5_000
"""More are never forgotten in one transaction: forgetting must not delay what comes in."""
LOCK_WAIT_S: Final = 5.0
"""How long a start waits for an earlier process that is on its way out."""
WAL_BYTES_KEPT: Final = 64 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Store:
    """Plain, synchronous access to the file; every method raises sqlite3.Error when the disk fails it."""

    def __init__(self, path: Path, *, remembered: int = REMEMBERED, max_pages: int | None = None) -> None:
        self._path = path
        self._remembered = remembered
        self._max_pages = max_pages
        self._open: sqlite3.Connection | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """The file, for what is kept beside the records and must be written with them; see tables.py."""
        if self._open is None:
            self._open = self._connect()
        return self._open

    def open(self) -> None:
        """Opens or creates the file, mode 0600; what Kafka refused before waits for it again.

        Raises:
            ConfigError: the folder can't be written, another process holds the file, or it is none of ours.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=True)
            self._path.chmod(0o600)
            self._open = self._connect()
            if self.backlog().refused:
                with self.transaction():
                    self._reconsider()
        except OSError as error:
            raise ConfigError(
                f"The journal {self._path} can't be written ({error.strerror}).", remedy="Set INKMETER_DATA_DIR."
            ) from error
        except sqlite3.OperationalError as error:
            raise ConfigError(
                f"The journal {self._path} can't be opened ({error}).",
                remedy="Does another collector run with the same data directory, or is the disk full?",
            ) from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"The journal {self._path} is damaged ({error}).",
                remedy="Move it aside and keep it: it may hold jobs that were not charged yet.",
            ) from error

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            # Exclusive: a second collector on the same file fails at its start, and no shared memory is needed.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
            if self._max_pages is not None:
                db.execute(f"PRAGMA max_page_count = {self._max_pages}")
            db.execute("BEGIN EXCLUSIVE")
            make_tables(db)
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Closes the file; safe to call twice, and the next use opens it again."""
        db, self._open = self._open, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on disk when it ends well. After an error the file is opened anew."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                self.close()
            raise

    def append(self, entries: Sequence[Entry], stored_at: datetime) -> list[bool]:
        """Adds what is new; answers for each entry whether it was there already. Within a transaction."""
        db, last, answer = self.db, dict[str, int](), list[bool]()
        stored_at_ms = (stored_at - _EPOCH) // timedelta(milliseconds=1)
        for entry in entries:
            new = db.execute(
                "INSERT INTO seen (event_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (entry.event_id, entry.digest),
            ).rowcount
            answer.append(not new)
            if not new:
                continue
            value = entry.value
            if entry.numbered is not None:
                number = last.get(entry.source, -1)
                last[entry.source] = number = (self._last_of(entry.source) if number < 0 else number) + 1
                value = entry.numbered(number)
            db.execute(
                "INSERT INTO record (topic, key, value, stored_at_ms) VALUES (?, ?, ?, ?)",
                (entry.topic, entry.key, value, stored_at_ms),
            )
        db.executemany("INSERT OR REPLACE INTO source VALUES (?, ?)", last.items())
        db.execute("UPDATE tally SET waiting = waiting + ?", (answer.count(False),))
        self._forget()
        return answer

    def _last_of(self, source: str) -> int:
        row = self.db.execute("SELECT last FROM source WHERE name = ?", (source,)).fetchone()
        return int(row[0]) if row else 0

    def _forget(self) -> None:
        first, last = self.db.execute("SELECT min(number), max(number) FROM seen").fetchone()
        if first is not None and last - first >= self._remembered:
            upto = min(last - self._remembered, first + FORGOTTEN_AT_ONCE)
            self.db.execute("DELETE FROM seen WHERE number <= ?", (upto,))

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Those of the ids that were brought before, with whatever payload."""
        query = "SELECT 1 FROM seen WHERE event_id = ? LIMIT 1"
        return {each for each in event_ids if self.db.execute(query, (each,)).fetchone()}

    def has(self, entry: Entry) -> bool:
        """Whether the very same was brought before."""
        query = "SELECT 1 FROM seen WHERE event_id = ? AND digest = ?"
        return self.db.execute(query, (entry.event_id, entry.digest)).fetchone() is not None

    def see(self, entry: Entry) -> None:
        """Remembers an entry as brought without keeping a record of it. Within a transaction."""
        self.db.execute(
            "INSERT INTO seen (event_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (entry.event_id, entry.digest),
        )

    def remember(self, event_ids: Sequence[str]) -> None:
        """Knows ids that another journal has brought to Kafka. Within a transaction."""
        self.db.executemany(
            "INSERT INTO seen (event_id, digest) VALUES (?, x'') ON CONFLICT DO NOTHING",
            [(each,) for each in event_ids],
        )

    def last_number(self) -> int:
        """The number of the newest record ever; 0 when there was none."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        return int(row[0]) if row else 0

    def first_waiting(self) -> int | None:
        """The number of the oldest record that waits; None when none does."""
        row = self.db.execute("SELECT min(number) FROM record").fetchone()
        return None if row[0] is None else int(row[0])

    def read(self, after: int, *, limit: int, max_bytes: int) -> list[Record]:
        """The next waiting records in order; at least one if there is one."""
        found, size = list[Record](), 0
        rows = self.db.execute(
            "SELECT number, topic, key, value FROM record WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
        )
        for number, topic, key, value in rows:
            size += len(value)
            if found and size > max_bytes:
                break
            found.append(Record(number, topic, key, value))
        rows.close()
        return found

    def published(self, numbers: Sequence[int]) -> None:
        """Lets go of records that Kafka has. Within a transaction."""
        gone = sum(self.db.execute("DELETE FROM record WHERE number = ?", (each,)).rowcount for each in numbers)
        self.db.execute("UPDATE tally SET waiting = waiting - ?", (gone,))

    def refuse(self, number: int, reason: str) -> None:
        """Sets a record aside that Kafka will never take. Within a transaction."""
        self.db.execute(
            "INSERT INTO refused SELECT number, topic, key, value, ? FROM record WHERE number = ?",
            (reason, number),
        )
        self.published([number])

    def _reconsider(self) -> None:
        """Puts what was set aside back in its place: Kafka may take more by now. Within a transaction."""
        moved = self.db.execute(
            "INSERT INTO record SELECT number, topic, key, value, strftime('%s', 'now') * 1000 FROM refused"
        ).rowcount
        self.db.execute("DELETE FROM refused")
        self.db.execute("UPDATE tally SET waiting = waiting + ?", (moved,))

    def backlog(self) -> Backlog:
        """What waits for Kafka."""
        waiting = self.db.execute("SELECT waiting FROM tally").fetchone()[0]
        oldest = self.db.execute("SELECT stored_at_ms FROM record ORDER BY number LIMIT 1").fetchone()
        refused = self.db.execute("SELECT count(*) FROM refused").fetchone()[0]
        since = None if oldest is None else _EPOCH + timedelta(milliseconds=oldest[0])
        return Backlog(records=waiting, oldest_at=since, refused=refused)

    def cursor(self, name: str) -> str:
        """A stored cursor, "" when there is none."""
        row = self.db.execute("SELECT value FROM cursor WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_cursor(self, name: str, value: str) -> None:
        """Stores a cursor. Within a transaction."""
        self.db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, value))
