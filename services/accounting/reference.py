"""Keeps what other services say of printers and people: names for reports, model and group for prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection

from services.accounting.books.loader import QUERIES, REFERENCE_QUERIES
from shared.errors import Reject
from shared.events import PERSON_CHANGED, PRINTER_CHANGED, PersonChangedEvent, PrinterChangedEvent
from shared.events.envelope import event_type_of, rejected
from shared.postgres import Pool, classified
from shared.stream import Options, Record
from shared.stream.run import Consumer, run_consumer

TOPICS: Final = ("printers.v1", "people.v1")
_printers: Final = msgspec.json.Decoder(PrinterChangedEvent)
_people: Final = msgspec.json.Decoder(PersonChangedEvent)


async def follow_reference(pool: Pool, *, bootstrap: str, topic_prefix: str, instance: str) -> None:
    """Consumes the compacted topics until cancelled; the same record again changes nothing."""
    what = Consumer(
        bootstrap=bootstrap,
        topics=[f"{topic_prefix}{topic}" for topic in TOPICS],
        group_id=f"{topic_prefix}accounting-reference",
        options=Options(name="accounting-reference"),
        group_instance_id=f"{instance}-reference",
    )

    async def handle(records: Sequence[Record]) -> None:
        await keep(pool, records)

    await run_consumer(what, handle)


async def keep(pool: Pool, records: Sequence[Record]) -> None:
    """Writes a batch in one transaction.

    Raises:
        Reject: a record is no event of its topic. Retry: the database is not there.
    """
    with classified():
        async with pool.connection() as connection:
            changed = False
            for record in records:
                changed |= await _keep_one(connection, record)
            if changed:
                await connection.execute(QUERIES["count_up_revision"])


async def _keep_one(connection: AsyncConnection[Any], record: Record) -> bool:
    statement = _statement(record)
    if statement is None:
        return False
    query, parameters = statement
    cursor = await connection.execute(REFERENCE_QUERIES[query], parameters)
    return await cursor.fetchone() is not None


def _statement(record: Record) -> tuple[str, dict[str, Any]] | None:
    """Which statement a record means, with its parameters; None for a printer's tombstone: its history stays."""
    of_printers = record.topic.endswith(TOPICS[0])
    if record.value is None:
        key = (record.key or b"").decode(errors="replace")
        return None if of_printers or not key else ("put_person", {"key": key, "name": "", "department": ""})
    expected = PRINTER_CHANGED if of_printers else PERSON_CHANGED
    if (found := event_type_of(record.value)) != expected:
        raise Reject(f"{expected} is expected here, not {found}", pointer="/type")
    try:
        return _printer(record.value) if of_printers else _person(record.value)
    except msgspec.DecodeError as error:
        raise rejected(error) from error
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8: {error}") from error


def _printer(value: bytes) -> tuple[str, dict[str, Any]]:
    printer = _printers.decode(value).data
    return "put_printer", {
        "key": printer.id,
        "name": printer.name,
        "model": printer.model or "",
        "serial": printer.serial or "",
        "printer_group": printer.group or "",
    }


def _person(value: bytes) -> tuple[str, dict[str, Any]]:
    person = _people.decode(value).data
    return "put_person", {
        "key": person.code,
        "name": person.person.display_name or "",
        "department": person.department or "",
    }
