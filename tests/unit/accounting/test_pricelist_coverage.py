"""What publishing a draft would leave: gaps, hidden versions, and rates that are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.pricelist.coverage import Plan, Span, check_coverage, default_at, gaps
from services.accounting.pricelist.losses import loss_findings, lost_rates
from services.accounting.pricelist.toml_text import from_toml
from services.accounting.pricing import Assignment, PriceBook
from tests.unit.accounting.price_lists import price_list

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = 'name = "standard"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'


def month(number):
    return datetime(2026 + (number - 1) // 12, (number - 1) % 12 + 1, 1, tzinfo=UTC)


def span(version, start, end=None, name="standard"):
    return Span(name, version, month(start), month(end) if end else None)


def found(draft, *published, defaults=("standard",), **facts):
    plan = Plan(book="price", draft=draft, published=published, defaults=defaults, now=NOW, **facts)
    return [(each.level, each.code) for each in check_coverage(plan, lambda moment: moment.date().isoformat())]


def texts(draft, *published, **facts):
    plan = Plan(book="price", draft=draft, published=published, defaults=["standard"], now=NOW, **facts)
    return "\n".join(each.text for each in check_coverage(plan, lambda moment: moment.date().isoformat()))


def test_a_first_version_and_one_that_follows_it_leave_nothing_to_say():
    assert found(span(1, 1)) == []
    assert found(span(2, 8), span(1, 1)) == []
    assert found(span(2, 8), span(1, 1, end=8)) == []


def test_a_gap_that_the_draft_leaves_before_it_is_an_error():
    assert found(span(2, 9), span(1, 1, end=8)) == [("error", "gap")]
    assert "from 2026-08-01 to 2026-09-01" in texts(span(2, 9), span(1, 1, end=8))


def test_another_default_list_closes_a_gap():
    other = span(1, 1, name="old")
    assert found(span(2, 9), span(1, 1, end=8), other, defaults=("old", "standard")) == []


def test_a_gap_that_was_there_before_does_not_stop_what_comes_after():
    published = [span(1, 1, end=8), span(2, 9, end=12)]
    assert found(span(3, 12), *published) == [("warning", "gap")]


def test_a_gap_in_a_list_that_is_no_default_is_filled_by_other_lists():
    published = [span(1, 1, name="standard"), span(1, 1, end=3, name="bridge")]
    draft = span(2, 5, name="bridge")

    assert found(draft, *published, is_assigned=True) == [("warning", "falls-through")]
    assert found(draft, *published) == [("warning", "falls-through"), ("note", "not-assigned")]


def test_the_end_of_the_last_list_is_told():
    assert found(span(1, 1, end=13)) == [("warning", "ends")]


def test_a_version_that_never_is_valid_is_an_error():
    assert found(span(1, 5, end=5)) == [("error", "never-valid")]


def test_a_planned_version_that_the_draft_would_hide_is_an_error():
    published = [span(1, 1), span(2, 12)]

    assert found(span(3, 8), *published) == [("error", "overlap")]
    assert "standard v2, which was to start on 2026-12-01" in texts(span(3, 8), *published)
    assert found(span(3, 12), *published) == [("note", "replaces")]
    assert found(span(4, 8), *published, span(3, 8)) == [("note", "replaces")]  # v2 is hidden already


def test_what_is_charged_already_and_what_is_closed_is_told():
    assert found(span(2, 3), span(1, 1), jobs_since=1_200, open_from=month(5)) == [
        ("warning", "past-start"), ("warning", "closed-month"),
    ]  # fmt: skip
    assert "1,200 jobs are charged since 2026-03-01" in texts(span(2, 3), span(1, 1), jobs_since=1_200)
    assert "1 job is charged" in texts(span(2, 3), span(1, 1), jobs_since=1)


def test_a_version_whose_time_is_over_is_told():
    assert ("warning", "over") in found(span(2, 2, end=4), span(1, 1))


SPANS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.none() | st.integers(1, 9)), min_size=1, max_size=6
).map(
    lambda rows: [
        Span(name, version, START + timedelta(days=start), START + timedelta(days=start + days) if days else None)
        for version, (name, start, days) in enumerate(rows, start=1)
    ]
)


@given(SPANS, st.permutations(["a", "b"]).flatmap(lambda names: st.sampled_from([names, names[:1]])))
def test_gaps_are_exactly_the_days_after_the_first_start_without_a_list(spans, defaults):
    days = [START + timedelta(days=day) for day in range(25)]
    counts = [default_at(spans, defaults, day) is not None for day in days]
    first = counts.index(True) if True in counts else len(days)
    told = [
        any(start <= day and (end is None or day < end) for start, end in gaps(spans, defaults)) for day in days
    ]

    assert told == [at > first and not there for at, there in enumerate(counts)]


def file(rates):
    return from_toml(HEAD + rates, currency="EUR")


def test_a_rate_that_is_gone_is_lost_unless_a_more_general_one_takes_its_place():
    before = file(
        '[[ppu]]\nmodel = "T1700"\ncategory = "A"\nper_m2 = "1"\n[[ppu]]\ncategory = "B"\nper_m2 = "1"\n'
        '[[media]]\ncode = "coated"\nper_m2 = "1"\n'
    )
    after = file('[[ppu]]\ncategory = "A"\nper_m2 = "2"\n')

    assert [(each.table, each.meant_for) for each in lost_rates(before, after)] == [
        ("ppu", {"category": "B"}),
        ("media", {"code": "coated"}),
    ]
    assert lost_rates(before, file('markup = "0.3"\n')) == []


def test_lost_rates_are_told_by_table_and_only_the_first_of_many():
    many = "".join(f'[[media]]\ncode = "m{number}"\nper_m2 = "1"\n' for number in range(12))
    (told,) = loss_findings(file('[[scan]]\nper_page = "1"\n' + many), file('[[scan]]\nper_page = "1"\n'), "v1")

    assert (told.level, told.code) == ("warning", "lost-rates")
    assert told.text.startswith("v1 has rates of media that are gone: code m0; code m1")
    assert told.text.endswith("code m9; and 2 more.")


@given(SPANS, st.lists(st.sampled_from("ab"), min_size=1, max_size=3), st.integers(0, 20))
def test_the_version_that_counts_is_the_one_that_jobs_are_priced_by(spans, defaults, days):
    moment = START + timedelta(days=days)
    lists = [
        price_list('[[scan]]\nper_page = "1"\n', name=each.name, version=each.version, valid_from=each.start,
                   valid_until=each.end)
        for each in spans
    ]  # fmt: skip
    book = PriceBook(lists, [Assignment("price", "default", "", name) for name in defaults])
    counts = book.at("price", moment)
    said = default_at(spans, defaults, moment)

    assert (said and (said.name, said.version)) == (counts and (counts.file.name, counts.version))
