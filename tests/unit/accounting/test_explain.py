"""An explanation computes a line again from what the ledger holds, and says so when it can't."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import msgspec
import pytest

from services.accounting.cli.explanations import MAX_OTHERS, _candidates, explanation_lines
from services.accounting.explain.again import NOT_AGAIN, explain_book
from services.accounting.explain.candidates import Assigned, Considered, Published, candidates
from services.accounting.explain.exact import exact_text
from services.accounting.explain.explanation import Booked, Inputs
from services.accounting.pricing import Assignment, Payer, PriceBook, PrinterFacts, price_job
from tests.unit.accounting.price_lists import MODEL, NEW_YEAR, NOON, a1_line, books, job

PRINTER = PrinterFacts("p1", "SN1", MODEL)
EXAMPLE = '[[ppu]]\nmodel = "HP DesignJet T1700"\ncategory = "B"\nper_m2 = "1.10"\n'


def explained(rates, *, line=None, printer=None, cost=None, **changes):
    line = line or a1_line()
    book = books(price=rates, cost=cost)
    charged = price_job(job(line), book)[0]
    stored = msgspec.structs.replace(line, category=charged.key.category)
    inputs = Inputs("print", "charge", 0, stored, printer or PrinterFacts("p1", "SN1", MODEL))
    booked = Booked("price", charged.price.amount_micro, charged.price.rule)
    return explain_book(
        msgspec.structs.replace(booked, **changes),
        inputs,
        book.at("price", NOON),
        cost_micro=charged.cost.amount_micro,
        job_sum_micro=None,
        candidates=[],
    )


def test_the_worked_example_is_explained_to_the_last_digit():
    found = explained(EXAMPLE)

    assert (found.exact, found.exact_micro, found.precision, found.amount) == (
        "0.5495094",
        "0.549509",
        4,
        "0.5495",
    )
    (term,) = found.terms
    assert (term.quantity, term.exact) == ("0.499554 m2", "0.5495094")
    assert term.rate == f"1.10 per m2 of printed area (category B, model {MODEL})"


def test_a_printer_that_has_another_model_by_now_is_explained_as_it_was():
    assert explained(EXAMPLE, printer=PrinterFacts("p1", "SN1", "Another model")).exact == "0.5495094"


def test_an_amount_that_does_not_come_out_again_is_not_passed_off_as_explained():
    found = explained(EXAMPLE, amount_micro=1)

    assert (found.note, found.terms, found.exact) == (NOT_AGAIN, [], None)


def test_an_unpriced_line_is_explained_by_its_reason():
    found = explained(EXAMPLE, line=a1_line(category="premium"))

    assert found.amount is None
    assert found.unpriced == f"standard v1 has no rate for category premium on {MODEL}"


def test_a_marked_up_price_is_explained_by_the_booked_cost():
    found = explained('markup = "0.30"\n', cost='[[ppu]]\nper_m2 = "1.10"\n')

    assert (found.exact, found.amount) == ("0.71435", "0.7144")
    assert found.terms[0].quantity == "cost 0.5495"


def test_a_sum_without_end_is_shown_as_a_fraction():
    rates = '[[ink]]\ncolour = "cyan"\ncartridge_price = "1"\ncartridge_ml = "3"\n'
    found = explained(rates, line=a1_line(ink_ul={"cyan": 1_000}))

    assert (found.exact, found.exact_micro, found.amount) == ("1/3", "0.333333", "0.3333")


@pytest.mark.parametrize(
    ("number", "text"), [("0", "0.00"), ("1.5", "1.50"), ("-0.125", "-0.125"), ("12", "12.00")]
)
def test_exact_numbers_are_written_in_full(number, text):
    assert exact_text(Fraction(number)) == text


def test_each_list_that_was_considered_says_why_it_was_taken_or_not():
    later = NOON + timedelta(days=1)
    published = [
        Published(1, "standard", 1, "price", NEW_YEAR, NEW_YEAR),
        Published(2, "standard", 2, "price", NEW_YEAR, NEW_YEAR),
        Published(3, "standard", 3, "price", later, NEW_YEAR),
        Published(4, "standard", 4, "price", NEW_YEAR, later),
        Published(5, "other", 1, "price", NEW_YEAR, NEW_YEAR),
        Published(6, "our-cost", 1, "cost", NEW_YEAR, NEW_YEAR),
    ]
    named = [Assigned("price", "default", "", "standard", NEW_YEAR)]
    line = Considered(NOON, NOON, Payer(), PRINTER)
    found = candidates("price", 2, "standard v2: ppu 1.10", line, published=published, assigned=named, when=str)

    assert [(each.price_list, each.version, each.chosen) for each in found] == [
        ("standard", 2, True), ("standard", 4, False), ("standard", 3, False), ("standard", 1, False),
        ("other", 1, False),
    ]  # fmt: skip
    reasons = {(each.price_list, each.version): each.why for each in found}
    assert reasons["other", 1] == "was not the list that counts in its book, and is not for this line"
    assert "valid only from" in reasons["standard", 3]
    assert "published only at" in reasons["standard", 4]
    assert reasons["standard", 1] == "was replaced by v2"


def test_people_read_list_version_rule_inputs_and_every_step():
    found = {
        "charge_id": "1.0", "entry_kind": "charge", "job_key": "p1/42/x", "line": 0, "completed_at": "2026-11-02",
        "posted_at": "2026-11-02", "printer": {"id": "p1", "name": "Studio", "model": MODEL}, "currency": "EUR",
        "inputs": {"printed_area_mm2": 499_554, "ink_ul": {"cyan": 200}}, "takes_back": False, "history": [],
        "price": msgspec.to_builtins(explained(EXAMPLE)),
        "cost": {"book": "cost", "unpriced": "no price list is published in book cost"},
    }  # fmt: skip
    text = "\n".join(explanation_lines(found))

    for words in ("list standard, version 1", "rule: standard v1: ppu 1.10", "0.499554 m2 x 1.10", "= 0.5495094",
                  "0.549509", "to 4 decimals", "0.5495 EUR", "Cost: UNPRICED", "499554", "cyan 200"):  # fmt: skip
        assert words in text


def test_each_level_says_why_its_list_was_taken_or_not():
    def list_of(number, name, *, valid_from=NEW_YEAR, published_at=NEW_YEAR, valid_until=None):
        return Published(number, name, 1, "price", valid_from, published_at, valid_until)

    later = NOON + timedelta(days=1)
    published = [
        list_of(1, "standard"),
        list_of(2, "bridge", valid_until=NOON),
        list_of(3, "client"),
        list_of(4, "arch"),
        list_of(5, "late", published_at=later),
    ]
    assigned = [
        Assigned("price", "default", "", "standard", NEW_YEAR),
        Assigned("price", "project", "P-100", "bridge", NEW_YEAR),
        Assigned("price", "customer", "C-7", "client", NEW_YEAR),
        Assigned("price", "department", "ARCH", "arch", NEW_YEAR),
        Assigned("price", "printer", "p1", "late", NEW_YEAR),
        Assigned("price", "model", MODEL, "draft only", NEW_YEAR),
        Assigned("price", "project", "P-100", "after", later),
    ]
    line = Considered(NOON, NOON, Payer("P-100", "C-7", "ARCH"), PRINTER)
    found = candidates(
        "price", 3, "client v1 for customer C-7: ppu", line, published=published, assigned=assigned, when=str
    )

    assert [(each.price_list, each.level, each.chosen) for each in found] == [
        ("client", "customer C-7", True),
        ("bridge", "project P-100", False),
        ("arch", "department ARCH", False),
        ("late", "printer p1", False),
        ("draft only", f"model {MODEL}", False),
        ("standard", "default", False),
    ]
    reasons = {each.price_list: each.why for each in found}
    assert reasons["client"] == "counts for customer C-7 and is valid from 2026-01-01 00:00:00+00:00"
    assert reasons["bridge"] == "was valid only until 2026-11-02 12:00:00+00:00"
    assert reasons["arch"] == "is for department ARCH, and the list for customer C-7 comes first"
    assert "published only at" in reasons["late"]
    assert reasons["draft only"] == "had no published version"
    assert reasons["standard"] == "counts by default only, and the list for customer C-7 comes first"


@pytest.mark.parametrize(
    ("rule", "by"),
    [
        ("a v1 for project P-A: ppu 1.00 per m2 of printed area", "project P-A"),
        ("a v1 for project P-A has no rate for category x on T1700", "project P-A"),
        ("a v1 for project P-A adds to the cost, and there is none: no price list", "project P-A"),
        ("a v1: ppu 1.00 per m2 of printed area", "default"),
        ("a v1 has no rate for category x on T1700", "default"),
    ],
)
def test_a_line_that_was_corrected_says_what_chose_its_list_when_it_was_priced(rule, by):
    published = [
        Published(1, "a", 1, "price", NEW_YEAR, NEW_YEAR),
        Published(2, "b", 1, "price", NEW_YEAR, NEW_YEAR),
    ]
    assigned = [
        Assigned("price", "default", "", "a" if by == "default" else "b", NEW_YEAR),
        Assigned("price", "project", "P-A", "a", NEW_YEAR),
        Assigned("price", "project", "P-B", "b", NEW_YEAR),
    ]
    line = Considered(NOON, NOON, Payer("P-B"), PRINTER)
    chosen, other = candidates("price", 1, rule, line, published=published, assigned=assigned, when=str)

    where = "in its book" if by == "default" else f"for {by}"
    assert (chosen.level, chosen.why) == (by, f"counts {where} and is valid from {NEW_YEAR}")
    assert other.why == "is for project P-B, but did not count for this line when it was priced"


def test_a_key_that_looks_like_a_rule_is_still_told_in_full():
    published = [Published(1, "a", 1, "price", NEW_YEAR, NEW_YEAR)]
    assigned = [Assigned("price", "project", "P: 7 has it", "a", NEW_YEAR)]
    line = Considered(NOON, NOON, Payer("P: 7 has it"), PRINTER)
    (chosen,) = candidates(
        "price", 1, "a v1 for project P: 7 has it: ppu", line, published=published, assigned=assigned, when=str
    )

    assert chosen.level == "project P: 7 has it"


def test_of_lists_that_are_for_other_lines_people_read_a_few():
    published = [Published(n, f"list {n:03}", 1, "price", NEW_YEAR, NEW_YEAR) for n in range(200)]
    assigned = [Assigned("price", "default", "", "list 150", NEW_YEAR)]
    line = Considered(NOON, NOON, Payer(), PRINTER)
    found = candidates("price", 150, "list 150 v1: ppu", line, published=published, assigned=assigned, when=str)
    told = list(_candidates(msgspec.to_builtins(found)))

    assert len(told) == 1 + MAX_OTHERS + 1
    assert told[0].startswith("  * list 150 v1 counts in its book")
    assert told[-1] == "  - and 194 more that are not for this line: `--json` shows them"


def test_a_sum_with_overhead_in_steps_for_a_project_with_a_colon_is_explained():
    rates = (
        'rounding_step = "0.05"\noverhead = "0.10"\n'
        '[[ppu]]\nper_m2 = "1.00"\n[[ppu]]\nper_m2 = "0.90"\nfrom = "0.9"\n'
        '[[finishing]]\ncode = "bind"\nper_job = "4"\n'
    )
    lines = (a1_line(), a1_line(finishing=["bind"]))
    listed = books(price=rates).lists
    book = PriceBook(listed, [Assignment("price", "project", "P: 1", "standard")])
    charged = price_job(job(*lines), book, payer=Payer("P: 1"))
    for number, each in enumerate(charged):
        stored = msgspec.structs.replace(lines[number], category=each.key.category)
        inputs = Inputs("print", "charge", number, stored, PRINTER, "completed", lines)
        booked = Booked("price", each.price.amount_micro, each.price.rule)
        found = explain_book(booked, inputs, listed[0], cost_micro=None, job_sum_micro=None, candidates=[])

        assert (found.note, found.rounding_step) == (None, "0.05")
        assert Fraction(found.exact) == sum(Fraction(term.exact) for term in found.terms)
        assert found.terms[-1].table == "overhead"
    assert charged[0].price.rule.startswith("standard v1 for project P: 1: ppu 0.90 per m2")
    assert "finishing 4.00 per job" in charged[0].price.rule
