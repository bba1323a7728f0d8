"""Makes a batch ready for the writer: prices as of now, partitions of its months, rows as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.books.loader import Pricing, load_pricing, price_revision
from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fence import Lease, lease
from services.accounting.ledger.work import Refusal, Work
from services.accounting.ledger.writer import LedgerWriter, Packed
from shared.errors import TooManyRejects
from shared.postgres import classify

log = structlog.get_logger(__name__)
MAX_LOGGED: Final = 20


class Prepared(NamedTuple):
    """A batch with the prices that count for it, and ready-made bytes if it takes the fast path."""

    work: Work
    pricing: Pricing
    packed: Packed | None


class Preparer:
    """Makes batches ready, one at a time, from one thread of its own."""

    def __init__(
        self,
        writer: LedgerWriter,
        zone: ZoneInfo,
        *,
        fast: bool,
        max_rejects_in_row: int,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        self._writer = writer
        self._fast = fast
        self._thresholds = thresholds
        self._max_rejects_in_row = max_rejects_in_row
        self._rejects_in_row = 0
        self._connection: Connection[TupleRow] | None = None
        self._pricing: Pricing | None = None
        self._rates: Rates | None = None
        self._zone = zone
        self._days = Days(zone)

    def lease(self, topic: str, partitions: Sequence[int]) -> tuple[int, Mapping[int, Lease]]:
        """Takes partitions over; see fence.lease.

        Raises:
            Retry: the database is away.
        """
        try:
            connection = self._ready()
            self._writer.months.ensure_ahead(datetime.now(UTC).date())
            return lease(connection, topic, partitions)
        except BaseException as error:
            raise self._failed(error) from error

    def prepare(self, work: Work) -> Prepared:
        """Reads, prices and packs a batch.

        Raises:
            Retry: the database is away; prepare the same again.
            TooManyRejects: it is time to stop.
        """
        try:
            prepared = self._pack(work, self._priced())
        except BaseException as error:
            raise self._failed(error) from error
        return prepared

    def warm_up(self) -> None:
        """Loads the prices before there is a batch that would wait for them.

        Raises:
            Retry: the database is away.
        """
        try:
            self._priced()
        except BaseException as error:
            raise self._failed(error) from error

    def _priced(self) -> Pricing:
        """The prices as they are now."""
        connection = self._ready()
        if self._pricing is None or self._pricing.revision != price_revision(connection):
            self._pricing = load_pricing(connection, self._thresholds)
            log.info("ledger_prices_loaded", revision=self._pricing.revision)
            self._rates = Rates(self._pricing)
            self._days = Days(self._zone, self._pricing.open_from)
        return self._pricing

    def _pack(self, work: Work, pricing: Pricing) -> Prepared:
        if not self._fast:
            self._count_rejects(work, self._writer.postings(work, pricing)[-1])
            return Prepared(work, pricing, None)
        if self._rates is None or self._rates.is_full:
            self._rates = Rates(pricing)
        packed = packed_batch(work, self._rates, self._days, self._writer.dimensions)
        self._count_rejects(work, packed.refused)
        self._writer.months.ensure(packed.months())
        return Prepared(work, pricing, packed)

    def _count_rejects(self, work: Work, refused: Sequence[Refusal]) -> None:
        """Raises TooManyRejects once too many in a row were refused."""
        if not refused:
            self._rejects_in_row = 0
            return
        for refusal in refused[:MAX_LOGGED]:
            log.warning("record_set_aside", record=refusal.record.place, reason=refusal.reject.reason)
        bad = {refusal.record.place for refusal in refused}
        for record in work.records:
            self._rejects_in_row = self._rejects_in_row + 1 if record.place in bad else 0
            if self._rejects_in_row > self._max_rejects_in_row:
                raise TooManyRejects(
                    f"The ledger refused {self._rejects_in_row} records in a row, the last one at {record.place}: "
                    f"{refused[-1].reject.reason}"
                )

    def _ready(self) -> Connection[TupleRow]:
        if self._connection is None:
            self._connection = self._writer.plain_connection()
        return self._connection

    def _failed(self, error: BaseException) -> BaseException:
        """Drops the connection and what was learnt by it, and sorts the error."""
        self.close()
        self._rates = self._pricing = None
        return classify(error) if isinstance(error, (psycopg.Error, OSError)) else error

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
