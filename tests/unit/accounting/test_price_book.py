"""Which price list counts at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.accounting.pricing import PriceBook
from tests.unit.accounting.price_lists import by_default, price_list

JANUARY, MARCH, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 6))
RATE = '[[ppu]]\nper_m2 = "1"\n'


def version(number, valid_from, name="standard"):
    return price_list(RATE, name=name, list_id=number * 10 + len(name), version=number, valid_from=valid_from)


def label(book, moment):
    found = book.at("price", moment)
    return found and found.label


def test_a_version_counts_until_the_next_one_does():
    book = PriceBook([version(1, JANUARY), version(2, JUNE)], by_default("standard"))

    assert label(book, JANUARY - timedelta(microseconds=1)) is None
    assert label(book, JANUARY) == "standard v1"
    assert label(book, JUNE - timedelta(microseconds=1)) == "standard v1"
    assert label(book, JUNE) == "standard v2"


def test_a_later_version_that_begins_earlier_takes_over_from_then_on():
    book = PriceBook([version(1, JANUARY), version(2, JUNE), version(3, MARCH)], by_default("standard"))

    assert [label(book, moment) for moment in (JANUARY, MARCH, JUNE)] == [
        "standard v1",
        "standard v3",
        "standard v3",
    ]


def test_a_list_that_is_not_named_does_not_count():
    assert label(PriceBook([version(1, JANUARY, "other")], by_default("standard")), JUNE) is None


def test_naming_next_years_list_changes_nothing_before_it_is_valid():
    book = PriceBook([version(1, JANUARY), version(1, JUNE, "next")], by_default("standard", "next"))

    assert label(book, MARCH) == "standard v1"
    assert label(book, JUNE) == "next v1"


def test_a_list_that_is_named_again_counts_again():
    lists = [version(1, JANUARY), version(1, JANUARY, "other")]

    assert label(PriceBook(lists, by_default("standard", "other")), JUNE) == "other v1"
    assert label(PriceBook(lists, by_default("standard", "other", "standard")), JUNE) == "standard v1"


def test_the_pair_of_lists_is_one_object_between_two_changes():
    book = PriceBook([version(1, JANUARY), version(2, JUNE)], by_default("standard"))

    assert book.pair_at(JANUARY) is book.pair_at(MARCH)
    assert book.pair_at(MARCH) is not book.pair_at(JUNE)
    assert book.pair_at(JUNE).price is book.at("price", JUNE)
