"""Fills a ledger with months of jobs by SQL alone: as many as wanted, the same ones each time, whole and priced.

What it makes passes `inkmeter accounting verify`: every row of job and charge, the offsets, and the rollups. The
number of a job decides all about it, its prices are those of the plain pricing, and a few lines have none.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection

from bench.events import CATEGORIES, INKS, MEDIA, MODELS
from services.accounting import dimensions as dim
from services.accounting.books.loader import load_price_book
from services.accounting.books.store import PriceBooks
from services.accounting.dimensions import Dimensions
from services.accounting.entries import first_entry
from services.accounting.partitions import first_day, month_number
from services.accounting.pricelist.toml_text import from_toml
from services.accounting.pricing import LineKey, LineRate, PrinterFacts, Unpriced, key_of
from services.accounting.pricing.rules import Rule
from services.accounting.verify import rebuild
from shared import sqlfile
from shared.events.jobs import JobLine
from shared.postgres import connect, open_pool

QUERIES: Final = sqlfile.load("bench", "ledger_rows.sql")
LEDGER_QUERIES: Final = sqlfile.load("services.accounting", "queries.sql")
TOPIC: Final = "bench.jobs.v1"
UNRATED: Final = "premium"
"""The category that no price list knows: its lines have a cost and no price."""
INK_SET: Final = json.dumps(INKS, separators=(",", ":"))
STRETCHES: Final = 4
"""A month is made in so many parts, so that temporary tables stay small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What to fill a ledger with.

    Attributes:
        jobs: in all; each has 1.27 lines on average.
        first_month: its first day.
        months: how many months the jobs lie in, evenly.
        unpriced_thousandths: of the jobs, how many have no price.
    """

    jobs: int
    first_month: date = date(2026, 1, 1)
    months: int = 12
    printers: int = 300
    people: int = 2_000
    projects: int = 500
    departments: int = 20
    unpriced_thousandths: int = 10


class Stretch(NamedTuple):
    """A part of a month: `jobs` jobs from number `first` on, evenly between two moments."""

    first_entry: int
    first: int
    jobs: int
    start: datetime
    end: datetime


def fill(url: str, spec: Spec) -> None:
    """Fills an empty migrated ledger, and leaves it analysed and its rollups made."""
    asyncio.run(_publish(url))
    with connect(url, name="bench", autocommit=True) as connection:
        _dimensions(connection, url, spec)
        connection.execute(LEDGER_QUERIES["add_stream"], {"topic": TOPIC})
        row = connection.execute(LEDGER_QUERIES["stream_of_topic"], {"topic": TOPIC}).fetchone()
        assert row
        done = 0
        first = month_number(spec.first_month)
        for at in range(spec.months * STRETCHES):
            start, end = _moment(first, at), _moment(first, at + 1)
            if at % STRETCHES == 0:
                connection.execute("SELECT accounting.make_month(%s)", [start.date()])
            upto = spec.jobs * (at + 1) // (spec.months * STRETCHES)
            _draw(connection, spec, Stretch(first_entry(row[0], 0), done, upto - done, start, end))
            done = upto
        moved = {"topic": TOPIC, "next_offset": done}
        for statement in ("move_offset", "told"):
            connection.execute(QUERIES[statement], moved)
    rebuild(url)
    with connect(url, name="bench", autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def price_lists(*, more: str = "") -> list[str]:
    """A cost list by area, media and ink, and a price list by area, model and category; `more` joins each rate."""
    head = ('currency = "EUR"', "valid_from = 2020-01-01", "precision = 4")
    cost = ['name = "bench-cost"', 'book = "cost"', 'area = "used"', *head, f'[[ppu]]\nper_m2 = "0.21{more}"']
    cost += [f'[[ink]]\ncolour = "{colour}"\nper_ml = "0.19{more}"' for colour in INKS]
    cost += [f'[[media]]\ncode = "{code}"\nper_m2 = "0.{31 + at}{more}"' for at, code in enumerate(MEDIA)]
    price = ['name = "bench-price"', 'book = "price"', 'area = "printed"', *head]
    price += [
        f'[[ppu]]\nmodel = "{model}"\ncategory = "{category}"\nper_m2 = "{1 + at + by}.10{more}"'
        for at, category in enumerate(CATEGORIES)
        for by, model in enumerate(MODELS)
    ]
    price += [f'[[media]]\ncode = "{code}"\nper_m2 = "0.{51 + at}{more}"' for at, code in enumerate(MEDIA)]
    return ["\n".join(cost), "\n".join(price)]


async def _publish(url: str) -> None:
    pool = await open_pool(url, name="bench")
    try:
        books = PriceBooks(pool, ZoneInfo("UTC"))
        for text in price_lists():
            prices = from_toml(text, currency="EUR")
            await books.put_draft(prices)
            await books.publish(prices.name, by="bench")
    finally:
        await pool.close()


def _moment(first: int, at: int) -> datetime:
    """The beginning of a stretch, counted from the first month on."""
    month, part = divmod(at, STRETCHES)
    begins, ends = (
        datetime.combine(first_day(number), time.min, tzinfo=UTC) for number in (first + month, first + month + 1)
    )
    return begins + (ends - begins) * part / STRETCHES


def _dimensions(connection: Connection[Any], url: str, spec: Spec) -> None:
    """Numbers for all keys, and what a line of each kind costs."""
    connection.execute(QUERIES["printers"], {"models": MODELS, "printers": spec.printers})
    wanted = {
        "people": spec.people,
        "projects": spec.projects,
        "departments": spec.departments,
        "ink_set": INK_SET,
        "categories": [*CATEGORIES, UNRATED],
        "media": MEDIA,
    }
    connection.execute(QUERIES["keys"], wanted)
    connection.execute(QUERIES["places"])
    rows = _rates(connection, url)
    marks = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO drawn_rate VALUES ({marks})".encode(), rows)


def _rates(connection: Connection[Any], url: str) -> list[tuple[Any, ...]]:
    """Weights and rules of every kind of line, from the plain pricing."""
    pair = load_price_book(connection).pair_at(datetime(2026, 1, 1, tzinfo=UTC))
    numbers = Dimensions(lambda: connect(url, name="bench", autocommit=True))
    found = []
    for model in MODELS:
        for media_at, media in enumerate(MEDIA):
            for category_at, category in enumerate([*CATEGORIES, UNRATED]):
                for tells_ink in (False, True):
                    rates = pair.rates_for(_key(model, media, category, tells_ink=tells_ink))
                    media_no = numbers.learn(dim.MEDIA, {media: (media,)})[media]
                    category_no = numbers.learn(dim.CATEGORY, {category: ()})[category]
                    row: list[Any] = [model, media_at, category_at, tells_ink, media_no, category_no]
                    for rate in (rates.cost, rates.price):
                        row += _weights(numbers, rate)
                    found.append(tuple(row))
    numbers.close()
    return found


def _key(model: str, media: str, category: str, *, tells_ink: bool) -> LineKey:
    """The key of a line as `post_charges` makes it."""
    line = JobLine(
        media=media,
        width_um=594_000,
        length_um=1_000_000,
        roll_width_um=914_400,
        printed_area_mm2=1,
        used_area_mm2=1,
        colour_mode="colour",
        impressions=1,
        sheets=1,
        ink_ul=dict.fromkeys(INKS, 1) if tells_ink else None,
    )
    return key_of("print", line, PrinterFacts("plotter", model=model), category)


def _weights(numbers: Dimensions, rate: Any) -> list[Any]:
    rule = Rule(rate.list_id, rate.reason if isinstance(rate, Unpriced) else rate.rule)
    rule_no = numbers.learn(dim.RULE, {rule.key: tuple(rule)})[rule.key]
    if not isinstance(rate, LineRate):
        return [rule_no, None, None, None, 1, 1]
    ink = {weight for _, weight in rate.inks} or {0}
    assert len(ink) == 1, "all inks of these lists cost the same"
    return [rule_no, rate.printed, rate.used, ink.pop(), rate.denominator, rate.step_micro]


def _draw(connection: Connection[Any], spec: Spec, stretch: Stretch) -> None:
    """The jobs of one stretch of time, in one transaction."""
    wanted = {
        **stretch._asdict(),
        **asdict(spec),
        "media": len(MEDIA),
        "categories": len(CATEGORIES) + 1,
        "ink_set": INK_SET,
        "jobs": stretch.jobs,
    }
    with connection.transaction():
        for statement in ("draw", "post_jobs", "post_charges", "forget_drawn"):
            connection.execute(QUERIES[statement], wanted)
