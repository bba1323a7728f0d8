"""What each job owes of its minimum, worked out from the public views in fractions, and beside what is charged."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from shared.postgres import connect

LINES: Final = """
SELECT job_id::text, outcome, line_kind = 'minimum', sum(leg), coalesce(sum(leg) FILTER (WHERE cost IS NULL), 0),
    coalesce(sum(leg) FILTER (WHERE price IS NULL), 0), coalesce(sum(cost), 0), coalesce(sum(price), 0)
FROM inkmeter.charges GROUP BY job_id, outcome, line_kind = 'minimum'
"""
"""Of each job, its own lines and its minimum charge: how many stand, how many lack an amount, their sums."""


class Terms(NamedTuple):
    """What the lists that count say; rates of the lines are no matter here."""

    cost_minimum: Decimal = Decimal(0)
    price_minimum: Decimal = Decimal(0)
    markup: Decimal | None = None
    free_of_minimum: frozenset[str] = frozenset()
    """Outcomes of jobs of which the price list wants no minimum."""


def expected(
    terms: Terms, outcome: str, cost: Fraction | None, price: Fraction | None
) -> tuple[Fraction, Fraction]:
    """Cost and price that a job's minimum charge must come to."""
    more_cost = max(Fraction(0), Fraction(terms.cost_minimum) - cost) if cost is not None else Fraction(0)
    if price is None:
        return more_cost, Fraction(0)
    more_price = Fraction(0)
    if terms.markup is not None:
        more_price = Fraction(round(more_cost * (1 + Fraction(terms.markup)) * 10_000), 10_000)
    least = Fraction(0) if outcome in terms.free_of_minimum else Fraction(terms.price_minimum)
    return more_cost, more_price + max(Fraction(0), least - price - more_price)


def charged(url: str) -> dict[str, tuple[str, dict[bool, tuple[Any, ...]]]]:
    """Of each job its outcome, and the sums of its own lines (False) and of its minimum charge (True)."""
    found: dict[str, tuple[str, dict[bool, tuple[Any, ...]]]] = {}
    with connect(url) as connection:
        for job, outcome, is_minimum, *sums in connection.execute(LINES.encode()):
            found.setdefault(job, (outcome, {}))[1][is_minimum] = tuple(sums)
    return found


def assert_minimums_are_owed(url: str, terms: Terms) -> None:
    """Every job's minimum charge is what its lines leave of the minimum; a job without lines has none."""
    for job, (outcome, sums) in charged(url).items():
        standing, no_cost, no_price, cost, price = sums[False]
        stands, _, _, *amounts = sums.get(True, (0, 0, 0, Decimal(0), Decimal(0)))
        if not standing:
            assert (stands, *amounts) == (0, 0, 0), job
            continue
        wanted = expected(
            terms, outcome, None if no_cost else Fraction(cost), None if no_price else Fraction(price)
        )
        assert tuple(map(Fraction, amounts)) == wanted, (job, outcome, sums)
