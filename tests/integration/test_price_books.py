"""Price lists and projects in real PostgreSQL: drafts, immutable versions, what the ledger's writer loads."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
import pytest_asyncio

from services.accounting.books.assignments import Place, assign
from services.accounting.books.loader import load_pricing
from services.accounting.books.store import PriceBooks
from services.accounting.pricelist.toml_text import from_toml
from services.accounting.pricing import Payer, PrinterFacts
from services.accounting.projects.store import Projects
from shared.errors import ConfigError, Conflict, NotFound, Reject
from shared.http.problems import PreconditionFailed
from shared.postgres import connect, open_pool
from tests.jobs import COST_LIST, PRICE_LIST

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest_asyncio.fixture
async def pool(database_url):
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def books(pool):
    return PriceBooks(pool, ZoneInfo("Europe/Berlin"))


def file(per_m2="1.10", text=PRICE_LIST):
    return from_toml(text.replace("1.10", per_m2), currency="EUR")


async def publish(books, *files):
    for each in files:
        await books.put_draft(each)
        await books.publish(each.name, by="me")


def pricing(database_url):
    with connect(database_url) as connection:
        return load_pricing(connection)


async def test_the_same_file_again_changes_nothing_and_another_is_the_next_version(books):
    first = await books.put_draft(file())
    again = await books.put_draft(file())
    await books.publish("standard", by="me")
    published = await books.put_draft(file())
    second = await books.put_draft(file("1.20"))
    replaced = await books.put_draft(file("1.30"))

    assert [each.change for each in (first, again, published, second, replaced)] == [
        "created", "unchanged", "unchanged", "created", "replaced",
    ]  # fmt: skip
    assert (second.version.version, replaced.version.version) == (2, 2)


async def test_a_published_version_can_never_be_changed(books, database_url):
    await publish(books, file())

    for statement in (
        "UPDATE accounting.price_list SET valid_from = now()",
        "DELETE FROM accounting.price_list",
        "TRUNCATE accounting.price_list",
        "DELETE FROM accounting.price_assignment",
    ):
        with connect(database_url) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            connection.execute(statement)


async def test_publishing_twice_is_publishing_once(books):
    await books.put_draft(file())
    first = await books.publish("standard", by="me")
    again = await books.publish("standard", by="you")

    assert first == again
    assert first[1]


async def test_a_draft_that_changed_meanwhile_is_not_published(books):
    read = (await books.put_draft(file())).version.etag
    await books.put_draft(file("1.20"))

    with pytest.raises(PreconditionFailed):
        await books.publish("standard", by="me", if_match=read)


async def test_a_list_stays_in_its_book(books):
    await publish(books, file())
    with pytest.raises(Conflict, match="book price"):
        await books.put_draft(file(text=PRICE_LIST.replace('"price"', '"cost"')))


async def test_a_draft_of_a_later_version_stays_in_the_book_of_the_list(books):
    other = PRICE_LIST.replace('"price"', '"cost"')
    await books.put_draft(file(text=other))
    assert (await books.put_draft(file())).version.book == "price"
    await books.publish("standard", by="me")
    await books.put_draft(file("1.20"))

    with pytest.raises(Conflict, match="book price"):
        await books.put_draft(file(text=other))


async def test_a_start_in_another_currency_than_that_of_the_ledger_is_refused(books):
    await books.put_draft(file())
    await books.require_currency("USD")
    await books.publish("standard", by="me")

    await books.require_currency("EUR")
    with pytest.raises(ConfigError, match="standard v1 is in EUR"):
        await books.require_currency("USD")


async def test_an_unknown_list_is_not_found(books):
    for wanted in (books.get("none"), books.publish("none", by="me")):
        with pytest.raises(NotFound, match="none"):
            await wanted


async def test_a_list_lies_in_the_years_in_which_jobs_do_and_ends_after_it_starts(books):
    for wrong in ("0001-01-01", "9999-12-31T23:59:59Z", "2020-01-01T23:30:00-12:00\nvalid_until = 2020-01-02"):
        with pytest.raises(Reject, match=r"years|end before"):
            await books.put_draft(file(text=PRICE_LIST.replace("2020-01-01", wrong)))


async def test_a_day_begins_at_midnight_of_the_installations_zone(books):
    stored = (await books.put_draft(file())).version

    assert stored.valid_from == datetime(2019, 12, 31, 23, tzinfo=UTC)
    assert stored.file() == file()


async def test_the_writer_loads_what_is_published_and_sees_each_change(books, database_url):
    before = pricing(database_url)
    await publish(books, file(), from_toml(COST_LIST, currency="EUR"))
    await books.put_draft(file("9.99"))
    after = pricing(database_url)

    assert before.book.at("price", NOW) is None
    assert after.revision > before.revision
    assert after.book.at("price", NOW).label == "standard v1"
    assert after.book.at("cost", NOW).label == "our-cost v1"


async def test_the_first_list_of_a_book_counts_until_another_is_named(books, database_url):
    other = PRICE_LIST.replace('"standard"', '"other"')
    await publish(books, file(), file(text=other))
    first = pricing(database_url).book.at("price", NOW).label
    await books.publish("other", by="me", make_default=True)

    assert first == "standard v1"
    assert pricing(database_url).book.at("price", NOW).label == "other v1"


async def test_projects_are_searched_by_code_and_name_page_by_page(pool):
    projects = Projects(pool)
    for number in range(5):
        values = {"name": f"Bridge {number} 100%", "customer": None, "active": number != 3, "billable": True}
        await projects.put("project", f"P-{number}", values)

    first = await projects.page("project", limit=2, search="bridge")
    rest = await projects.page("project", after=first[-1].sort_key("code"), limit=9, search="p-", active=True)

    assert [each.code for each in first] == ["P-0", "P-1"]
    assert [each.code for each in rest] == ["P-2", "P-4"]
    assert not await projects.page("project", limit=9, search="100_")
    assert not await projects.page("department", limit=9)


async def test_a_project_is_changed_only_as_it_was_read(pool):
    projects = Projects(pool)
    values = {"name": "Bridge", "customer": None, "active": True, "billable": True}
    created, is_new = await projects.put("project", "P-1", values)
    same, is_new_again = await projects.put("project", "P-1", values, if_match=created.etag)
    changed, _ = await projects.put("project", "P-1", {**values, "name": "Tunnel"}, if_match=created.etag)

    assert (is_new, is_new_again) == (True, False)
    assert same == created
    assert changed.revision == created.revision + 1
    with pytest.raises(PreconditionFailed):
        await projects.put("project", "P-1", values, if_match=created.etag)


async def test_the_writer_learns_whose_a_project_is_once_a_customer_has_a_list(pool, books, database_url):
    await publish(books, file())
    projects = Projects(pool)
    values = {"name": "Bridge", "customer": "C-7", "active": True, "billable": True}
    await projects.put("project", "P-1", values)
    before = pricing(database_url)
    async with pool.connection() as connection:
        await assign(connection, Place("price", "customer", "C-7"), "standard", by="me")
    assigned = pricing(database_url)
    await projects.put("project", "P-1", {**values, "customer": "C-8"})
    moved = pricing(database_url)

    assert before.customers == {}
    assert assigned.customers == {"P-1": "C-7"}
    pair = assigned.book.pair_for(NOW, Payer("P-1", "C-7"), PrinterFacts("p1"))
    assert (pair.price.label, pair.chosen_by("price")) == ("standard v1", "customer C-7")
    assert moved.revision > assigned.revision > before.revision
    assert moved.customers == {"P-1": "C-8"}
