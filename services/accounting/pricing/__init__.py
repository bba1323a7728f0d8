"""Pure pricing: takes quantities and price lists, answers exact integers and the rule that made them.

No clock, no settings, no logger, no input or output, no float. A line's rates depend only on its LineKey, so
`rates_for(key)` may be kept per key; an amount is then a few integer multiplications and one rounding.
"""

from __future__ import annotations

from services.accounting.pricing.asks import Asks, keyed_lines, wider_of
from services.accounting.pricing.book import BookPair, PairRate, PriceBook
from services.accounting.pricing.job import ChargeLine, price_job
from services.accounting.pricing.lists import PriceList
from services.accounting.pricing.quantities import LineKey, PrinterFacts, Quantities, key_of, quantities_of
from services.accounting.pricing.rates import LineRate, MarkupRate, Term, Unpriced
from services.accounting.pricing.selection import LEVELS, Assignment, Payer

__all__ = [
    "LEVELS",
    "Asks",
    "Assignment",
    "BookPair",
    "ChargeLine",
    "LineKey",
    "LineRate",
    "MarkupRate",
    "PairRate",
    "Payer",
    "PriceBook",
    "PriceList",
    "PrinterFacts",
    "Quantities",
    "Term",
    "Unpriced",
    "key_of",
    "keyed_lines",
    "price_job",
    "quantities_of",
    "wider_of",
]
