"""What was taken of each file, kept in the journal beside the jobs: written in their transaction, never apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from services.collector.journal.store import Store
from services.collector.sources.mapping.records import Progress

REMEMBERED: Final = 50_000
"""Files that are remembered per folder after they are done, so that the same one is known when it comes again."""
MAX_RAW: Final = 20_000
"""Characters of a refused record that are kept; the whole of it is in the file."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Taken(Struct, frozen=True, kw_only=True):
    """How far a file is taken.

    Attributes:
        key: what makes it this file: the hash of its content; of one that grows, its name.
        inode: device and number, to know a file that grows under a new name.
        done: bytes that are done with.
        marks: how the file began and what was before `done`; see OpenFile.marks.
        is_whole: all of it is taken; what is left to do is to write down what was refused, and to move it.
        is_told: the refused records are written to their file.
    """

    folder: str
    key: str
    name: str
    inode: str = ""
    done: int = 0
    marks: bytes = b""
    is_whole: bool = False
    is_told: bool = False
    progress: Progress = Progress()
    jobs: int = 0
    duplicates: int = 0
    refused: int = 0


class RefusedRecord(Struct, frozen=True):
    """One record that is no job, with the reasons, as it is written to the file of refused records."""

    record: int
    line: int
    reasons: list[str]
    raw: str


_COLUMNS: Final = "folder, key, name, inode, done, marks, is_whole, is_told, progress, jobs, duplicates, refused"


def find(store: Store, folder: str, key: str) -> Taken | None:
    """What is known of a file by its key."""
    query = f"SELECT {_COLUMNS} FROM taken_file WHERE folder = ? AND key = ?"  # noqa: S608 - of constants
    return _taken(store.db.execute(query, (folder, key)).fetchone())


def find_by_inode(store: Store, folder: str, inode: str) -> Taken | None:
    """What is known of a file by its number on the disk."""
    query = f"SELECT {_COLUMNS} FROM taken_file WHERE folder = ? AND inode = ? ORDER BY at_ms DESC"  # noqa: S608
    return _taken(store.db.execute(query, (folder, inode)).fetchone())


def _taken(row: tuple[object, ...] | None) -> Taken | None:
    if row is None:
        return None
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["progress"] = msgspec.json.decode(str(values["progress"]), type=Progress)
    values["is_whole"], values["is_told"] = bool(values["is_whole"]), bool(values["is_told"])
    return msgspec.convert(values, Taken)


def remember(store: Store, taken: Taken, now: datetime) -> None:
    """Writes down how far a file is taken. Within a transaction."""
    progress = msgspec.json.encode(taken.progress).decode()
    values = (
        taken.folder, taken.key, taken.name, taken.inode, taken.done, taken.marks, taken.is_whole, taken.is_told,
        progress, taken.jobs, taken.duplicates, taken.refused,
    )  # fmt: skip
    places = ", ".join("?" * len(values))
    statement = f"INSERT OR REPLACE INTO taken_file ({_COLUMNS}, at_ms) VALUES ({places}, ?)"  # noqa: S608
    store.db.execute(statement, (*values, (now - _EPOCH) // timedelta(milliseconds=1)))
    store.db.execute(
        "DELETE FROM taken_file WHERE folder = ? AND is_whole AND (is_told OR refused = 0) AND at_ms <"
        " (SELECT at_ms FROM taken_file WHERE folder = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?)",
        (taken.folder, taken.folder, REMEMBERED),
    )


def refuse(store: Store, taken: Taken, records: Iterable[RefusedRecord], *, newest: int | None = None) -> None:
    """Keeps refused records, all or the newest, until they are written to their file. Within a transaction."""
    store.db.executemany(
        "INSERT OR REPLACE INTO refused_record VALUES (?, ?, ?, ?, ?, ?)",
        [
            (taken.folder, taken.key, each.record, each.line, "\n".join(each.reasons), each.raw[:MAX_RAW])
            for each in records
        ],
    )
    if newest is not None:
        store.db.execute(
            "DELETE FROM refused_record WHERE folder = ? AND key = ? AND record <= (SELECT record"
            " FROM refused_record WHERE folder = ? AND key = ? ORDER BY record DESC LIMIT 1 OFFSET ?)",
            (taken.folder, taken.key, taken.folder, taken.key, newest),
        )


def refused(store: Store, folder: str, key: str) -> list[RefusedRecord]:
    """The refused records of a file, in its order."""
    rows = store.db.execute(
        "SELECT record, line, reasons, raw FROM refused_record WHERE folder = ? AND key = ? ORDER BY record",
        (folder, key),
    )
    return [RefusedRecord(record, line, reasons.split("\n"), raw) for record, line, reasons, raw in rows]


def drop_refused(store: Store, folder: str, key: str) -> None:
    """Lets go of refused records that are written. Within a transaction."""
    store.db.execute("DELETE FROM refused_record WHERE folder = ? AND key = ?", (folder, key))
