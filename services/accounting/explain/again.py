"""Explains one line of the ledger: computes it again from its stored inputs and its price list, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from services.accounting.explain.exact import exact_text, quantity_text
from services.accounting.explain.explanation import Booked, BookExplained, Candidate, Inputs, TermShown
from services.accounting.pricing import Asks, LineRate, PriceList, PrinterFacts, Unpriced, key_of, wider_of
from services.accounting.pricing.rates import MICRO, PER_RATE
from services.accounting.pricing.selection import DEFAULT
from shared.money import MICRO_DIGITS, format_micro, round_half_even

NOT_AGAIN: Final = (
    "The inputs that the ledger holds do not give this amount again; the booked amount and rule stand."
)


def explain_book(
    booked: Booked,
    inputs: Inputs,
    prices: PriceList | None,
    *,
    cost_micro: int | None,
    job_sum_micro: int | None,
    candidates: list[Candidate],
) -> BookExplained:
    """Explains one book's amount of a line.

    Args:
        booked: what the ledger holds.
        inputs: what it was made of.
        prices: the version that the ledger names, if any.
        cost_micro: the line's booked cost, for a price that is made of it.
        job_sum_micro: of the job's own lines, for a minimum charge.
        candidates: the lists considered.
    """
    bare = BookExplained(
        book=booked.book,
        price_list=prices.file.name if prices else None,
        version=prices.version if prices else None,
        rule=booked.rule,
        candidates=candidates,
    )
    if booked.amount_micro is None:
        return replace(bare, rule=None, unpriced=booked.rule)
    if prices is None:
        return replace(bare, amount=format_micro(booked.amount_micro))
    priced = replace(
        bare,
        amount=format_micro(booked.amount_micro, digits=prices.file.precision),
        precision=prices.file.precision,
        rounding_step=_step_text(prices),
    )
    if inputs.entry_kind == "minimum":
        terms = _minimum_terms(booked, prices, job_sum_micro, cost_micro)
    elif prices.is_markup and prices.file.policy(inputs.outcome) != "free":
        terms = [_markup_term(prices, cost_micro or 0)]
    else:
        terms = _terms(booked, inputs, prices)
    exact = sum((value for _, value in terms), Fraction(0))
    if _rounded(exact, prices.file.step_micro) != booked.amount_micro:
        return replace(priced, note=NOT_AGAIN)
    return replace(
        priced,
        terms=[term for term, _ in terms],
        exact=exact_text(exact),
        exact_micro=format_micro(_rounded(exact, 1), digits=MICRO_DIGITS),
    )


def _rounded(value: Fraction, step_micro: int) -> int:
    """A value in micro-units, rounded once to a step."""
    return round_half_even(value.numerator * MICRO, value.denominator * step_micro) * step_micro


def _step_text(prices: PriceList) -> str | None:
    step_micro = prices.file.rounding_step_micro
    return None if step_micro is None else format_micro(step_micro, digits=2)


def _terms(booked: Booked, inputs: Inputs, prices: PriceList) -> list[tuple[TermShown, Fraction]]:
    rate = _rate_of_rule(booked.rule, inputs, prices)
    if rate is None:
        return []
    found: list[tuple[TermShown, Fraction]] = []
    for term in rate.terms(inputs.quantities, first=inputs.line_no == 0):
        value = Fraction(term.numerator, term.denominator)
        if term.measure == "sum":
            quantity = f"sum {exact_text(sum((each for _, each in found), Fraction(0)))}"
        else:
            quantity = quantity_text(term.quantity, term.measure)
        found.append((TermShown(term.table, quantity, term.rule, exact_text(value)), value))
    return found


def _rate_of_rule(rule: str, inputs: Inputs, prices: PriceList) -> LineRate | None:
    """The rates that the ledger's rule names.

    A printer may have got another model or group since: then the list's own scopes are tried, one of them made
    the rule.
    """
    lines = inputs.of_job or (inputs.line,)
    wider = wider_of(Asks.of([prices.file]), inputs.outcome, lines)[inputs.line_no if inputs.of_job else 0]
    for chosen_by in _chosen_by(rule, prices):
        for printer in _as_it_may_have_been(inputs.printer, prices):
            key = key_of(inputs.kind, inputs.line, printer, inputs.line.category, wider)
            rate = prices.rate_for(key, chosen_by)
            if not isinstance(rate, Unpriced) and rate.rule == rule:
                return rate
    return None


def _chosen_by(rule: str, prices: PriceList) -> Iterator[str]:
    """What may have chosen the list, as the rule says it: a key may hold a colon itself."""
    if rule.startswith(f"{prices.label}: "):
        yield DEFAULT
    rest = rule.removeprefix(f"{prices.label} for ")
    if rest != rule:
        at = rest.find(": ")
        while at >= 0:
            yield rest[:at]
            at = rest.find(": ", at + 1)


def _as_it_may_have_been(printer: PrinterFacts, prices: PriceList) -> Iterator[PrinterFacts]:
    yield printer
    yield PrinterFacts(printer.id, printer.serial)
    for scope in prices.scopes():
        if scope.level == "model":
            yield PrinterFacts(printer.id, printer.serial, model=scope.name)
        elif scope.level == "group":
            yield PrinterFacts(printer.id, printer.serial, group=scope.name)


def _markup_term(prices: PriceList, cost_micro: int) -> tuple[TermShown, Fraction]:
    rate = prices.markup()
    value = Fraction(*rate.exact(cost_micro))
    factor = exact_text(Fraction(PER_RATE + rate.markup_e8, PER_RATE))
    return TermShown("markup", f"cost {format_micro(cost_micro)}", factor, exact_text(value)), value


def _minimum_terms(
    booked: Booked, prices: PriceList, job_sum_micro: int | None, cost_micro: int | None
) -> list[tuple[TermShown, Fraction]]:
    """What the job lacked of the minimum; a markup list first adds to the cost of this very line."""
    amount = booked.amount_micro or 0
    sum_micro = job_sum_micro or 0
    terms: list[tuple[TermShown, Fraction]] = []
    if prices.is_markup and cost_micro:
        terms.append(_markup_term(prices, cost_micro))
        sum_micro += prices.markup().amount(cost_micro)
        amount -= prices.markup().amount(cost_micro)
    if amount:
        value = Fraction(amount, MICRO)
        quantity = (
            f"minimum {format_micro(prices.minimum_micro)} less {format_micro(sum_micro)} of the job's lines"
        )
        term = TermShown("minimum", quantity, "", exact_text(value))
        terms.append((term, value))
    return terms
