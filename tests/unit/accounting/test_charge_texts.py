"""What the relay puts together from pieces is, byte for byte, what the plain encoding makes of the same line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.relay import charge_events
from services.accounting.relay import texts as charge_texts
from services.accounting.relay.charge_events import charge_event
from services.accounting.relay.texts import ChargeTexts
from shared.events.envelope import encode

KEYS: Final = ("printer_no", "person_no", "project_no", "department_no", "media_no", "category_no")
CODES: Final = {
    "entry_kind": ("charge", "minimum", "correction", "void", "reprice"),
    "kind": ("print", "copy", "scan", "checkplot", "reprint", "internal"),
    "outcome": ("completed", "cancelled_by_user", "cancelled_by_device", "aborted", "partial"),
}
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
AMOUNTS: Final = st.none() | st.integers(-(10**18), 10**18) | st.integers(-2_000_000, 2_000_000)
QUANTITIES: Final = st.none() | st.integers(-(10**15), 10**15)
ZONES: Final = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"), timezone(timedelta(hours=-3))])
MOMENTS: Final = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001
NUMBERS: Final = st.integers(0, 3)
RULES: Final = st.tuples(st.none() | TEXT, st.none() | st.integers(1, 99), TEXT)


def fresh(text: str) -> str:
    """The text as it comes from the database: equal to a word of ours, never the very same object."""
    return text.encode().decode()


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[ChargeTexts, list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Pieces learnt of everything, rows by number, and the same rows with what the numbers stand for."""
    texts = ChargeTexts("EUR")
    codes = [(what, no, fresh(word)) for what, words in CODES.items() for no, word in enumerate(words, 1)]
    texts.learn_codes(codes)
    words = {(what, no): word for what, no, word in codes}
    keys = {number: ["", *(draw(TEXT) for _ in range(3))] for number in KEYS}
    for number, known in keys.items():
        texts.learn_keys(number, enumerate(known))
    rules = [draw(RULES) for _ in range(4)]
    texts.learn_rules((no, *rule) for no, rule in enumerate(rules))
    corrections = [(draw(TEXT), draw(TEXT)) for _ in range(4)]
    texts.learn_corrections((no, *each) for no, each in enumerate(corrections))
    rows, plain = [], []
    for _ in range(draw(st.integers(1, 4))):
        place = (draw(st.integers(0, 2**62)), draw(st.integers(0, 500)))
        follows = draw(st.just((None, None)) | st.tuples(st.integers(0, 2**62), st.integers(0, 500)))
        entry_kind, kind, outcome = (draw(st.integers(1, len(each))) for each in CODES.values())
        job = ("019d-job", draw(TEXT))
        who, billable = [draw(NUMBERS) for _ in range(4)], draw(st.booleans())
        what = [draw(NUMBERS) for _ in range(2)]
        quantities = [draw(QUANTITIES) for _ in range(5)]
        cost, cost_no, price, price_no = draw(AMOUNTS), draw(NUMBERS), draw(AMOUNTS), draw(NUMBERS)
        times = (draw(MOMENTS), draw(MOMENTS), draw(st.dates(date(2000, 1, 1), date(2100, 1, 1))))
        counts, correction = (draw(st.integers(-9, 9)), draw(st.integers(-9, 9))), draw(st.none() | NUMBERS)
        named = [keys[number][no] for number, no in zip(KEYS, who + what, strict=True)]
        said = (None,) * 3 if correction is None else (str(correction), *corrections[correction])
        rows.append(
            (
                *(*place, entry_kind, *follows, *job, *who, billable, kind, outcome, *what, *quantities),
                *(cost, cost_no, price, price_no, *times, *counts, correction),
            )
        )
        plain.append(
            (
                *(*place, words["entry_kind", entry_kind], *follows, *job, *named[:4], billable),
                *(
                    words["kind", kind],
                    words["outcome", outcome],
                    *(each or None for each in named[4:]),
                    *quantities,
                ),
                *(cost, *rules[cost_no], price, *rules[price_no], *times, *counts, *said),
            )
        )
    return texts, rows, plain


@given(ledgers())
def test_pieces_make_the_bytes_of_the_plain_encoding(
    ledger: tuple[ChargeTexts, list[tuple[Any, ...]], list[tuple[Any, ...]]],
) -> None:
    texts, rows, plain = ledger
    events = [charge_event(row, currency="EUR") for row in plain]
    assert texts.encoded(rows) == [(event.data.project.encode(), encode(event)) for event in events]


@given(st.integers(0, 2**63), st.integers(0, 32_767))
def test_event_ids_stay_uuids_of_version_5(entry: int, line: int) -> None:
    charge = f"{entry}.{line}"
    assert charge_texts.event_id(charge) == charge_events.event_id(charge)


def test_only_what_is_not_known_is_asked_for_and_all_is_forgotten_at_once() -> None:
    texts = ChargeTexts("EUR")
    texts.learn_keys("printer_no", [(1, "p"), (2, "q")])
    texts.learn_codes([("kind", 1, "print")])
    assert texts.missing("printer_no", [3, 2, None, 3, 1]) == [3]
    texts.trim()
    assert texts.missing("printer_no", [1, 2]) == []
    texts.forget()
    assert texts.missing("printer_no", [1, 2]) == [1, 2]
    assert not texts.knows_codes
