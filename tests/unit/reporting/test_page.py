"""The page shows every figure, fetches nothing, runs nothing and believes no name."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from services.reporting.numbers import GAP
from services.reporting.render.page import MAX_LINES, to_html
from services.reporting.summary import Row, Summary
from services.reporting.trend import Point, Trend, make_trend
from shared.periods import parse_period
from tests.unit.reporting.summaries import NOW, summary, sums

FLAT = Trend("day", [Point("2026-11-01", Decimal(0), Decimal(0))])
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """The tags of a page, and its text with single spaces."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace(GAP, " ").split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(shown: Summary, trend: Trend = FLAT, **others: Any) -> Page:
    return Page(to_html(shown, trend, **others))


def drawn(period: str, *keys: str) -> Trend:
    whole = parse_period(period, now=NOW, timezone="Europe/Berlin")
    return make_trend(whole, [Row(key, key, sums()) for key in keys], NOW)


def test_title_period_and_moment_stand_at_the_top() -> None:
    text = page(summary()).text
    assert "Summary by project November 2026 As of 23 November 2026, 18:30 (Europe/Berlin)" in text


def test_the_six_figures_are_shown_for_people() -> None:
    text = page(summary([Row("P", "Bridge", sums("1284.6", "2117.35"))])).text
    for figure in ("Cost €1,284.60", "Price €2,117.35", "Margin 39.3 % €832.75 over cost"):
        assert figure in text
    assert "Printed area 1.50 m² 1.60 m² fed, 6 % trim" in text
    assert "Ink 1.80 ml 1.20 ml/m²" in text
    assert "Unpriced none" in text


def test_a_missing_price_is_a_dash_and_is_said_in_words() -> None:
    shown = summary([Row("P", "Canvas trial", sums("0", "0", unpriced_lines=17))])
    found = page(shown, unpriced=["Canvas 340", "Film"])
    assert "Unpriced 17 lines Canvas 340 and 1 more media lack a cost or price" in found.text
    assert "\N{EN DASH} \N{EN DASH} \N{EN DASH} No price" in found.text
    assert "€0.00" not in found.text
    assert any("attention" in (each.get("class") or "") for each in found.named("div"))


def test_a_partly_priced_row_says_how_many_lines_lack_a_price() -> None:
    assert "2 unpriced" in page(summary([Row("P", "x", sums(unpriced_lines=2))])).text


def test_jobs_that_name_no_project_are_called_so() -> None:
    assert "No project" in page(summary([Row("", "", sums())])).text


@pytest.mark.parametrize("field", ["key", "name", "filter", "unpriced"])
def test_no_name_can_bring_markup(field: str) -> None:
    row = Row(EVIL if field == "key" else "k", EVIL if field == "name" else "", sums(unpriced_lines=1))
    filters = {"project": EVIL} if field == "filter" else {}
    found = page(
        summary([row], filters=filters),
        drawn("2026-11", "2026-11-02"),
        unpriced=[EVIL] if field == "unpriced" else [],
    )
    assert not found.named("script")
    assert not found.named("img")
    assert EVIL in found.text


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    html = to_html(summary(), drawn("2026-11", "2026-11-02"))
    found = Page(html)
    assert {"script", "link", "iframe", "object", "img", "base"}.isdisjoint(tag for tag, _ in found.tags)
    assert not [
        name for _, attributes in found.tags for name in attributes if name.startswith("on") or name == "href"
    ]
    assert "@import" not in html
    assert "url(" not in html.replace("url(#", "")
    assert re.findall(r"https?://[^\"'\s]+", html.replace("http://www.w3.org/", "")) == []


def test_the_chart_takes_its_colours_from_the_page_so_that_dark_works() -> None:
    html = to_html(summary(), drawn("2026-11", "2026-11-02"))
    charts = re.findall(r"<svg[^>]*class=\"marks\".*?</svg>", html, flags=re.DOTALL)
    assert len(charts) == 2, "one for wide and one for narrow windows"
    for chart in charts:
        assert 'fill="var(--accent)"' in chart
        assert 'fill="var(--line-strong)"' in chart
        assert not re.findall(r'(?:fill|stroke)="(?!none|var\(|transparent)[^"]*"', chart)


@pytest.mark.parametrize(
    ("period", "key", "labels"),
    [
        ("2026-11-20", "2026-11-20", ["20 Nov"]),
        ("2026-11", "2026-11-02", ["1", "23"]),
        ("2025", "2025-03", ["Jan 25", "Dec 25"]),
        ("2026-09-01..2026-10-31", "2026-10-02", ["1 Sep"]),
    ],
)
def test_the_chart_fits_a_day_a_month_and_a_year(period: str, key: str, labels: list[str]) -> None:
    html = to_html(summary(period=period), drawn(period, key))
    for label in labels:
        assert f">{label}</text>" in html
    assert ("by month" in html) == (period == "2025")


def test_nothing_printed_says_what_to_do() -> None:
    found = page(summary([]))
    assert "Nothing was printed in this period" in found.text
    assert "inkmeter printers list" in found.text
    assert not found.named("table")
    assert "without one of them" in page(summary([], filters={"project": ""})).text


def test_many_rows_are_bounded_and_the_rest_is_told() -> None:
    rows = [Row(f"P-{number}", "", sums()) for number in range(MAX_LINES + 7)]
    found = page(summary(rows))
    assert len(found.named("tr")) == MAX_LINES + 2
    assert "7 more rows are left out" in found.text


def test_a_job_with_two_media_is_explained() -> None:
    assert "counts in each of their rows, and once in the total" in page(summary(by="media")).text
    assert "counts in each" not in page(summary()).text


def test_days_and_months_have_their_names() -> None:
    assert "Mon 2 November 2026" in page(summary([Row("2026-11-02", "", sums())], by="day")).text
    assert "November 2026 3" in page(summary([Row("2026-11", "", sums())], by="month", period="2026")).text
