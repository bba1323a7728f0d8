"""Identities: time-ordered ids for events, and the id that makes a job one job from whichever collector."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOW_62 = (1 << 62) - 1


def _uuid(version: int, milliseconds: int, random_a: int, random_b: int) -> UUID:
    """Lays out a UUID with a 48 bit time prefix (RFC 9562, sections 5.7 and 5.8)."""
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= version << 76 | (random_a & 0xFFF) << 64 | 0b10 << 62 | (random_b & _LOW_62)
    return UUID(int=value)


def uuid7() -> UUID:
    """A fresh time-ordered UUID (RFC 9562, section 5.7)."""
    noise = secrets.randbits(74)
    return _uuid(7, time.time_ns() // 1_000_000, noise >> 62, noise)


def job_key(printer: str, device_job_id: str, completed_at: datetime) -> str:
    """Names a job: `<printer>/<device job id>/<completed at, UTC>`; device ids restart, so never the id alone."""
    moment = completed_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{printer}/{device_job_id}/{moment}"


def job_id(completed_at: datetime, key: str) -> UUID:
    """The job's UUIDv8: 48 bits of completion time in ms, then a hash of the job key.

    The same job gives the same id from any collector, also after its journal is lost, and ids come nearly in
    time order, which the ledger's unique index needs (a random key doubles its write-ahead log).
    """
    milliseconds = (completed_at - _EPOCH) // _MILLISECOND
    digest = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=10).digest())
    return _uuid(8, milliseconds, digest >> 62, digest)


def first_job_id(moment: datetime) -> UUID:
    """The least id that a job completed at a moment (to the millisecond) or later can have: bounds look-ups."""
    return UUID(int=((moment - _EPOCH) // _MILLISECOND) << 80)
