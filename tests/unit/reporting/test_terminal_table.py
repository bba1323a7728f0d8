"""The table on the terminal is aligned, complete and safe to print."""

from __future__ import annotations

from services.reporting.render.terminal import as_text
from services.reporting.summary import Row
from tests.unit.reporting.summaries import summary, sums


def test_rows_total_and_moment_are_there() -> None:
    text = as_text(summary())
    assert "Summary by project  November 2026" in text
    assert "Harbour bridge" in text
    assert "€100.00" in text
    assert "Total" in text
    assert "As of 23 November 2026, 18:30 (Europe/Berlin)" in text
    assert "unpriced" not in text


def test_lines_without_a_price_are_called_out_in_words() -> None:
    text = as_text(summary([Row("P", "x", sums("0", "0", unpriced_lines=1))])).replace("\xa0", " ")
    assert "1 line lacks a cost or a price; these amounts leave out what is missing." in text
    assert "No price" in text
    assert "inkmeter prices list" in text


def test_a_name_can_neither_style_nor_steer_the_terminal() -> None:
    text = as_text(summary([Row("k", "[red]x[/red]\x1b[2J\n", sums())]))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_a_very_long_name_stays_on_its_line() -> None:
    text = as_text(summary([Row("k", "x" * 500, sums())]))
    assert max(len(line) for line in text.splitlines()) <= 160
    assert "€100.00" in text


def test_nothing_printed_says_what_to_do() -> None:
    assert "--period last-month" in as_text(summary([]))
