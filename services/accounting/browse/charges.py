"""Reads the ledger for people: pages of charges and jobs, and all that explains one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.amend.states import LineState, find_state, states_of
from services.accounting.books.publishing import day_or_moment
from services.accounting.books.versions import QUERIES as PRICE_QUERIES
from services.accounting.explain.again import explain_book
from services.accounting.explain.candidates import Assigned, Considered, Published, candidates
from services.accounting.explain.explanation import Booked, BookExplained, Inputs, shown_inputs
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import LEVELS, Payer, PriceList, PrinterFacts
from services.accounting.pricing.entries import Book
from services.accounting.pricing.selection import keys_of
from shared import sqlfile
from shared.errors import NotFound
from shared.events.jobs import JobLine
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.browse", "queries_charges.sql")
MAX_ENTRY_ID: Final = 1 << 63


class Explanation(Struct, frozen=True, kw_only=True):
    """One line of the ledger, with how each book came to its amount.

    Attributes:
        takes_back: the line takes back, with the opposite sign, what is explained.
        history: all states of the line, the first one first; a line that was never corrected has one.
    """

    charge_id: str
    entry_kind: str
    job_id: str
    job_key: str
    line: int
    completed_at: datetime
    posted_at: datetime
    takes_back: bool
    history: list[LineState]
    printer: dict[str, str]
    inputs: dict[str, Any]
    currency: str
    cost: BookExplained
    price: BookExplained


class Charges:
    """The ledger's lines in PostgreSQL, read only."""

    def __init__(self, pool: Pool, *, currency: str, zone: ZoneInfo) -> None:
        """Takes the installation's currency, and the zone in which days begin."""
        self._pool = pool
        self._currency = currency
        self._zone = zone

    async def explain(self, charge_id: str) -> Explanation:
        """Computes a line again.

        Raises:
            NotFound: no such charge.
        """
        place = _place(charge_id)
        with classified():
            async with self._pool.connection() as connection:
                state = await find_state(connection, place["entry_id"], place["line"]) if place else None
                lines = await _rows(connection, "charge", state) if state else []
                row = next((each for each in lines if state and each["line"] == state["line"]), None)
                if row is None or state is None:
                    raise NotFound(f"There is no charge {charge_id!r}: take its id from `inkmeter jobs list`"
                                   " or from GET /v1/charges.")  # fmt: skip
                sums = (await _rows(connection, "job_sums", {**state, "posted_at": row["posted_at"]}))[0]
                history = await states_of(connection, state)
                published = [Published(**each) for each in await _rows(connection, "published_history", {})]
                line = _considered(row)
                assigned = [
                    Assigned(**each) for each in await _rows(connection, "assignments_of_line", _places(line))
                ]
                lists = {
                    book: await _list(connection, row[f"{book}_list_id"], published) for book in ("cost", "price")
                }
        of_job = tuple(_line(each) for each in lines if each["line_kind"] != "minimum")
        inputs = Inputs(
            row["kind"], row["line_kind"], row["line"], _line(row), line.printer, row["outcome"], of_job
        )

        def explained(book: Book) -> BookExplained:
            return explain_book(
                Booked(book, row[f"{book}_micro"], row[f"{book}_rule"]),
                inputs,
                lists[book],
                cost_micro=row["cost_micro"],
                job_sum_micro=sums[f"{book}_micro"],
                candidates=candidates(
                    book,
                    row[f"{book}_list_id"],
                    row[f"{book}_rule"],
                    line,
                    published=published,
                    assigned=assigned,
                    when=partial(day_or_moment, zone=self._zone),
                ),
            )

        return Explanation(
            charge_id=charge_id,
            entry_kind="void" if state["takes_back"] else _explained(history).entry_kind,
            takes_back=state["takes_back"],
            history=history,
            job_id=row["job_id"],
            job_key=row["job_key"],
            line=row["line"],
            completed_at=row["occurred_at"],
            posted_at=row["posted_at"],
            printer={
                "id": row["printer_id"],
                "name": row["printer_name"] or row["printer_id"],
                "model": row["model"],
            },
            inputs=shown_inputs(inputs),
            currency=self._currency,
            cost=explained("cost"),
            price=explained("price"),
        )


def _explained(history: Sequence[LineState]) -> LineState:
    return next(each for each in history if each.explained)


def _place(charge_id: str) -> dict[str, int] | None:
    """Entry and line of a charge id `<entry>.<line>`."""
    entry, dot, line = charge_id.partition(".")
    if not dot or not (entry.isdecimal() and line.isdecimal() and entry.isascii() and line.isascii()):
        return None
    place = {"entry_id": int(entry[:20]), "line": int(line[:6])}
    return place if place["entry_id"] < MAX_ENTRY_ID and place["line"] < 1 << 15 else None


def _considered(row: Mapping[str, Any]) -> Considered:
    """What decided which lists count; whose a project is, and a printer's group and model, as of now."""
    return Considered(
        row["occurred_at"],
        row["posted_at"],
        Payer(row["project"], row["customer"] or "", row["department"]),
        PrinterFacts(row["printer_id"], row["serial"], row["model"], row["printer_group"]),
    )


def _places(line: Considered) -> dict[str, list[str]]:
    """Everything that a list may be assigned to for a line, but the default."""
    places = [(level, key) for level in LEVELS[:-1] for key in keys_of(level, line.payer, line.printer)]
    return {"levels": [level for level, _ in places], "keys": [key for _, key in places]}


def _line(row: Mapping[str, Any]) -> JobLine:
    """The line as the job told it, with the category it was priced by."""
    colours: Sequence[str] = msgspec.json.decode(row["ink_colours"] or "[]")
    names = {"media", "category", "category_by", "colour_mode", "roll_width_um", "width_um", "length_um"}
    names |= {"printed_area_mm2", "used_area_mm2", "scan_area_mm2", "impressions", "sheets"}
    return JobLine(
        **{name: row[name] for name in names if row[name] not in {None, ""}},
        ink_ul=dict(zip(colours, row["ink_ul"], strict=True)) if row["ink_ul"] is not None else None,
        finishing=msgspec.json.decode(row["finishing_codes"]) if row["finishing_codes"] else None,
    )


async def _list(
    connection: AsyncConnection[Any], list_id: int | None, published: Sequence[Published]
) -> PriceList | None:
    meant = next((each for each in published if each.id == list_id), None)
    if meant is None:
        return None
    parameters = {"name": meant.name, "version": meant.version}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(PRICE_QUERIES["newest_price_list"], parameters)
        row = (await cursor.fetchall())[0]
    file = read_document(row["definition"], currency=row["definition"]["currency"])
    return PriceList(list_id=meant.id, version=meant.version, valid_from=meant.valid_from, file=file)


async def _rows(
    connection: AsyncConnection[Any], query: str, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return await cursor.fetchall()
