"""Writes batches: one transaction each, halved down to the record at fault where the database refuses data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.books.loader import Pricing
from services.accounting.dimensions import Dimensions
from services.accounting.entries import first_entry, place_of
from services.accounting.ledger import simple_path
from services.accounting.ledger.corrections import Contradicted, claim, claim_all, contradictions, settle
from services.accounting.ledger.fence import APPLICATION_NAME, Fence, OffsetFence, standing
from services.accounting.ledger.open_months import MonthClosed, require_open
from services.accounting.ledger.posting import Posting, posting_of
from services.accounting.ledger.read import read_job
from services.accounting.ledger.read_correction import Correction, correction_of
from services.accounting.ledger.work import Outcome, Refusal, Work
from services.accounting.partitions import Months, month_number
from shared.clock import Clock, SystemClock
from shared.errors import Conflict, Reject
from shared.postgres import classify, connect

log = structlog.get_logger(__name__)

TRANSACTION_TIMEOUT_S: Final = 60
"""A batch takes a second or two; a transaction that lasts so long belongs to a process that hangs."""
_TRY_SIMPLE: Final = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, ArithmeticError)


class Packed(Protocol):
    """A batch made ready for the fast path, with the numbers of one generation of the dimensions."""

    generation: int
    refused: Sequence[Refusal]
    corrections: Sequence[Correction]
    first_day: date | None

    def post(self, connection: Connection[TupleRow], posted_at: datetime) -> tuple[int, int, int, list[int]]:
        """Posts within the caller's transaction.

        Returns:
            Jobs posted, lines posted, jobs told again, and the entry ids of those that contradict what is posted.

        Raises:
            psycopg.errors.UniqueViolation: another worker posts one of the jobs; the simple path settles that.
            ArithmeticError: numbers too large for this path.
        """


class LedgerWriter:
    """Writes batches, one at a time, from one thread.

    Args:
        url: the database.
        zone: of the business days.
        fence: how partitions move on; a test may take it away to see the damage.
    """

    def __init__(
        self, url: str, zone: ZoneInfo, *, clock: Clock | None = None, fence: Fence | None = None
    ) -> None:
        self._url = url
        self._zone = zone
        self._clock = clock or SystemClock()
        self._fence = fence or OffsetFence()
        self._connection: Connection[TupleRow] | None = None
        self.dimensions = Dimensions(self.plain_connection)
        self.months = Months(self.plain_connection)

    def plain_connection(self) -> Connection[TupleRow]:
        """A new connection in autocommit mode, for work beside the batches."""
        return connect(self._url, name=APPLICATION_NAME, autocommit=True)

    def close(self) -> None:
        """Closes all connections."""
        self._drop()
        self.dimensions.close()

    def write(self, work: Work, pricing: Pricing, packed: Packed | None = None) -> Outcome:
        """Writes a batch, or what is left of it after an attempt whose end is not known.

        Raises:
            Retry: the database is at fault, nothing is known of the outcome: call again with the same batch.
            Fenced: another worker has taken over, nothing was written.
        """
        try:
            connection = self._ready()
            left = work.after(standing(connection, work))
            connection.commit()
            if left is None:
                return Outcome()
            is_fit = packed is not None and left is work and packed.generation == self.dimensions.generation
            if packed is not None and is_fit and (outcome := self._fast(left, packed)):
                return outcome
            return self._write(left, pricing)
        except BaseException as error:
            self._drop()
            # The next connection may lead to a standby that has not heard of the last numbers.
            self.dimensions.forget()
            self.months.forget()
            if isinstance(error, (psycopg.Error, OSError)) and (known := classify(error)) is not error:
                raise known from error
            raise

    def _fast(self, work: Work, packed: Packed) -> Outcome | None:
        """Tries the fast path; None if the simple one has to settle the batch."""
        connection = self._ready()
        try:
            with connection.transaction():
                self._fence.advance(connection, work)
                require_open(connection, packed.first_day)
                now = self._clock.now()
                claim_all(connection, packed.corrections, stream=work.stream, posted_at=now)
                jobs, lines, duplicates, contradictory = packed.post(connection, now)
                settle(connection)
                refused = [*packed.refused, *_refusals(work, contradictory)]
                self._keep(connection, refused)
        except (*_TRY_SIMPLE, MonthClosed, Contradicted) as error:
            log.info("ledger_takes_simple_path", reason=type(error).__name__, records=len(work.records))
            return None
        except psycopg.Error as error:
            if isinstance(classify(error), Reject):
                log.info("ledger_takes_simple_path", reason=type(error).__name__, records=len(work.records))
                return None
            raise
        return Outcome(jobs, lines, duplicates, refused)

    def _write(self, work: Work, pricing: Pricing) -> Outcome:
        """Takes the simple path, and halves the batch where the database refuses data."""
        for may_forget in (True, False):
            try:
                return self._transaction(work, pricing, [])
            except (psycopg.Error, UnicodeEncodeError) as error:
                reject = classify(error)
                if not isinstance(reject, Reject):
                    raise
                if may_forget:
                    # Numbers or months may be of a database that was replaced: look all up again first.
                    self.dimensions.forget()
                    self.months.forget()
                    continue
                log.warning("ledger_batch_refused", records=len(work.records), reason=reject.reason)
                if len(work.records) == 1:
                    return self._transaction(work, pricing, [Refusal(work.records[0], reject)])
                first, second = work.halves()
                outcome = self._write(first, pricing)
                outcome.add(self._write(second, pricing))
                return outcome
        raise AssertionError

    def _transaction(self, work: Work, pricing: Pricing, known: Sequence[Refusal]) -> Outcome:
        """One transaction; again, with later days, where a month was closed since the prices were loaded."""
        while True:
            try:
                return self._attempt(work, pricing, known)
            except MonthClosed as closed:
                log.info("ledger_month_was_closed", open_from=str(closed.open_from))
                pricing = msgspec.structs.replace(pricing, open_from=closed.open_from)

    def _attempt(self, work: Work, pricing: Pricing, known: Sequence[Refusal]) -> Outcome:
        """One transaction: fence, jobs and charges, rollups, what is refused."""
        postings, corrections, refused = ([], [], list(known)) if known else self.postings(work, pricing)
        simple_path.learn_dimensions(postings, self.dimensions)
        self.months.ensure({month_number(each.job.completed_at.astimezone(UTC)) for each in postings})
        connection = self._ready()
        jobs = lines = 0
        contradictory: list[int] = []
        with connection.transaction():
            self._fence.advance(connection, work)
            require_open(connection, min((each.day for each in postings), default=None))
            now = self._clock.now()
            if bad := set(claim(connection, corrections, stream=work.stream, posted_at=now)):
                postings = [each for each in postings if each.entry_id not in bad]
                refused += contradictions(work, corrections, bad)
            if postings:
                jobs, lines, contradictory = simple_path.post(connection, postings, self.dimensions, now)
                refused += _refusals(work, contradictory)
            settle(connection)
            self._keep(connection, refused)
        return Outcome(jobs, lines, len(postings) - jobs - len(contradictory), refused)

    def postings(self, work: Work, pricing: Pricing) -> tuple[list[Posting], list[Correction], list[Refusal]]:
        """Reads and prices every record of a batch; those that are no good come back with the reason."""
        postings: list[Posting] = []
        corrections: list[Correction] = []
        refused: list[Refusal] = []
        for record in work.records:
            entry_id = first_entry(work.stream, record.partition) + record.offset
            try:
                correction = correction_of(record)
                job = correction.replacement if correction else read_job(record)
                if job is not None:
                    postings.append(posting_of(job, entry_id, pricing, self._zone))
                if correction is not None:
                    corrections.append(correction)
            except Reject as reject:
                refused.append(Refusal(record, reject))
        return postings, corrections, refused

    def _keep(self, connection: Connection[TupleRow], refused: Sequence[Refusal]) -> None:
        """Sets refused records aside within the transaction; the relay tells of them after the commit."""
        now = self._clock.now()
        rows = [
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "key": record.key,
                "value": record.value,
                "reason": reject.reason.replace("\0", "\\0"),
                "pointer": reject.pointer.replace("\0", "\\0"),
                "refused_at": now,
            }
            for record, reject in refused
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(simple_path.QUERIES["keep_dead_letter"], rows)

    def _ready(self) -> Connection[TupleRow]:
        """The connection for batches.

        Its plans are made anew each time: one made while the tables were empty would read them from end to end
        for ever.
        """
        if self._connection is None:
            connection = connect(self._url, name=APPLICATION_NAME)
            connection.prepare_threshold = None
            connection.execute(f"SET idle_in_transaction_session_timeout = '{TRANSACTION_TIMEOUT_S}s'".encode())
            if connection.info.server_version >= 170_000:  # noqa: PLR2004
                connection.execute(f"SET transaction_timeout = '{TRANSACTION_TIMEOUT_S}s'".encode())
            connection.commit()
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _refusals(work: Work, entry_ids: Sequence[int]) -> list[Refusal]:
    """The records of jobs that contradict what was posted under their id."""
    if not entry_ids:
        return []
    places = {place_of(entry_id)[1:] for entry_id in entry_ids}
    conflict = Conflict("this job was posted before with other contents: the first telling counts")
    return [Refusal(each, conflict) for each in work.records if (each.partition, each.offset) in places]
