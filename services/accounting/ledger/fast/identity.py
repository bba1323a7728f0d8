"""Checks a job's identity where all of it was told, as `identified` does, at half its time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.accounting.ledger.read import decoded
from shared.events import JobCompleted
from shared.events.jobs import EARLIEST, LATEST, identified
from shared.stream import Record

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LOW_62: Final = (1 << 62) - 1
_VERSION_AND_VARIANT: Final = 8 << 76 | 2 << 62


def read_identified(record: Record) -> tuple[JobCompleted, bytes]:
    """The job of a record with its identity filled in, and the 16 bytes of its id.

    Raises:
        Reject: see read.read_job.
    """
    job = decoded(record)
    told = job.job
    if told.id and told.key and job.printer.id and EARLIEST <= job.completed_at < LATEST:
        digest = int.from_bytes(hashlib.blake2b(told.key.encode(), digest_size=10).digest())
        value = (job.completed_at - _UNIX) // _MILLISECOND << 80 | _VERSION_AND_VARIANT
        value |= (digest >> 62 & 0xFFF) << 64 | digest & _LOW_62
        digits = f"{value:032x}"
        if told.id == f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}":
            return job, value.to_bytes(16)
    job = identified(job)
    assert job.job.id is not None  # noqa: S101 - it was just filled in
    return job, UUID(job.job.id).bytes
