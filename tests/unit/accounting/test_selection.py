"""Which list counts for whom: project, customer, department, printer, group, model, default; and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.accounting.pricing import LEVELS, Assignment, Payer, PriceBook, PrinterFacts, price_job
from tests.unit.accounting.price_lists import MODEL, NEW_YEAR, NOON, a1_line, by_default, job, price_list

JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7, 8))
PAYER = Payer("P-100", "C-7", "ARCH")
PRINTER = PrinterFacts("p1", "SN1", MODEL, "Floor 2")
KEYS = {
    "project": "P-100",
    "customer": "C-7",
    "department": "ARCH",
    "printer": "p1",
    "group": "Floor 2",
    "model": MODEL,
    "default": "",
}
RATE = '[[ppu]]\nper_m2 = "1"\n'


def listed(name, *, version=1, valid_from=NEW_YEAR, valid_until=None, rates=RATE, book="price"):
    return price_list(
        rates,
        name=name,
        book=book,
        list_id=sum(name.encode()) * 10 + version,
        version=version,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def assigned(*levels, book="price"):
    return [Assignment(book, level, KEYS[level], f"of-{level}") for level in levels]


def chosen(lists, assignments, *, moment=NOON, payer=PAYER, printer=PRINTER):
    pair = PriceBook(lists, assignments).pair_for(moment, payer, printer)
    return (pair.price.label, pair.chosen_by("price")) if pair.price else None


@pytest.mark.parametrize("level", LEVELS)
def test_the_first_level_that_has_a_list_counts(level):
    later = LEVELS[LEVELS.index(level) :]
    lists = [listed(f"of-{each}") for each in LEVELS]
    by = f"{level} {KEYS[level]}" if level != "default" else "default"

    assert chosen(lists, assigned(*reversed(later))) == (f"of-{level} v1", by)


@pytest.mark.parametrize("level", LEVELS[:-1])
def test_a_list_of_somebody_else_does_not_count(level):
    lists = [listed(f"of-{level}"), listed("of-default")]
    others = [Assignment("price", level, "another", f"of-{level}"), *assigned("default")]

    assert chosen(lists, others) == ("of-default v1", "default")


@pytest.mark.parametrize(
    "valid", [{"valid_from": NOON + timedelta(seconds=1)}, {"valid_until": NOON}], ids=["not yet", "not any more"]
)
def test_a_list_that_is_not_valid_leaves_it_to_the_next_level(valid):
    lists = [listed("of-project", **valid), listed("of-customer")]

    assert chosen(lists, assigned("project", "customer")) == ("of-customer v1", "customer C-7")


def test_a_list_that_nothing_was_published_of_leaves_it_to_the_next_level():
    assert chosen([listed("of-customer")], assigned("project", "customer")) == ("of-customer v1", "customer C-7")


def test_a_list_of_the_other_book_does_not_count():
    lists = [listed("of-project", book="cost"), listed("of-customer")]

    assert chosen(lists, assigned("project", "customer")) == ("of-customer v1", "customer C-7")


def test_the_newest_assignment_counts_and_one_without_a_name_takes_it_away():
    lists = [listed("a"), listed("b"), listed("of-default")]
    earlier = [*assigned("default"), Assignment("price", "project", "P-100", "a")]
    changed = [*earlier, Assignment("price", "project", "P-100", "b")]

    assert chosen(lists, earlier) == ("a v1", "project P-100")
    assert chosen(lists, changed) == ("b v1", "project P-100")
    assert chosen(lists, [*changed, Assignment("price", "project", "P-100", None)]) == (
        "of-default v1",
        "default",
    )


def test_a_default_that_is_taken_away_leaves_none():
    book = PriceBook([listed("a")], [*by_default("a"), Assignment("price", "default", "", None)])

    assert book.at("price", NOON) is None
    assert "none is named as its default" in book.pair_at(NOON).no_price.reason


def test_a_printer_is_named_by_its_serial_number_too():
    assert chosen([listed("a")], [Assignment("price", "printer", "SN1", "a")]) == ("a v1", "printer SN1")


def test_the_rule_names_what_chose_the_list_unless_it_counts_by_default():
    lists = [listed("bridge"), listed("our-cost", book="cost")]
    assignments = [Assignment("price", "project", "P-100", "bridge"), *by_default("our-cost", book="cost")]
    (line,) = price_job(job(a1_line()), PriceBook(lists, assignments), payer=PAYER)

    assert line.price.rule == "bridge v1 for project P-100: ppu 1.00 per m2 of printed area"
    assert line.cost.rule == "our-cost v1: ppu 1.00 per m2 of printed area"


def test_a_line_that_the_chosen_list_has_no_rate_for_is_unpriced_though_the_default_has_one():
    lists = [listed("bridge", rates='[[ppu]]\ncategory = "Z"\nper_m2 = "1"\n'), listed("of-default")]
    assignments = [Assignment("price", "project", "P-100", "bridge"), *assigned("default")]
    (line,) = price_job(job(a1_line()), PriceBook(lists, assignments), payer=PAYER)

    assert line.price.amount_micro is None
    assert line.price.rule == f"bridge v1 for project P-100 has no rate for category B on {MODEL}"


def test_a_markup_that_was_chosen_adds_to_the_cost_by_default():
    lists = [listed("friend", rates='markup = "0.10"\n'), listed("our-cost", book="cost")]
    assignments = [Assignment("price", "customer", "C-7", "friend"), *by_default("our-cost", book="cost")]
    (line,) = price_job(job(a1_line()), PriceBook(lists, assignments), payer=PAYER)

    assert (line.cost.amount_micro, line.price.amount_micro) == (499_600, 549_600)
    assert line.price.rule == "friend v1 for customer C-7: cost plus 10 %"


def test_equal_choices_have_one_pair_between_two_changes():
    lists = [listed("of-project"), listed("of-project", version=2, valid_from=JULY), listed("of-default")]
    book = PriceBook(lists, assigned("project", "default"))
    another = PrinterFacts("p2", "SN2", "Another", "Floor 3")

    assert book.pair_for(JUNE, PAYER, PRINTER) is book.pair_for(JUNE, Payer("P-100"), another)
    assert book.pair_for(JUNE, PAYER, PRINTER) is not book.pair_for(JULY, PAYER, PRINTER)
    assert book.pair_for(JUNE, Payer("P-200"), PRINTER) is book.pair_at(JUNE)
    assert book.levels == {"project"}


def test_a_version_ends_where_the_next_one_begins_or_at_its_own_end():
    lists = [
        listed("of-default", valid_until=AUGUST),
        listed("of-default", version=2, valid_from=JUNE, valid_until=JULY),
    ]
    book = PriceBook(lists, assigned("default"))

    assert book.at("price", JUNE - timedelta(microseconds=1)).version == 1
    assert book.at("price", JULY - timedelta(microseconds=1)).version == 2
    assert book.at("price", JULY) is None
    assert book.pair_at(JULY).no_price.reason == (
        "no published price list in book price is valid: of-default v2 was until 2026-07-01T00:00:00+00:00"
    )


def test_an_earlier_default_counts_again_where_the_later_one_has_ended():
    lists = [listed("old"), listed("summer", valid_from=JUNE, valid_until=JULY)]
    book = PriceBook(lists, by_default("old", "summer"))

    assert [book.at("price", moment).label for moment in (NEW_YEAR, JUNE, JULY)] == [
        "old v1",
        "summer v1",
        "old v1",
    ]
