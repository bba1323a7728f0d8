"""From the record of a job to the entry that is journaled: identity, envelope, running number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from services.collector.intake.names import trimmed
from services.collector.journal import Entry
from services.collector.registry.printers import Printer
from shared.errors import Reject
from shared.events.envelope import MAX_EVENT_BYTES, encode, new_event, rejected
from shared.events.jobs import JOB_COMPLETED, JobCompleted, PrinterRef, identified
from shared.ids import job_key

JOBS_TOPIC: Final = "jobs.v1"


def job_identity(printer: PrinterRef, known: Printer | None) -> str:
    """What stands for the printer in a job key: its serial number, which survives the registry, else its UUID.

    Thus a printer that was removed and added again, or is read by another collector, gives its jobs the same
    identity as before, and nothing is charged twice. A job that names an earlier device at the printer's place is
    that device's.
    """
    if known and printer.serial in known.former_serials:
        return f"serial:{printer.serial}"
    serial = (known.serial if known else None) or printer.serial
    if serial:
        return f"serial:{serial}"
    if known and known.uuid:
        return f"uuid:{known.uuid}"
    return printer.id or ""


def device_of(data: JobCompleted, known: Printer | None) -> str:
    """What stands for the device where readings of one job are looked for: sources know it by several ids."""
    return job_identity(data.printer, known)


def complete(data: JobCompleted, known: Printer | None, device: Printer | None = None) -> JobCompleted:
    """The job with its names trimmed, its printer's id, serial and model from the registry, job key and job id.

    A job of a queue that prints on a registered device is that device's; its key stays the queue's own.

    Raises:
        Reject: it can't be told which printer or job this is; see shared.events.jobs.identified.
    """
    data = trimmed(data)
    ref, job = data.printer, data.job
    if not job.key and job.device_job_id and (identity := job_identity(ref, known)):
        job = replace(job, key=job_key(identity, job.device_job_id, data.completed_at))
    if device:
        ref = PrinterRef(id=device.id, serial=device.serial or ref.serial, model=device.model or ref.model)
    elif known:
        ref = PrinterRef(id=known.id, serial=ref.serial or known.serial, model=ref.model or known.model)
    return identified(replace(data, printer=ref, job=job))


def job_entry(data: JobCompleted, *, collector_id: str, source: str) -> Entry:
    """The journal entry of a completed job record.

    The running number of its source is filled in by the journal, unless the sender keeps numbers of its own.

    Raises:
        Reject: the event is too large for Kafka.
    """
    job = data.job
    origin = f"/collector/{collector_id}/{source}"
    assert job.id and job.key and data.printer.id  # noqa: S101, PT018 - `complete` filled them in

    def encoded(number: int | None) -> bytes:
        whole = data if number is None else replace(data, job=replace(job, source_sequence=number))
        return encode(
            new_event(
                JOB_COMPLETED,
                whole,
                event_id=str(job.id),
                source=origin,
                time=data.completed_at,
                subject=str(job.key),
            )
        )

    value = encoded(None)
    if len(value) > MAX_EVENT_BYTES - 32:
        raise Reject(f"the job is larger than {MAX_EVENT_BYTES} bytes as an event")
    numbered: Callable[[int], bytes] | None = encoded if job.source_sequence is None else None
    return Entry(JOBS_TOPIC, data.printer.id, job.id, value, origin, numbered)


def checked(data: JobCompleted) -> JobCompleted:
    """The record, if every field keeps what the event's schema says of it.

    Raises:
        Reject: one does not, such as an area larger than a country: consumers would refuse the event.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(data), type=JobCompleted)
    except msgspec.ValidationError as error:
        told = rejected(error)
        raise Reject(f"{told.reason} ({told.pointer})", pointer=told.pointer) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise Reject(f"it can't be written as JSON: {error}") from error
