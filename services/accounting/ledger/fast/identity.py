"""Checks a job's identity where all of it was told, as `identified` does, at half its time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.accounting.ledger.read import Moments, decoded, microseconds, moments_of
from shared.events import JobCompleted
from shared.events.jobs import EARLIEST, LATEST, identified
from shared.stream import Record

_1970_TO_2000_MS: Final = -microseconds(datetime(1970, 1, 1, tzinfo=UTC)) // 1_000
_END_US: Final = microseconds(LATEST)
_LOW_62: Final = (1 << 62) - 1
_VERSION_AND_VARIANT: Final = 8 << 76 | 2 << 62
assert microseconds(EARLIEST) == 0  # noqa: S101 - from there on moments are counted


def read_identified(record: Record) -> tuple[JobCompleted, bytes, Moments]:
    """The job of a record with its identity filled in, the 16 bytes of its id, and its moments.

    Raises:
        Reject: see read.read_job.
    """
    job = decoded(record)
    told, moments = job.job, moments_of(job)
    if told.id and told.key and job.printer.id and 0 <= moments.completed < _END_US:
        digest = int.from_bytes(hashlib.blake2b(told.key.encode(), digest_size=10).digest())
        value = (moments.completed // 1_000 + _1970_TO_2000_MS) << 80 | _VERSION_AND_VARIANT
        value |= (digest >> 62 & 0xFFF) << 64 | digest & _LOW_62
        digits = f"{value:032x}"
        if told.id == f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}":
            return job, value.to_bytes(16), moments
    job = identified(job)
    assert job.job.id is not None  # noqa: S101 - it was just filled in
    return job, UUID(job.job.id).bytes, moments
