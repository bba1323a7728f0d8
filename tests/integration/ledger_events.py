"""Batches for the ledger as hypothesis makes them: few jobs told often, in every shape, with poison between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from services.accounting.books.assignments import Place
from services.accounting.books.loader import Pricing
from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.event_codes import OUTCOME
from services.accounting.ledger.work import Move, Work
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import Assignment, PriceBook, PriceList, PrinterFacts
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
EVERYTHING: Final = """{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01",
 "valid_until": "2026-10-31T23:10:00+00:00", "rounding_step": "0.05", "overhead": "0.075",
 "minimum_per_job": "2.50", "cancelled_by_user": "consumed", "cancelled_by_device": "free", "aborted": "consumed",
 "class": [{"device": "line-colour", "category": "plan"}, {"device": "B", "category": "plan"}],
 "ppu": [{"category": "plan", "per_m2": "1.10"}, {"category": "plan", "per_m2": "0.90", "from": "0.9"},
         {"category": "image-high", "per_m2": "4"}, {"category": "image-high", "per_m2": "3", "from": "2.000001"}],
 "media": [{"code": "plain", "per_m": "0.2"}, {"code": "plain", "per_m": "0.1", "from": "1.3"},
           {"code": "gloss", "per_sheet": "0.5"}, {"code": "gloss", "per_sheet": "0.25", "from": "4"}],
 "scan": [{"per_m2": "0.40"}, {"per_m2": "0.30", "from": "0.6"}],
 "finishing": [{"code": "staple", "per_sheet": "0.02"}, {"code": "staple", "per_sheet": "0.01", "from": "3"},
               {"code": "fold", "per_m2": "0.7"}, {"code": "bind", "per_job": "4"}],
 "fixed": [{"kind": "print", "per_job": "0.1"}]}"""
"""All that a list can ask for beyond a line itself."""
ASSIGNED: Final = (
    """{"name": "bridge", "book": "price", "currency": "EUR", "valid_from": "2026-01-01",
 "valid_until": "2026-10-31T21:40:00+00:00", "ppu": [{"per_m2": "7"}]}""",
    """{"name": "client", "book": "price", "currency": "EUR", "valid_from": "2026-10-31T20:40:00+00:00",
 "markup": "0.5", "cancelled_by_device": "free"}""",
    """{"name": "arch", "book": "price", "currency": "EUR", "valid_from": "2026-01-01",
 "click": [{"colour_mode": "mono", "per_impression": "0.05"}],
 "ppu": [{"category": "line-colour", "per_m2": "2"}, {"category": "line-colour", "per_m2": "1", "from": "2"}]}""",
    """{"name": "room", "book": "cost", "currency": "EUR", "valid_from": "2026-10-31T22:00:00+00:00",
 "minimum_per_job": "3", "ppu": [{"per_m2": "0.5"}]}""",
)
"""More lists, in the order of the assignments below: for a project, a customer, a department, and a printer."""
_ASSIGNMENTS: Final = [
    Assignment("price", "project", "P-1", "bridge"),
    Assignment("price", "customer", "C-1", "client"),
    Assignment("price", "department", "ARCH", "arch"),
    Assignment("cost", "printer", "printer-0", "room"),
]
KINDS: Final = (*sorted(PRICES), "everything", "assigned")


def documents(kind: str) -> tuple[str, ...]:
    """The lists of a kind beside that of cost; the first one counts by default."""
    if kind == "everything":
        return (EVERYTHING,)
    return (PRICES["minimum"], *ASSIGNED) if kind == "assigned" else (PRICES[kind],)


def places(kind: str) -> list[tuple[Place, str | None]]:
    """What lists of a kind are assigned to."""
    return [
        (Place(each.book, each.level, each.key), each.name)
        for each in (_ASSIGNMENTS if kind == "assigned" else ())
    ]


def pricing(kind: str) -> Pricing:
    """Prices with a cost list from nine in the evening on, and one of several kinds of price list."""
    is_assigned = kind == "assigned"
    lists = []
    for number, text in enumerate((COST, *documents(kind)), start=1):
        file = read_document(json.loads(text), currency="EUR")
        since, until = (_moment(each) if each else None for each in (file.valid_from, file.valid_until))
        lists.append(PriceList(list_id=number, version=1, valid_from=since, valid_until=until, file=file))
    assignments = [*by_default("cost", book="cost"), *by_default("p"), *(_ASSIGNMENTS if is_assigned else ())]
    return Pricing(
        revision=0,
        book=PriceBook(lists, assignments),
        printers={"printer-1": PrinterFacts("printer-1", "", "T1700", "cad")},
        departments={"alice": "ARCH"},
        customers={"P-1": "C-1", "P-2": "C-1"},
        thresholds=Thresholds(100, 1_000, 3_000) if is_assigned else DEFAULT_THRESHOLDS,
        not_billable=frozenset({"P-2"}),
    )


def _moment(day: Any) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, datetime.min.time(), tzinfo=UTC)


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
        "finishing": st.lists(st.sampled_from(["staple", "fold", "bind", "punch"]), max_size=3),
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
        "project": draw(st.sampled_from(["P-1", "P-2", "P-3"])),
        "department": draw(st.sampled_from(["ARCH", "MECH"])),
        "billable": draw(st.booleans()),
        "kind": draw(st.sampled_from(["print", "copy", "scan"])),
        "outcome": draw(st.sampled_from(sorted(OUTCOME))),
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
