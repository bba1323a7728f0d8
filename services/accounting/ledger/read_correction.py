"""Reads a record of the jobs topic that corrects a job: checks it, or says why it is refused. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from services.accounting.entries import first_entry
from services.accounting.ledger.read import (
    MAX_KEY_BYTES,
    NUL_ESCAPE,
    moments_of,
    payload_hash,
    refuse_long_keys,
    refuse_nul,
    said_hash,
)
from services.accounting.ledger.work import Refusal
from shared.errors import Reject
from shared.events import JobCompleted, JobCorrected
from shared.events.envelope import Moment, NonEmpty, rejected
from shared.events.job_corrections import replacement_of
from shared.stream import Record

_MARK: Final = b"print.job.corrected.v1"


class Correction(NamedTuple):
    """What a record takes back, and the job that is put in its place, with its identity filled in.

    Attributes:
        partition, offset: of the record.
        said_hash: of what it does, whatever it says of it: the same correction told twice has the same.
        evidence: as JSON.
    """

    partition: int
    offset: int
    corrects: UUID
    said_hash: int
    reason: str
    words: str
    evidence: str
    replacement: JobCompleted | None

    def entry_id(self, stream: int) -> int:
        """The entry of the record."""
        return first_entry(stream, self.partition) + self.offset


class _Envelope(Struct, frozen=True, gc=False):
    specversion: Literal["1.0"]
    id: NonEmpty
    source: NonEmpty
    type: Literal["print.job.corrected.v1"]
    time: Moment
    data: JobCorrected


class _Head(Struct, frozen=True):
    type: str


_decoder = msgspec.json.Decoder(_Envelope)
_head = msgspec.json.Decoder(_Head)


def correction_of(record: Record) -> Correction | None:
    """The correction that a record is; None for whatever else it may be.

    Raises:
        Reject: it is one that can't be read, or holds what the ledger can't.
    """
    raw = record.value
    if raw is None or _MARK not in raw or not _is_correction(raw):
        return None
    try:
        data = _decoder.decode(raw).data
    except msgspec.DecodeError as error:
        raise rejected(error) from error
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8 text: {error.reason}") from error
    job = replacement_of(data)
    if b"\\" in raw and NUL_ESCAPE in raw:
        refuse_nul(data)
    if job is not None and len(raw) > MAX_KEY_BYTES:
        refuse_long_keys(job)
    does = (data.corrects, payload_hash(job, moments_of(job)) if job else None)
    return Correction(
        record.partition,
        record.offset,
        UUID(data.corrects),
        int.from_bytes(said_hash(does), signed=True),
        data.reason,
        data.words,
        msgspec.json.encode(data.evidence or {}).decode(),
        job,
    )


def accepted(corrections: Sequence[Correction], refused: Sequence[Refusal]) -> list[Correction]:
    """The corrections whose records are not refused: without what they put in place they may take nothing back."""
    bad = {(each.record.partition, each.record.offset) for each in refused} if corrections else set()
    return [each for each in corrections if (each.partition, each.offset) not in bad]


def _is_correction(raw: bytes) -> bool:
    try:
        return _head.decode(raw).type.encode() == _MARK
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
