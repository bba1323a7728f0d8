"""Rates and rules of lines, kept as long as the price lists stay the same: most lines are like others before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting import dimensions as dim
from services.accounting.books.loader import Pricing
from services.accounting.dimensions import Dimensions
from services.accounting.ledger.fast.alike.readable import Spellings
from services.accounting.ledger.fast.amounts import NONE, Table, Weights, weights_of
from services.accounting.ledger.read import microseconds
from services.accounting.pricing import Asks, BookPair, LineRate, PairRate, Unpriced
from services.accounting.pricing.entries import TABLES
from services.accounting.pricing.quantities import Wider, facts_of, keyed
from services.accounting.pricing.rates import MarkupRate
from services.accounting.pricing.rules import Rule
from shared.events import JobCompleted
from shared.events.jobs import JobLine

MAX_KEPT: Final = 100_000
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Kept(NamedTuple):
    """What lines of one kind have in common; `position` is where it stands among those kept."""

    position: int
    rates: PairRate
    category: str
    by_density: bool
    is_weighed: bool


class Terms(NamedTuple):
    """A pair of price lists with what of a line they ask for at all: the rest need not be looked at."""

    pair: BookPair
    number: int
    asks_size: bool
    asks_length: bool
    has_minimum: bool

    @property
    def asks(self) -> Asks:
        """What they ask for beyond a line itself."""
        return self.pair.asks


class Rates:
    """Rates by all that decides them, for one state of the price lists and the registry."""

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        self.spellings = Spellings()
        self.printers: dict[tuple[str | None, str | None, str | None], int] = {}
        self.told: dict[str, tuple[str, str]] = {}
        self.asks_length = any(
            entry.unit == "per_m" for prices in pricing.book.lists for entry in prices.file.media
        )
        self.costs, self.prices = Table(), Table()
        self._terms: dict[int, Terms] = {}
        self._alike: dict[tuple[str, str, str, str], int] = {}
        self._named = {
            entry.scope.name
            for prices in pricing.book.lists
            for name in TABLES
            for entry in prices.file.entries(name)
            if entry.scope.level == "printer"
        } | pricing.book.assigned("printer")
        self.has_payers = bool(pricing.book.levels)
        self._projects = pricing.book.assigned("project")
        self._customers = pricing.book.assigned("customer")
        self._departments = pricing.book.assigned("department")
        self._changes = np.array([microseconds(moment) for moment in pricing.book.changes], np.int64)
        self.kept: dict[tuple[object, ...], Kept] = {}
        self._minimum: dict[int, int] = {}
        self._media: list[tuple[str, str]] = []
        self._categories: list[str] = []
        self._rules: list[tuple[Rule, Rule]] = []
        self._numbers = np.empty((0, 4), np.int32)
        self._generation = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to begin anew, so that memory stays bounded."""
        return max(len(self._rules), len(self.printers)) > MAX_KEPT

    def periods(self, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Numbers of the times between two changes of the price lists, for moments in microseconds since 2000."""
        return np.searchsorted(self._changes, moments, side="right")

    def alike_project(self, project: str) -> tuple[str, str]:
        """The same for projects that price lists are assigned to neither themselves nor to their customers."""
        customer = self.pricing.customers.get(project, "")
        return project if project in self._projects else "", customer if customer in self._customers else ""

    def alike_department(self, department: str) -> str:
        """The same for departments without price lists of their own."""
        return department if department in self._departments else ""

    def terms_of(self, job: JobCompleted, moment: int) -> Terms:
        """The price lists that count for a job, which completed so many microseconds after the begin of 2000."""
        completed_at = _EPOCH + timedelta(microseconds=moment)
        if not self.has_payers:
            pair = self.pricing.book.pair_at(completed_at)
        else:
            facts = facts_of(job, self.pricing.printers.get(job.printer.id or ""))
            pair = self.pricing.book.pair_for(completed_at, self.pricing.payer_of(job), facts)
        found = self._terms.get(id(pair))
        if found is None:
            lists = [prices for prices in (pair.cost, pair.price) if prices]
            found = self._terms[id(pair)] = Terms(
                pair,
                len(self._terms),
                asks_size=any(prices.file.click for prices in lists),
                asks_length=any(entry.unit == "per_m" for prices in lists for entry in prices.file.media),
                has_minimum=pair.has_minimum,
            )
        return found

    def add_printer(self, job: JobCompleted) -> int:
        """A number for a job's printer, the same for printers that no price list can tell apart."""
        told = job.printer
        facts = facts_of(job, self.pricing.printers.get(told.id or ""))
        if facts.model and not {facts.id, facts.serial} & self._named:
            alike = ("", "", facts.model, facts.group)
        else:
            alike = (facts.id, facts.serial, facts.model, facts.group)
        number = self._alike.setdefault(alike, len(self._alike))
        self.printers[told.id, told.serial, told.model] = number
        serial, model = self.told.get(told.id or "", ("", ""))
        self.told[told.id or ""] = serial or told.serial or "", model or told.model or ""
        return number

    def add(self, key: tuple[object, ...], pair: BookPair, job: JobCompleted, line: JobLine, wider: Wider) -> Kept:
        """Finds the rates of a line of a kind not met before, as the plain pricing does."""
        known = self.pricing.printers.get(job.printer.id or "")
        line_key, by_density = keyed(job.kind, line, facts_of(job, known), self.pricing.thresholds, wider)
        rates = pair.rates_for(line_key)
        category = line_key.category or ""
        ink = line.ink_ul or {}
        weights = weights_of(rates, tuple(ink)) if all(ink.values()) else None
        kept = Kept(len(self._rules), rates, category, by_density, weights is not None)
        self.kept[key] = kept
        self._weigh(weights)
        self._media.append((line.media or "", line.media_name or ""))
        self._categories.append(category)
        self._rules.append((_rule(rates.cost), _rule(rates.price)))
        return kept

    def _weigh(self, weights: tuple[Weights, Weights] | None) -> None:
        for table, each in zip((self.costs, self.prices), weights or (NONE, NONE), strict=True):
            table.add(each)

    def minimum(self, pair: BookPair) -> int:
        """The position of what the lines have in common that bring jobs up to the minimum of a pair of lists."""
        position = self._minimum.get(id(pair))
        if position is None:
            position = self._minimum[id(pair)] = len(self._rules)
            cost, price = pair.minimum_rules()
            self._weigh(None)
            self._media.append(("", ""))
            self._categories.append("")
            self._rules.append(
                (
                    Rule(pair.cost.id if pair.cost else None, cost),
                    Rule(pair.price.id if pair.price else None, price),
                )
            )
        return position

    def numbers(self, dimensions: Dimensions) -> npt.NDArray[np.int32]:
        """Numbers of medium, category, cost rule and price rule of each position.

        Raises:
            psycopg.Error: the database.
        """
        if self._generation != (generation := dimensions.generation):
            self._generation, self._numbers = generation, np.empty((0, 4), np.int32)
        done = len(self._numbers)
        if done < len(self._rules):
            media, categories, rules = self._media[done:], self._categories[done:], self._rules[done:]
            media_nos = dimensions.learn(dim.MEDIA, {code: (name,) for code, name in reversed(media)})
            category_nos = dimensions.learn(dim.CATEGORY, dict.fromkeys(categories, ()))
            rule_nos = dimensions.learn(dim.RULE, {rule.key: tuple(rule) for pair in rules for rule in pair})
            fresh = [
                (media_nos[code], category_nos[category], rule_nos[cost.key], rule_nos[price.key])
                for (code, _), category, (cost, price) in zip(media, categories, rules, strict=True)
            ]
            self._numbers = np.concatenate([self._numbers, np.array(fresh, np.int32)])
        return self._numbers


def _rule(rate: LineRate | MarkupRate | Unpriced) -> Rule:
    return Rule(rate.list_id, rate.reason if isinstance(rate, Unpriced) else rate.rule)
