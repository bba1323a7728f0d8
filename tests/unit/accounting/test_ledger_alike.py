"""Records that are spelled alike are read all at once as they are read one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounting.ledger.fast.alike.groups import alike
from services.accounting.ledger.fast.alike.readable import Spellings
from services.accounting.ledger.fast.alike.spelling import Spelling
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.raw import PADDING, Places, Raw
from services.accounting.ledger.fast.rows import Rows
from services.accounting.ledger.work import Work
from shared.events.envelope import encode, new_event
from shared.events.jobs import JOB_COMPLETED, JobCompleted, JobLine, JobRef, PersonRef, PrinterRef
from shared.ids import job_id, job_key
from shared.stream import Record
from tests.integration.ledger_events import pricing

START = datetime(2026, 10, 31, 21, 0, 0, 123_000, tzinfo=UTC)
NEVER = 10**9
PRICES = pricing("own")
TEXT = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs", "Cc"]), max_size=40)
JSON = st.recursive(
    TEXT | st.integers(0, 10**15) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    if isinstance(value, (dict, list)) and value:
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        return {found: leaf for step, inner in steps for found, leaf in leaves(inner, (*path, step)).items()}
    return {path: value}


@given(st.dictionaries(TEXT, JSON, min_size=1, max_size=5))
def test_a_spelling_says_where_every_value_stands(value: dict[str, Any]) -> None:
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        spelling = Spelling(raw)
    except ValueError:
        assert any(isinstance(inner, list) for inner in every(value)), "only numbers in a row are not looked at"
        return
    pieces = raw.split(b'"')
    found = {path: pieces[at].decode() for path, at in spelling.texts.items()}
    found |= {
        path: int(pieces[number.piece][number.before : len(pieces[number.piece]) - number.after])
        for path, number in spelling.numbers.items()
    }
    assert found | spelling.words == leaves(value)


def every(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(each for one in inner for each in every(one))]


@pytest.mark.parametrize(
    "raw", [b"", b"]", b'{"a":1.5}', b'{"a":-1}', b'{"a":01}', b'{"a":[1,2]}', b'{"a":1,"a":2}']
)
def test_what_is_spelled_unusually_is_left_alone(raw: bytes) -> None:
    if raw:
        with pytest.raises(ValueError, match=r".*"):
            Spelling(raw)
    assert not list(alike([raw, raw], Spellings(), at_least=2))


@given(st.lists(st.from_regex(r"[0-9a]{0,18}", fullmatch=True), min_size=1, max_size=20))
def test_whole_numbers_are_read_as_json_has_them(texts: list[str]) -> None:
    raw = Raw(PADDING + "".join(texts).encode() + PADDING)
    sizes = np.array([len(text) for text in texts])
    found, are_numbers = raw.numbers(Places(np.cumsum(sizes) - sizes + len(PADDING), sizes))
    for text, number, is_number in zip(texts, found.tolist(), are_numbers.tolist(), strict=True):
        is_whole = text.isdigit() and len(text) <= 16 and (text == "0" or not text.startswith("0"))
        assert is_number == is_whole
        assert not is_whole or number == int(text)


QUANTITY = st.none() | st.sampled_from([0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 10**15])
COUNT = st.none() | st.sampled_from([0, 1, 10**9])
NAMES = st.sampled_from(["", "a", "P-1", "x" * 31, "x" * 32, "plan \u00e9\u4e2d", "y" * 200])
CODES = st.sampled_from(["a", "P-1", "x" * 31, "x" * 32, "gloss \u00e9", "y" * 200])
LINES = st.builds(
    JobLine,
    media=st.none() | CODES,
    media_name=st.none() | NAMES,
    width_um=QUANTITY,
    printed_area_mm2=QUANTITY,
    used_area_mm2=QUANTITY,
    scan_area_mm2=QUANTITY,
    category=st.none() | st.sampled_from(["line-colour", "B"]),
    category_by=st.none() | st.sampled_from(["device", "operator"]),
    colour_mode=st.none() | st.sampled_from(["mono", "colour"]),
    quality=st.none() | CODES,
    ink_ul=st.none() | st.dictionaries(st.sampled_from(["yellow", "cyan", "black"]), st.integers(0, 300)),
    impressions=COUNT,
    sheets=COUNT,
    finishing=st.none() | st.lists(st.sampled_from(["staple", "fold"]), max_size=3),
)
JOBS = st.builds(
    JobCompleted,
    printer=st.sampled_from(
        [PrinterRef(id="p-1", model="T"), PrinterRef(id="p-2"), PrinterRef(id="p-1", serial="S")]
    ),
    person=st.none() | st.builds(PersonRef, claimed=st.none() | NAMES, authenticated=st.booleans()),
    project=st.none() | NAMES,
    department=st.none() | NAMES,
    billable=st.none() | st.booleans(),
    kind=st.sampled_from(["print", "scan"]),
    outcome=st.sampled_from(["completed", "aborted"]),
    title=st.none() | NAMES,
    copies=COUNT,
    submitted_at=st.none() | st.just(START - timedelta(hours=1)),
    started_at=st.none() | st.just(START.replace(microsecond=0)),
    completed_at=st.integers(0, 3).map(lambda minutes: START + timedelta(minutes=minutes)),
    measured=st.none() | st.sampled_from(["by_device", "estimated"]),
    correlation_id=st.none() | CODES,
    raw_reference=st.none() | NAMES,
    evidence=st.none() | st.dictionaries(st.sampled_from(["seen", "told"]), NAMES),
    lines=st.lists(LINES, min_size=1, max_size=3),
)


def told(job: JobCompleted, number: int) -> bytes:
    """A job as our own collectors tell it."""
    key = job_key(job.printer.id or "", str(number), job.completed_at)
    reference = JobRef(id=str(job_id(job.completed_at, key)), key=key, device_job_id=str(number), source="ipp")
    values = {name: getattr(job, name) for name in JobCompleted.__struct_fields__} | {"job": reference}
    at = job.completed_at
    return encode(
        new_event(JOB_COMPLETED, JobCompleted(**values), event_id="1", source="/c", time=at, subject=key)
    )


def read(values: Sequence[bytes | None], min_alike: int) -> tuple[Any, ...]:
    """All that comes of a batch, with names instead of their positions."""
    records = [Record("t", 0, at, None, value) for at, value in enumerate(values)]
    rows = Rows(Rates(PRICES), Days(ZoneInfo("UTC")), Work("t", 1, records, []), min_alike=min_alike)
    keys = rows.keys
    names = {
        "printer": keys.printers,
        "person": keys.people,
        "source": keys.sources,
        "project": keys.projects,
        "department": keys.departments,
        "media": keys.media,
        "category": keys.categories,
        "quality": keys.qualities,
        "finishing": keys.finishings,
        "ink_set": keys.ink_sets,
    }
    found: dict[str, Any] = {
        name: [names[name].all()[at] for at in column.tolist()] if name in names else column.tolist()
        for columns in (rows.jobs, rows.lines)
        for name, column in columns.items()
        if name not in {"told_printer", "used", "ink_at", "rate", "job_id"}
    }
    found["job_id"] = [each.tobytes() for each in rows.jobs["job_id"]]
    starts, counts = rows.lines["ink_at"].tolist(), rows.lines["inks"].tolist()
    inks = [rows.ink_ul[at : at + count].tolist() for at, count in zip(starts, counts, strict=True)]
    texts = [texts_of(each) for each in rows.texts]
    return found, inks, texts, [(each.record.place, each.reject.reason) for each in rows.refused], rows.again


def texts_of(column: Any) -> list[bytes | None]:
    places = zip(column.starts.tolist(), column.sizes.tolist(), strict=True)
    return [None if size < 0 else column.raw[start : start + size].tobytes() for start, size in places]


@given(st.lists(JOBS, min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_a_batch_is_read_at_once_as_one_by_one(jobs: list[JobCompleted]) -> None:
    values = [told(job, number % 5) for number, job in enumerate(jobs)]
    assert sum(len(each.at) for each in alike(values, Spellings(), at_least=1)) == len(values)
    assert read(values, 1) == read(values, NEVER)


GOOD = JobCompleted(
    printer=PrinterRef(id="p-1"), completed_at=START, title="plan", copies=1, lines=[JobLine(sheets=1, media="m")]
)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b'"copies":1', b'"copies":1000000001'),
        (b'"copies":1', b'"copies":01'),
        (b'"copies":1', b'"copies":1e0'),
        (b'"copies":1', b'"copies":-1'),
        (b'"sheets":1', b'"sheets":99999999999999999'),
        (b'"media":"m"', b'"media":""'),
        (b'"media":"m"', b'"media":"' + b"m" * 201 + b'"'),
        (b'"media":"m"', b'"media":7'),
        (b'"title":"plan"', b'"title":"a\\u0000"'),
        (b'"title":"plan"', b'"title":"a\\tb"'),
        (b'"title":"plan"', b'"title":"a\tb"'),
        (b'"title":"plan"', b'"title":"\xff"'),
        (b'"title":"plan"', b'"title":"' + b"t" * 1_001 + b'"'),
        (b'"title":"plan"', b'"title":"' + b"t" * 700 + b'"'),
        (b'"title":"plan"', b'"title":null'),
        (b'"type":"print.job', b'"type":"other.job'),
        (b'"specversion":"1.0"', b'"specversion":"2.0"'),
        (b'"id":"1"', b'"id":""'),
        (b'"time":"2026', b'"time":"2025'),
        (b'"time":"2026', b'"time":"soon'),
        (b'"completed_at":"2026', b'"completed_at":"2016'),
        (b'"completed_at":"2026', b'"completed_at":"' + b"9" * 9_000),
        (b'"time":"2026', b'"time":"' + b"9" * 9_000),
        (b'"key":"p-1', b'"key":"p-2'),
        (b'"datacontenttype":"application/json"', b'"datacontenttype":"x","more":[{"a":1},{"b":[]}]'),
        (b"}]}}", b"}]}} "),
        (b"}]}}", b"}]}"),
    ],
)
def test_one_record_that_differs_is_read_as_ever_and_spoils_no_other(part: bytes, other: bytes) -> None:
    values = [told(GOOD, number) for number in range(6)]
    assert part in values[3]
    values[3] = values[3].replace(part, other)

    assert read(values, 2) == read(values, NEVER)


def test_a_record_without_a_value_and_one_with_another_zone_stand_between_those_alike() -> None:
    values: list[bytes | None] = [told(GOOD, number) for number in range(6)]
    values[2] = None
    values[4] = (values[4] or b"").replace(b"21:00:00.123Z", b"22:00:00.123+01:00")

    assert read(values, 2) == read(values, NEVER)


def test_spellings_are_known_again() -> None:
    spellings = Spellings()
    for batch in range(3):
        [group] = alike([told(GOOD, 10 * batch + number) for number in range(4)], spellings, at_least=4)
        assert len(spellings.of(len(group.marks))) == 1


WHATEVER = [
    b"",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"]",
    b",",
    b":",
    b"0",
    b"-",
    b".",
    b" ",
    b"\n",
    b"\xc3",
    b"\x00",
    b"null",
    b'""',
]


@given(JOBS, st.integers(0, 10**6), st.integers(0, 3), st.sampled_from(WHATEVER))
@settings(max_examples=300, deadline=None)
def test_whatever_has_become_of_one_record_it_is_read_as_ever(
    job: JobCompleted, place: int, gone: int, instead: bytes
) -> None:
    values = [told(job, number) for number in range(4)]
    place %= len(values[2])
    values[2] = values[2][:place] + instead + values[2][place + gone :]

    assert read(values, 2) == read(values, NEVER)
