"""The demo's prices fit its printers: area on plotters, clicks in the office, one case without a price."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from deploy.demo.history import history
from deploy.demo.models import MFP, T1700, TX4100
from services.accounting.pricelist.toml_text import from_toml
from services.accounting.pricing import PriceBook, PriceList, price_job
from shared.events.jobs import JobLine
from tests.unit.accounting.price_lists import by_default

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = datetime(2024, 1, 1, tzinfo=UTC)
TABLES = {T1700.serial: "ppu", TX4100.serial: "ppu", MFP.serial: "click"}


def demo_list(book: str, number: int) -> PriceList:
    text = files("deploy.demo").joinpath("prices", f"{book}.toml").read_text(encoding="utf-8")
    return PriceList(list_id=number, version=1, valid_from=SINCE, file=from_toml(text, currency="EUR"))


@pytest.fixture(scope="module")
def priced() -> list[tuple[str, JobLine, str, int | None, str, int | None]]:
    """Each printed line of a fortnight with the rule and amount of its cost and of its price."""
    named = [*by_default("demo-cost", book="cost"), *by_default("demo-price")]
    book = PriceBook([demo_list("cost", 1), demo_list("price", 2)], named)
    return [
        (
            job.printer.serial or "", job.lines[line.line],
            line.cost.rule, line.cost.amount_micro, line.price.rule, line.price.amount_micro,
        )
        for job in history(NOW, 14)
        for line in price_job(job, book)
        if line.entry_kind == "charge"
    ]  # fmt: skip


def test_a_plotter_is_charged_by_area_alone_and_the_office_printer_by_clicks_alone(priced) -> None:
    assert {serial for serial, *_ in priced} == TABLES.keys()
    for serial, _, *books in priced:
        for rule, amount in (books[:2], books[2:]):
            if amount is not None:
                assert [table for table in ("ppu", "click") if f"{table} " in rule] == [TABLES[serial]], rule


def test_only_colour_a3_of_the_office_printer_lacks_a_price_and_nothing_a_cost(priced) -> None:
    lacking = {
        (serial, line.colour_mode, line.length_um) for serial, line, _, _, _, price in priced if price is None
    }

    assert all(cost is not None for _, _, _, cost, _, _ in priced)
    assert lacking == {(MFP.serial, "colour", 420_000)}


def test_what_is_charged_is_more_than_what_it_costs(priced) -> None:
    assert all(price > cost for *_, cost, _, price in priced if price is not None)
