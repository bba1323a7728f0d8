"""Writes a batch of events in one transaction by plain SQL, the quickest way that needs nothing but the driver.

COPY BINARY by psycopg into temporary tables, INSERT .. ON CONFLICT DO NOTHING, rollups summed by the server over
what was really inserted: the same tables, indexes and rollups as the ledger's, without its fence and its check for
contradictions. A redelivered batch therefore changes nothing, which is all that at-least-once asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from bench.peers.job import CHARGE_COLUMNS, JOB_COLUMNS, Numbers, decode, now, rows
from bench.peers.spec import Spec

_JOB: Final = ", ".join(name for name, _ in JOB_COLUMNS)
_CHARGE: Final = ", ".join(name for name, _ in CHARGE_COLUMNS)
_STAGE: Final = """
CREATE TEMPORARY TABLE staged_job (LIKE accounting.job) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_charge (LIKE accounting.charge) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE posted (job_id uuid) ON COMMIT DELETE ROWS
"""
_JOBS: Final = f"""
WITH new AS (
    INSERT INTO accounting.job ({_JOB}) SELECT {_JOB} FROM pg_temp.staged_job
    ON CONFLICT DO NOTHING RETURNING job_id
)
INSERT INTO pg_temp.posted SELECT job_id FROM new
"""
_KEEP: Final = """
DELETE FROM pg_temp.staged_charge AS c
WHERE NOT EXISTS (SELECT FROM pg_temp.posted AS p WHERE p.job_id = c.job_id)
"""
_CHARGES: Final = f"INSERT INTO accounting.charge ({_CHARGE}) SELECT {_CHARGE} FROM pg_temp.staged_charge"


class BatchWriter:
    """One connection; one call per batch, from one thread."""

    def __init__(self, spec: Spec) -> None:
        self._connection = psycopg.connect(spec.conninfo)
        self._connection.execute(_STAGE.encode())
        # Plans made while the tables are empty would read them from end to end for ever.
        self._connection.prepare_threshold = None
        self._numbers = Numbers(self._connection)
        self._connection.commit()
        self._roll_up = spec.roll_up

    def write(self, values: Sequence[bytes]) -> None:
        """Decodes, prices and posts; of a job that is told twice in the batch, the first telling counts."""
        posted_at = now()
        jobs: dict[int, tuple[Any, ...]] = {}
        charges: list[tuple[Any, ...]] = []
        for value in values:
            row, lines = rows(decode(value).data, self._numbers, posted_at)
            if row[0] not in jobs:
                jobs[row[0]] = row
                charges += lines
        with self._connection.transaction(), self._connection.cursor() as cursor:
            _copy(cursor, "staged_job", JOB_COLUMNS, jobs.values())
            _copy(cursor, "staged_charge", CHARGE_COLUMNS, charges)
            for statement in (_JOBS, _KEEP, _CHARGES, *self._roll_up):
                cursor.execute(statement.encode())


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: Sequence[tuple[str, str]], rows_: Any) -> None:
    names = ", ".join(name for name, _ in columns)
    with cursor.copy(f"COPY pg_temp.{table} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types([kind for _, kind in columns])
        for row in rows_:
            copy.write_row(row)
