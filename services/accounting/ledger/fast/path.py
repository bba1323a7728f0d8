"""Posts a packed batch: drops what is there already, COPYs ready-made bytes, moves the rollups on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting import dimensions as dim
from services.accounting.dimensions import Dimensions
from services.accounting.ledger.columns import CHARGE_COLUMNS, CHARGE_NAMES, JOB_COLUMNS, JOB_NAMES, NULLABLE
from services.accounting.ledger.fast import amounts, sums, table
from services.accounting.ledger.fast.alike.groups import MIN_ALIKE
from services.accounting.ledger.fast.arrays import register
from services.accounting.ledger.fast.cells import cells_of, roll_up
from services.accounting.ledger.fast.days import Days, first_day
from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.layout import NULL16, NULL32, NULL64, Columns
from services.accounting.ledger.fast.posted import posted_before
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.rows import Rows
from services.accounting.ledger.fast.texts import Bytes
from services.accounting.ledger.read import microseconds
from services.accounting.ledger.read_correction import Correction
from services.accounting.ledger.work import Refusal, Work

_COPY_JOBS: Final = f"COPY accounting.job ({JOB_NAMES}) FROM STDIN (FORMAT BINARY)".encode()
_COPY_CHARGES: Final = f"COPY accounting.charge ({CHARGE_NAMES}) FROM STDIN (FORMAT BINARY)".encode()
_NULLS: Final = {"int8": NULL64, "timestamptz": NULL64, "int4": NULL32, "int2": NULL16}


class PackedBatch:
    """A batch ready to be posted; see writer.Packed."""

    def __init__(self, rows: Rows, rates: Rates, dimensions: Dimensions) -> None:
        """Looks up the numbers of all keys.

        Raises:
            psycopg.Error: the database.
            TooLarge: amounts must be worked out one by one.
        """
        self.generation = dimensions.generation
        self.refused: Sequence[Refusal] = rows.refused
        self.corrections: Sequence[Correction] = rows.corrections
        self._again = rows.again
        self._jobs, self._lines = rows.jobs, rows.lines
        self._is_posted = rows.is_posted
        self.first_day = first_day(self._jobs["day"][rows.is_posted])
        self._texts = rows.texts
        self._ink_ul = rows.ink_ul
        self._ink_counts = self._lines["inks"]
        self._ink_starts = self._lines["ink_at"]
        self._price(rates)
        self._rate_numbers = rates.numbers(dimensions)
        self._job_numbers = {
            "printer_no": rows.keys.printers.numbers(dim.PRINTER, dimensions, rates.told)[self._jobs["printer"]],
            "person_no": rows.keys.people.numbers(dim.PERSON, dimensions)[self._jobs["person"]],
            "source_no": rows.keys.sources.numbers(dim.SOURCE, dimensions)[self._jobs["source"]],
            "project_no": rows.keys.projects.numbers(dim.PROJECT, dimensions)[self._jobs["project"]],
            "department_no": rows.keys.departments.numbers(dim.DEPARTMENT, dimensions)[self._jobs["department"]],
        }
        self._line_numbers = {
            "quality_no": rows.keys.qualities.numbers(dim.QUALITY, dimensions)[self._lines["quality"]],
            "finishing_no": rows.keys.finishings.numbers(dim.FINISHING, dimensions)[self._lines["finishing"]],
            "ink_set_no": rows.keys.ink_sets.numbers(dim.INK_SET, dimensions)[self._lines["ink_set"]],
        }

    def _price(self, rates: Rates) -> None:
        """Fills in the amounts that were left to be worked out at once."""
        all_lines = self._lines
        which = np.flatnonzero(~all_lines["is_priced"])
        if len(which):
            lines = {name: all_lines[name][which] for name in ("rate", "inks", *amounts.COLUMNS)}
            consumed = amounts.quantities(lines, self._ink_ul, self._ink_starts[which])
            cost = rates.costs.amounts(lines["rate"], consumed, None)
            price = rates.prices.amounts(lines["rate"], consumed, cost)
            all_lines["cost_micro"][which] = cost
            all_lines["price_micro"][which] = price
        lacks = (all_lines["cost_micro"] == NULL64) | (all_lines["price_micro"] == NULL64)
        all_lines["unpriced_lines"] = lacks.astype(np.int16)

    def months(self) -> set[int]:
        """The numbers of the months (UTC) in which jobs completed."""
        moments = (self._jobs["completed_at"][self._is_posted] + _1970_TO_2000_US).astype("datetime64[us]")
        months = moments.astype("datetime64[M]").astype(np.int64)
        return {1970 * 12 + each for each in months[distinct([months])[0]].tolist()}

    def post(self, connection: Connection[TupleRow], posted_at: datetime) -> tuple[int, int, int, list[int]]:
        """See writer.Packed.post."""
        told = int(self._is_posted.sum()) + len(self._again)
        if not told:
            return 0, 0, 0, []
        register(connection)
        keep, contradictions = self._new(connection)
        jobs = np.flatnonzero(keep)
        lines = np.flatnonzero(keep[self._lines["job"]])
        if len(jobs):
            moment = microseconds(posted_at)
            job_bytes = self._job_bytes(jobs, moment)
            with connection.cursor() as cursor:
                # The server works on what was sent while more is made ready here.
                with cursor.copy(_COPY_JOBS) as copy:
                    copy.write(job_bytes.data)
                    charges = self._charges(lines, moment)
                    charge_bytes = self._charge_bytes(lines, charges)
                with cursor.copy(_COPY_CHARGES) as copy:
                    copy.write(charge_bytes.data)
                    moves = cells_of(charges)
            roll_up(connection, moves)
        return len(jobs), len(lines), told - len(jobs) - len(contradictions), contradictions

    def _new(self, connection: Connection[TupleRow]) -> tuple[npt.NDArray[np.bool_], list[int]]:
        """Which jobs are not posted yet, and the entry ids of those that contradict one that is."""
        keep, ids, said = self._is_posted.copy(), self._jobs["job_id"], self._jobs["payload_hash"].copy()
        for at, posted in posted_before(connection, ids, np.flatnonzero(keep)):
            keep[at] = False
            said[at] = posted
        differs = np.flatnonzero(said != self._jobs["payload_hash"])
        contradictions = self._jobs["entry_id"][differs].tolist()
        contradictions += [each.entry_id for each in self._again if each.payload_hash != said[each.first]]
        return keep, contradictions

    def _job_bytes(self, which: npt.NDArray[np.intp], posted_at: int) -> Bytes:
        columns = []
        for name, kind in JOB_COLUMNS[: -len(self._texts)]:
            if name == "posted_at":
                values: npt.NDArray[Any] = np.full(len(which), posted_at)
            else:
                values = (self._job_numbers if name in self._job_numbers else self._jobs)[name][which]
            columns.append(table.Column(kind, values, _NULLS[kind] if name in NULLABLE else None))
        return table.copy_of(columns, texts=[column.take(which) for column in self._texts])

    def _charges(self, which: npt.NDArray[np.intp], posted_at: int) -> Columns:
        """Every column of the charges by name, but for ink_ul."""
        lines = self._lines
        job = lines["job"][which]
        media, category, cost_rule, price_rule = self._rate_numbers[lines["rate"][which]].T
        of_job = {"entry_id": "entry_id", "occurred_at": "completed_at"}
        of_job |= {name: name for name in ("job_id", "day", "kind", "outcome", "billable")}
        found: Columns = {name: self._jobs[of][job] for name, of in of_job.items()}
        found |= {name: numbers[job] for name, numbers in self._job_numbers.items() if name != "source_no"}
        found |= {name: numbers[which] for name, numbers in self._line_numbers.items()}
        found |= {"media_no": media, "category_no": category}
        found |= {"cost_rule_no": cost_rule, "price_rule_no": price_rule}
        found["posted_at"] = np.full(len(which), posted_at)
        return found | {name: lines[name][which] for name, _ in CHARGE_COLUMNS[:-1] if name not in found}

    def _charge_bytes(self, which: npt.NDArray[np.intp], charges: Columns) -> Bytes:
        columns = [
            table.Column(kind, charges[name], _NULLS[kind] if name in NULLABLE else None)
            for name, kind in CHARGE_COLUMNS[:-1]
        ]
        lists = table.Lists(self._ink_ul, self._ink_starts[which], self._ink_counts[which])
        return table.copy_of(columns, lists)


def packed_batch(
    work: Work, rates: Rates, days: Days, dimensions: Dimensions, *, min_alike: int = MIN_ALIKE
) -> PackedBatch:
    """Reads, prices and packs a batch.

    Raises:
        psycopg.Error: the database.
    """
    for one_by_one in (False, True):
        try:
            rows = Rows(rates, days, work, one_by_one=one_by_one, min_alike=min_alike)
            return PackedBatch(rows, rates, dimensions)
        except sums.TooLarge:
            if one_by_one:
                raise
    raise AssertionError


_1970_TO_2000_US: Final = -microseconds(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
