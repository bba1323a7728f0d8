"""The tables of the journal's file: the records, and what other parts keep beside them to write both at once."""

from __future__ import annotations

import sqlite3
from typing import Final

SCHEMA_VERSION: Final = 1

_RECORDS: Final = """
CREATE TABLE record (
  number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE refused (
  number INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TABLE seen (
  number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, digest BLOB NOT NULL, UNIQUE (event_id, digest)
) STRICT;
CREATE TABLE source (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tally (one INTEGER PRIMARY KEY CHECK (one = 1), waiting INTEGER NOT NULL) STRICT;
INSERT INTO tally VALUES (1, 0);
"""

_ADDITIONS: Final = (
    # Answers to requests with an Idempotency-Key: intake/idempotency.py.
    """CREATE TABLE IF NOT EXISTS answer (
         key TEXT PRIMARY KEY, request BLOB NOT NULL, body BLOB NOT NULL, stored_at_ms INTEGER NOT NULL
       ) STRICT""",
    "CREATE INDEX IF NOT EXISTS answer_by_age ON answer (stored_at_ms)",
    # The readings of each job of late, by the device that printed it: correlation/memory.py.
    """CREATE TABLE IF NOT EXISTS job_group (
         number INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, sources TEXT NOT NULL, mark TEXT NOT NULL,
         began_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, state BLOB NOT NULL
       ) STRICT""",
    "CREATE INDEX IF NOT EXISTS job_group_near ON job_group (device, sources, mark, ended_ms)",
    "CREATE INDEX IF NOT EXISTS job_group_by_end ON job_group (device, sources, ended_ms)",
    """CREATE TABLE IF NOT EXISTS group_id (
         job_id TEXT PRIMARY KEY, number INTEGER NOT NULL
       ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS group_id_by_number ON group_id (number)",
    """CREATE TABLE IF NOT EXISTS group_passed (
         device TEXT NOT NULL, passed TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (device, passed, number)
       ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS group_passed_by_number ON group_passed (number)",
    """CREATE TABLE IF NOT EXISTS group_sources (
         device TEXT NOT NULL, sources TEXT NOT NULL, PRIMARY KEY (device, sources)
       ) STRICT, WITHOUT ROWID""",
    # What jobs add to the counters of their devices, and how those stand: correlation/tally.py, reconcile/, ink/.
    """CREATE TABLE IF NOT EXISTS job_tally (
         device TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, jobs INTEGER NOT NULL, impressions INTEGER NOT NULL,
         sheets INTEGER NOT NULL, length_um INTEGER NOT NULL, without_impressions INTEGER NOT NULL,
         without_sheets INTEGER NOT NULL, without_length_um INTEGER NOT NULL, late_impressions INTEGER NOT NULL,
         late_sheets INTEGER NOT NULL, late_length_um INTEGER NOT NULL
       ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS ink_mark (
         device TEXT PRIMARY KEY, state BLOB NOT NULL
       ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS counter_account (
         device TEXT PRIMARY KEY, state BLOB NOT NULL
       ) STRICT, WITHOUT ROWID""",
    # How far the files of watched folders are taken: files/memory.py.
    """CREATE TABLE IF NOT EXISTS taken_file (
         folder TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, inode TEXT NOT NULL, done INTEGER NOT NULL,
         marks BLOB NOT NULL, is_whole INTEGER NOT NULL, is_told INTEGER NOT NULL, progress TEXT NOT NULL,
         jobs INTEGER NOT NULL, duplicates INTEGER NOT NULL, refused INTEGER NOT NULL, at_ms INTEGER NOT NULL,
         PRIMARY KEY (folder, key)
       ) STRICT""",
    "CREATE INDEX IF NOT EXISTS taken_file_by_inode ON taken_file (folder, inode)",
    "CREATE INDEX IF NOT EXISTS taken_file_by_age ON taken_file (folder, at_ms)",
    """CREATE TABLE IF NOT EXISTS refused_record (
         folder TEXT NOT NULL, key TEXT NOT NULL, record INTEGER NOT NULL, line INTEGER NOT NULL,
         reasons TEXT NOT NULL, raw TEXT NOT NULL, PRIMARY KEY (folder, key, record)
       ) STRICT, WITHOUT ROWID""",
    # Events of Windows print servers that wait for their other half: windows/memory.py.
    """CREATE TABLE IF NOT EXISTS windows_event (
         number INTEGER PRIMARY KEY,
         computer TEXT NOT NULL, id INTEGER NOT NULL, job INTEGER NOT NULL, at_us INTEGER NOT NULL,
         body BLOB NOT NULL, kept_at_us INTEGER NOT NULL, is_done INTEGER NOT NULL,
         UNIQUE (computer, id, job, at_us)
       ) STRICT""",
    "CREATE INDEX IF NOT EXISTS windows_event_waiting ON windows_event (id) WHERE NOT is_done",
    "CREATE INDEX IF NOT EXISTS windows_event_by_age ON windows_event (kept_at_us)",
)
"""Tables that came later. They are added to whatever file is opened, so they may be changed by additions only;
a program that does not know them passes over them, thus going back to an older one stays possible."""


def make_tables(db: sqlite3.Connection) -> None:
    """Makes what is missing, within the caller's transaction.

    Raises:
        sqlite3.DatabaseError: the file is of a program that changed the tables of the records.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version == 0:
        for statement in _RECORDS.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"its version is {version}, this program knows {SCHEMA_VERSION}")
    for statement in _ADDITIONS:
        db.execute(statement)
