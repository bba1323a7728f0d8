"""Keeps what was authorised before it printed: an allowed job reserves its estimate until its charge settles it.

Nothing here touches the ledger. Whether a reservation is settled is looked up there by the job's correlation
id (see accounting.reservation_state), so a charge settles it exactly once, whichever of the two comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import dict_row

from shared import sqlfile
from shared.errors import Reject
from shared.events import JOB_AUTHORIZED, JobAuthorized, JobAuthorizedEvent
from shared.events.envelope import event_type_of, rejected
from shared.events.jobs import EARLIEST, LATEST
from shared.money import MICRO_DIGITS
from shared.postgres import Pool, classified
from shared.stream import Options, Record
from shared.stream.run import Consumer, run_consumer

TOPIC: Final = "authorizations.v1"
QUERIES: Final = sqlfile.load("services.accounting.budgets", "queries_reservations.sql")
State = Literal["reserved", "settled", "expired", "hold", "deny"]
LIFETIME: Final = timedelta(hours=24)
"""How long an allowed job reserves its estimate where the authorisation names no end."""
_decoder: Final = msgspec.json.Decoder(JobAuthorizedEvent)


class Reservation(Struct, frozen=True, kw_only=True):
    """One authorisation and what became of it; `state` is reserved, settled or expired, or hold or deny."""

    authorization_id: str
    decision: str
    state: State
    decided_at: datetime
    expires_at: datetime
    printer: str
    person: str
    project: str
    department: str
    estimate_micro: int
    job_id: UUID | None
    reason: str


class Reservations:
    """Authorisations in PostgreSQL."""

    def __init__(self, pool: Pool, *, currency: str) -> None:
        self._pool = pool
        self._currency = currency

    async def page(
        self, *, limit: int, after: tuple[datetime, str] | None = None, **filters: str | None
    ) -> list[Reservation]:
        """A page, the last decided first; filters are state, person, project and department."""
        time, key = after or (None, None)
        wanted: dict[str, Any] = dict.fromkeys(("state", "person", "project", "department"))
        wanted |= {**filters, "after_time": time, "after_id": key, "limit": limit}
        with classified():
            async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(QUERIES["list_reservations"], wanted)
                rows = await cursor.fetchall()
        return [Reservation(**row) for row in rows]

    async def keep(self, records: Sequence[Record]) -> None:
        """Keeps a batch of authorisations in one transaction; the same again changes nothing.

        Raises:
            Reject: a record is no authorisation, or is in another currency. Retry: the database is not there.
        """
        kept = [row(record, currency=self._currency) for record in records]
        with classified():
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                await cursor.executemany(QUERIES["keep_reservation"], kept)


def row(record: Record, *, currency: str) -> dict[str, Any]:
    """What is kept of an authorisation. Pure.

    Raises:
        Reject: it is none, its times are none that a clock shows, or its estimate is in another currency than the
            installation's.
    """
    if record.value is None:
        raise Reject("an authorisation can't be taken back by a tombstone: tell another decision")
    if (found := event_type_of(record.value)) != JOB_AUTHORIZED:
        raise Reject(f"{JOB_AUTHORIZED} is expected here, not {found}", pointer="/type")
    try:
        told = _decoder.decode(record.value).data
    except msgspec.DecodeError as error:
        raise rejected(error) from error
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8: {error}") from error
    if told.currency not in {None, currency}:
        raise Reject(f"the estimate is in {told.currency}, this installation's currency is {currency}")
    for name in ("decided_at", "expires_at"):
        moment = getattr(told, name)
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise Reject(f"{name} is outside 2000 to 2100: {moment.isoformat()}", pointer=f"/data/{name}")
    return {
        "authorization_id": told.authorization_id,
        "decision": told.decision,
        "decided_at": told.decided_at,
        "expires_at": told.expires_at or told.decided_at + LIFETIME,
        "settled_by": told.correlation_id or told.authorization_id,
        "printer": told.printer or "",
        "person": (told.person.claimed or "") if told.person else "",
        "project": told.project or "",
        "department": told.department or "",
        "estimate_micro": _micro(told),
        "reason": told.reason or "",
    }


def _micro(told: JobAuthorized) -> int:
    return int(Decimal(told.estimate or "0").scaleb(MICRO_DIGITS))


async def follow_authorizations(
    reservations: Reservations, *, bootstrap: str, topic_prefix: str, instance: str
) -> None:
    """Consumes authorisations until cancelled."""
    what = Consumer(
        bootstrap=bootstrap,
        topics=[f"{topic_prefix}{TOPIC}"],
        group_id=f"{topic_prefix}accounting-reservations",
        options=Options(name="accounting-reservations"),
        group_instance_id=f"{instance}-reservations",
    )
    await run_consumer(what, reservations.keep)
