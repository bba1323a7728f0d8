"""Loads for the ledger's writer what prices depend on: published lists, printers, departments of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection

from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import Assignment, Payer, PriceBook, PriceList, PrinterFacts
from shared import sqlfile
from shared.events import JobCompleted

QUERIES = sqlfile.load("services.accounting.books", "queries.sql")
REFERENCE_QUERIES = sqlfile.load("services.accounting.books", "queries_reference.sql")


class Pricing(Struct, frozen=True):
    """All that prices depend on beside the job itself, as of one revision.

    Attributes:
        printers: what the registry says, by printer id.
        departments: of people whose jobs name none, by person code.
        customers: whose a project is, by project code; empty unless a list is assigned to a customer.
        thresholds: where one class of ink density ends.
        not_billable: projects whose jobs are not, unless they say it themselves.
        open_from: the first day that may be booked on; months before it are closed.
    """

    revision: int
    book: PriceBook
    printers: Mapping[str, PrinterFacts]
    departments: Mapping[str, str]
    customers: Mapping[str, str] = {}
    not_billable: frozenset[str] = frozenset()
    open_from: date = date.min
    thresholds: Thresholds = DEFAULT_THRESHOLDS

    def payer_of(self, job: JobCompleted) -> Payer:
        """For whom a job is priced; a job without a department counts for its person's."""
        project = job.project or ""
        person = (job.person.claimed if job.person else None) or ""
        return Payer(project, self.customers.get(project, ""), job.department or self.departments.get(person, ""))

    def is_billable(self, job: JobCompleted) -> bool:
        """Whether a job is billable: as it says, else as its project is."""
        return (job.project or "") not in self.not_billable if job.billable is None else job.billable


def price_revision(connection: Connection[Any]) -> int:
    """Counts up with each publication, assignment, closed month, and change of a printer, person or customer.

    Cheap enough to ask each batch; when it differs from Pricing.revision, load_pricing again.
    """
    row = connection.execute(QUERIES["price_revision"]).fetchone()
    return int(row[0]) if row else 0


def open_from(connection: Connection[Any]) -> date:
    """The first day that may be booked on; the earliest day there is while no month is closed."""
    row = connection.execute(QUERIES["open_from"]).fetchone()
    return row[0] if row and row[0] else date.min


def load_price_book(connection: Connection[Any]) -> PriceBook:
    """Reads and compiles every published version."""
    lists = [
        PriceList(
            list_id=list_id,
            version=version,
            valid_from=valid_from,
            valid_until=valid_until,
            # What is published was checked on import; a currency that changed since is the history it came from.
            file=read_document(definition, currency=definition["currency"]),
        )
        for list_id, version, valid_from, valid_until, definition in connection.execute(
            QUERIES["published_price_lists"]
        )
    ]
    return PriceBook(lists, [Assignment(*row) for row in connection.execute(QUERIES["assignments"])])


def load_customers(connection: Connection[Any]) -> dict[str, str]:
    """Whose each project is that is anybody's."""
    return dict(connection.execute(QUERIES["customers_of_projects"]).fetchall())


def load_pricing(connection: Connection[Any], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Pricing:
    """Reads everything; the revision is read first, so that a change during the load is loaded the next time."""
    revision = price_revision(connection)
    book = load_price_book(connection)
    return Pricing(
        revision=revision,
        book=book,
        printers={row[0]: PrinterFacts(*row) for row in connection.execute(REFERENCE_QUERIES["printer_facts"])},
        departments=dict(connection.execute(REFERENCE_QUERIES["person_departments"]).fetchall()),
        customers=load_customers(connection) if "customer" in book.levels else {},
        not_billable=frozenset(code for (code,) in connection.execute(QUERIES["not_billable_projects"])),
        open_from=open_from(connection),
        thresholds=thresholds,
    )
