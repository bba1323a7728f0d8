"""A whole batch is priced as its jobs one by one: with all that price lists can ask, and whoever they are for."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.accounting import dimensions as dim
from services.accounting.event_codes import ENTRY_KIND, OUTCOME
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.posting import posting_of
from services.accounting.ledger.work import Work
from shared.events.envelope import encode, new_event
from shared.events.jobs import JOB_COMPLETED, JobCompleted, JobLine, JobRef, PrinterRef, identified
from shared.stream import Record
from tests.integration.ledger_events import KINDS, START, TOPIC, pricing
from tests.unit.accounting.price_lists import job

ZONE = ZoneInfo("UTC")
PRINTERS = (PrinterRef(id="printer-0", model="T1700"), PrinterRef(id="printer-1"))
MOMENTS = (START, START.replace(hour=22), START.replace(hour=23, minute=30))
KINDS_OF_ENTRY = {number: code for code, number in ENTRY_KIND.items()}


class Numbers:
    """Numbers keys in memory."""

    generation = 1

    def __init__(self) -> None:
        self.known: dict[Any, dict[str, int]] = {}
        self.facts: dict[str, str] = {}

    def learn(self, dimension: Any, keys: Any) -> dict[str, int]:
        known = self.known.setdefault(dimension, {})
        for key in keys:
            known.setdefault(key, len(known))
        if dimension is dim.RULE:
            self.facts |= {key: text for key, (_, text) in keys.items()}
        return known


LINES = st.builds(
    lambda **told: JobLine(**{name: value for name, value in told.items() if value is not None}),
    media=st.sampled_from(["plain", "gloss"]),
    category=st.sampled_from(["line-colour", "image-high", None]),
    printed_area_mm2=st.sampled_from([400_000, 1_200_000]),
    used_area_mm2=st.just(1_000_000),
    length_um=st.sampled_from([600_000, 1_000_000]),
    sheets=st.sampled_from([1, 3]),
    impressions=st.just(1),
    colour_mode=st.just("mono"),
    ink_ul=st.sampled_from([{"cyan": 500}, {"cyan": 1_500}, None]),
    finishing=st.sampled_from([None, ["staple"], ["fold", "staple"], ["bind"], ["punch"]]),
)
JOBS = st.lists(
    st.tuples(
        st.lists(LINES, min_size=1, max_size=3),
        st.fixed_dictionaries(
            {
                "outcome": st.sampled_from(sorted(OUTCOME)),
                "kind": st.sampled_from(["print", "print", "scan"]),
                "project": st.sampled_from(["P-1", "P-2", "P-3"]),
                "department": st.sampled_from(["ARCH", "MECH"]),
                "printer": st.sampled_from(
                    [PrinterRef(id="printer-0", model="T1700"), PrinterRef(id="printer-1")]
                ),
                "completed_at": st.sampled_from(
                    [START, START.replace(hour=22), START.replace(hour=23, minute=30)]
                ),
            }
        ),
    ),
    min_size=2,
    max_size=40,
)


def of(told) -> list[JobCompleted]:
    """Jobs with all their identity."""
    return [
        identified(job(*lines, **changes, job=JobRef(device_job_id=str(number))))
        for number, (lines, changes) in enumerate(told)
    ]


def one_by_one(jobs, prices):
    """Of each line: job, entry kind, category, cost, price, and the rules of both."""
    return sorted(
        (
            number,
            line.entry_kind,
            line.category,
            NULL64 if line.cost_micro is None else line.cost_micro,
            NULL64 if line.price_micro is None else line.price_micro,
            line.cost_rule.text,
            line.price_rule.text,
        )
        for number, each in enumerate(jobs)
        for line in posting_of(each, number, prices, ZONE).lines
    )


def at_once(jobs, prices):
    """The same of a batch."""
    records = []
    for number, each in enumerate(jobs):
        event = new_event(JOB_COMPLETED, each, event_id="1", source="/t", time=each.completed_at, subject="j")
        records.append(Record(TOPIC, 0, number, b"k", encode(event)))
    numbers: Any = Numbers()
    packed = packed_batch(Work(TOPIC, 0, records, []), Rates(prices), Days(ZONE), numbers, min_alike=1)
    categories, rules = list(numbers.known[dim.CATEGORY]), list(numbers.facts.values())
    lines = packed._lines
    columns = [lines[name].tolist() for name in ("job", "entry_kind", "cost_micro", "price_micro")]
    found = []
    for number, kind, cost, price, of_rate in zip(
        *columns, packed._rate_numbers[lines["rate"]].tolist(), strict=True
    ):
        _, category, cost_rule, price_rule = of_rate
        texts = (rules[cost_rule], rules[price_rule])
        found.append((number, KINDS_OF_ENTRY[kind], categories[category], cost, price, *texts))
    return sorted(found)


@pytest.mark.parametrize("kind", KINDS)
@given(told=JOBS)
@settings(max_examples=30, deadline=None)
def test_a_batch_is_priced_as_its_jobs_one_by_one(kind, told):
    jobs, prices = of(told), pricing(kind)

    assert at_once(jobs, prices) == one_by_one(jobs, prices)


ONE = JobLine(
    media="plain",
    category="line-colour",
    printed_area_mm2=500_000,
    used_area_mm2=600_000,
    length_um=700_000,
    sheets=2,
)
BOUND = replace(ONE, finishing=["bind"])
STAPLED = replace(ONE, finishing=["staple"])


@pytest.mark.parametrize(
    "lines",
    [
        ([ONE], [ONE, ONE], [ONE, ONE, ONE]),
        ([replace(ONE, media="gloss")], [replace(ONE, media="gloss")] * 2),
        ([ONE, ONE], [ONE, BOUND], [BOUND, ONE]),
        ([STAPLED], [STAPLED, STAPLED]),
        ([replace(ONE, printed_area_mm2=10**15, length_um=10**12, sheets=10**5)] * 3, [ONE]),
    ],
    ids=["area and length", "sheets", "finishing of another line", "sheets of finishing", "very much"],
)
def test_jobs_that_differ_only_as_a_whole_are_told_apart(lines):
    jobs, prices = of([(each, {"completed_at": START}) for each in lines]), pricing("everything")
    found = at_once(jobs, prices)

    assert found == one_by_one(jobs, prices)
    assert len({line[-1] for line in found if line[1] == "charge"}) > 1
