"""Lines of a real ledger are priced again as the plain pricing does it, row by row, whatever they hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import reject as pass_over
from hypothesis import strategies as st

from services.accounting.books.loader import Pricing
from services.accounting.filters import LineFilters
from services.accounting.ledger import simple_path
from services.accounting.ledger.posting import Posting
from services.accounting.ledger.work import Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import Assignment, PriceBook, PriceList
from services.accounting.pricing.entries import Book
from shared.errors import Reject
from tests.integration.ledger_events import PRICES, START, pricing, works
from tests.integration.rerate_lines import plainly, rerated

FULL: Final = """{"name": "full", "book": "price", "currency": "EUR", "valid_from": "2026-01-01", "area": "used",
 "rounding_step": "0.05", "overhead": "0.075", "minimum_per_job": "3.00", "aborted": "consumed",
 "ppu": [{"per_m2": "3"}, {"per_m2": "2.5", "from": "1.5"}, {"category": "A", "per_m2": "7"}],
 "media": [{"code": "plain", "per_sheet": "0.11", "from": "2"}, {"code": "gloss", "per_m": "0.7"}],
 "click": [{"colour_mode": "colour", "per_impression": "0.04", "from": "3"}],
 "class": [{"device": "image-high", "category": "A"}],
 "finishing": [{"code": "staple", "per_job": "0.30"}, {"code": "fold", "per_sheet": "0.02"}],
 "scan": [{"per_page": "0.05"}], "fixed": [{"kind": "print", "per_job": "0.105"}]}"""
KINDS: Final = [*sorted(PRICES), "full", "assigned"]
NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
END: Final = START + timedelta(days=40)


@pytest.fixture
def writer(database_url: str) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(database_url, ZoneInfo("Europe/Berlin"))
    writer.months.ensure([month_number(START.date()), month_number(START.date()) + 1])
    with writer.plain_connection() as connection:
        connection.execute(
            "INSERT INTO accounting.printer (key, model, printer_group) VALUES ('printer-1', 'T1700', 'cad')"
        )
    yield writer
    writer.close()


def prices_of(kind: str) -> Pricing:
    """The price lists of other tests; or one that says everything, by default or for some jobs only."""
    if kind in PRICES:
        return pricing(kind)
    plain = pricing("own")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    file = read_document(json.loads(FULL), currency="EUR")
    lists = [*plain.book.lists, PriceList(list_id=3, version=1, valid_from=start, file=file)]
    assignments = [Assignment("cost", "default", "", "cost"), Assignment("price", "default", "", "p")]
    if kind == "full":
        assignments.append(Assignment("price", "default", "", "full"))
    else:
        assignments += [
            Assignment("price", "project", "P-1", "full"),
            Assignment("price", "customer", "kiel", "full"),
            Assignment("price", "department", "MECH", "full"),
            Assignment("cost", "group", "cad", "cost"),
        ]
    return msgspec.structs.replace(plain, book=PriceBook(lists, assignments), customers={"P-2": "kiel"})


def posted(writer: LedgerWriter, connection: psycopg.Connection[Any], work: Work, booked: str) -> list[Posting]:
    """Posts a batch by some price lists, each job once."""
    postings, _, _ = writer.postings(work, prices_of(booked))
    postings = list({each.job_id: each for each in reversed(postings)}.values())
    simple_path.learn_dimensions(postings, writer.dimensions)
    simple_path.post(connection, postings, writer.dimensions, NOW)
    return postings


@given(
    work=works(),
    booked=st.sampled_from(KINDS),
    kind=st.sampled_from(KINDS),
    project=st.sampled_from([None, "P-1"]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_are_priced_again_as_the_plain_pricing_does(
    writer: LedgerWriter, work: Work, booked: str, kind: str, project: str | None
) -> None:
    filters = LineFilters(project=(project,) if project else ())
    with writer.plain_connection() as connection:
        connection.autocommit = False
        try:
            postings = posted(writer, connection, work, booked)
            asked = [each for each in postings if project in {None, each.job.project}]
            found = asyncio.run(rerated(connection, prices_of(kind), START, END, filters))
        except (psycopg.errors.NumericValueOutOfRange, Reject):
            pass_over()  # an amount or a sum that the ledger can't hold
        finally:
            connection.rollback()
    assert found == plainly(asked, prices_of(kind))


@given(
    work=works(),
    booked=st.sampled_from(KINDS),
    kind=st.sampled_from(KINDS),
    book=st.sampled_from(["cost", "price"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_book_is_priced_again_as_with_the_other_whatever_of_the_lines_is_read(
    writer: LedgerWriter, work: Work, booked: str, kind: str, book: Book
) -> None:
    with writer.plain_connection() as connection:
        connection.autocommit = False
        try:
            posted(writer, connection, work, booked)
            found, reading_all = (
                asyncio.run(
                    rerated(connection, prices_of(kind), START, END, books=frozenset({book}), reads_all=reads_all)
                )
                for reads_all in (False, True)
            )
            both = asyncio.run(rerated(connection, prices_of(kind), START, END))
        except (psycopg.errors.NumericValueOutOfRange, Reject):
            pass_over()  # an amount or a sum that the ledger can't hold
        finally:
            connection.rollback()
    amount, rule = (0, 2) if book == "cost" else (1, 3)
    assert {line: (*row[:2], row[rule]) for line, row in found.items()} == {
        line: (*row[:2], row[rule]) for line, row in reading_all.items()
    }
    if book == "price" and any(prices.is_markup for prices in prices_of(kind).book.lists):
        return  # which is on the costs as they are booked
    for line, row in found.items():
        assert (row[amount], row[rule]) == (both[line][amount], both[line][rule])
