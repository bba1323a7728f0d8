"""Batches for the ledger as hypothesis makes them: few jobs told often, in every shape, with poison between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from services.accounting.ledger.work import Move, Work
from services.accounting.pricebook_loader import Pricing
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import PriceBook, PriceList, PrinterFacts
from shared.ids import job_id, job_key
from shared.stream import Record
from tests.unit.accounting.price_lists import by_default

TOPIC: Final = "test.jobs.v1"
START: Final = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)
LARGE: Final = 10**15
QUANTITY: Final = st.sampled_from([None, 0, 1, 499_554, 2_000_001, LARGE])
COUNT: Final = st.sampled_from([None, 0, 1, 3, 10**9])

COST: Final = """{"name": "cost", "book": "cost", "currency": "EUR", "valid_from": "2026-10-31T21:00:00+00:00",
 "ppu": [{"category": "line-colour", "per_m2": "1.10"}, {"category": "B", "per_m2": "0.33333333"}],
 "ink": [{"colour": "cyan", "cartridge_price": "98.00", "cartridge_ml": "301"}],
 "media": [{"code": "plain", "per_m": "0.13"}, {"code": "gloss", "per_m2": "2.5"}],
 "click": [{"colour_mode": "mono", "size": "A4", "per_impression": "0.012"}],
 "scan": [{"per_m2": "0.40"}], "fixed": [{"kind": "print", "per_job": "0.105"}]}"""
PRICES: Final = {
    "markup": '{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01", "markup": "0.333"}',
    "own": '{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01", "area": "used", '
    '"ppu": [{"per_m2": "3"}], "precision": 2}',
    "minimum": '{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01", '
    '"minimum_per_job": "5.00", "ppu": [{"category": "line-colour", "per_m2": "1"}]}',
}


def pricing(kind: str) -> Pricing:
    """Prices with a cost list from nine in the evening on, and one of three kinds of price list."""
    lists = []
    for number, text in enumerate((COST, PRICES[kind]), start=1):
        file = read_document(json.loads(text), currency="EUR")
        since = datetime(2026, 10, 31, 21, tzinfo=UTC) if number == 1 else datetime(2026, 1, 1, tzinfo=UTC)
        lists.append(PriceList(list_id=number, version=1, valid_from=since, file=file))
    return Pricing(
        revision=0,
        book=PriceBook(lists, [*by_default("cost", book="cost"), *by_default("p")]),
        printers={"printer-1": PrinterFacts("printer-1", "", "T1700", "cad")},
        departments={"alice": "ARCH"},
        not_billable=frozenset({"P-2"}),
    )


_LINES: Final = st.fixed_dictionaries(
    {},
    optional={
        "media": st.sampled_from(["plain", "gloss", "canvas \u00e9\u4e2d"]),
        "media_name": st.sampled_from(["Plain", "Gloss"]),
        "roll_width_um": QUANTITY,
        "width_um": st.sampled_from([210_000, 594_000]),
        "length_um": st.sampled_from([297_000, 841_000, 1_234_567]),
        "printed_area_mm2": QUANTITY,
        "used_area_mm2": QUANTITY,
        "scan_area_mm2": QUANTITY,
        "category": st.sampled_from(["line-colour", "image-high"]),
        "category_by": st.sampled_from(["device", "operator"]),
        "colour_mode": st.sampled_from(["mono", "colour"]),
        "quality": st.sampled_from(["normal", "best"]),
        "finishing": st.lists(st.sampled_from(["staple", "fold"]), max_size=2),
        "ink_ul": st.dictionaries(st.sampled_from(["cyan", "magenta", "black"]), st.sampled_from([0, 7, LARGE])),
        "impressions": COUNT,
        "sheets": COUNT,
    },
)


@st.composite
def _jobs(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(st.integers(0, 7))
    zone = timezone(timedelta(hours=draw(st.sampled_from([0, 1, -5]))))
    completed = (START + timedelta(minutes=30 * number, microseconds=number)).astimezone(zone)
    job: dict[str, Any] = {
        "job": {"device_job_id": str(number), "source": draw(st.sampled_from(["ipp", "cups"]))},
        "printer": {"id": f"printer-{number % 2}"},
        "completed_at": completed.isoformat(),
        "lines": draw(st.lists(_LINES, min_size=1, max_size=3)),
    }
    optional: dict[str, Any] = {
        "person": {"claimed": draw(st.sampled_from(["alice", "bob"])), "authenticated": number % 2 == 0},
        "project": draw(st.sampled_from(["P-1", "P-2"])),
        "department": draw(st.sampled_from(["ARCH", "MECH"])),
        "billable": draw(st.booleans()),
        "kind": draw(st.sampled_from(["print", "copy", "scan"])),
        "outcome": draw(st.sampled_from(["completed", "aborted"])),
        "title": draw(st.sampled_from(["plan.pdf", "", "pl\u00e4ne \U0001f5a8"])),
        "copies": draw(st.sampled_from([0, 2])),
        "submitted_at": draw(st.sampled_from([datetime.isoformat, in_utc]))(completed - timedelta(seconds=90)),
        "started_at": "0001-01-01T00:00:00+01:00",
        "measured": "by_device",
        "correlation_id": "c-1",
    }
    if draw(st.booleans()):
        _tell_as_our_own_collectors(draw, job, completed, number)
    return job | {name: optional[name] for name in draw(st.sets(st.sampled_from(sorted(optional))))}


def _tell_as_our_own_collectors(draw: st.DrawFn, job: dict[str, Any], completed: datetime, number: int) -> None:
    """Fills in the identity, and writes the completion in UTC; now and then the identity is wrong."""
    key = job_key(job["printer"]["id"], str(number), completed)
    wrong = draw(st.integers(0, 9)) == 0
    job["job"] |= {"key": key, "id": str(job_id(completed, key + "x" if wrong else key))}
    job["completed_at"] = in_utc(completed)


def in_utc(moment: datetime) -> str:
    """A moment as our own producers write it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@st.composite
def _values(draw: st.DrawFn) -> bytes | None:
    poison: list[bytes | None] = [
        b"",
        b"{",
        None,
        b'{"type": "other"}',
        b'{"specversion":"1.0","id":"1","source":"s","type":"x","time":"2026-01-01T00:00:00Z","data":{}}',
    ]
    kind = draw(st.integers(0, 19))
    if kind < len(poison):
        return poison[kind]
    data = draw(_jobs())
    if kind == len(poison):
        data["title"] = "nul \0"
    if kind == len(poison) + 1:
        data["title"] = "no nul \\u0000"
    event = {"specversion": "1.0", "id": "1", "source": "/test", "type": "print.job.completed.v1"}
    return json.dumps(event | {"time": data["completed_at"], "data": data}).encode()


@st.composite
def works(draw: st.DrawFn, first: int = 0) -> Work:
    """A batch of two partitions, each from offset `first` on."""
    values = draw(st.lists(st.tuples(st.integers(0, 1), _values()), min_size=1, max_size=25))
    reached = {0: first, 1: first}
    records = []
    for partition, value in values:
        records.append(Record(TOPIC, partition, reached[partition], b"key", value))
        reached[partition] += 1
    return Work(TOPIC, 0, records, [Move(each, 1, first, new) for each, new in reached.items()])
