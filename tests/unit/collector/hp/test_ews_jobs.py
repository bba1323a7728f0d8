"""Accounting tables of any language become records of jobs, read by position and unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collector.sources.ews.jobs import Told, read_jobs
from services.collector.sources.ews.layouts import chosen_layouts, known_layouts
from services.collector.sources.ews.table import read_rows
from services.collector.sources.ews.words import Habits, amount, date_of, ending_of, habits_of, kind_of
from shared.errors import Reject
from shared.events.jobs import PrinterRef, identified
from tests.unit.collector.hp.ews_pages import RU_ROW, page, row

REF = PrinterRef(id="p1", serial="MY1", model="HP PageWide XL 8000")
MOSCOW = ZoneInfo("Europe/Moscow")


def read(body: bytes, *, language="auto", model: str | None = REF.model, layout: str = "", zone=UTC) -> Told:
    rows = read_rows(body)
    habits = habits_of(language, (cell for each in rows for cell in each.cells))
    return read_jobs(rows, chosen_layouts(layout, model, known_layouts()), habits, zone, REF)


def test_a_row_of_a_pagewide_xl_in_russian():
    told = read(page(row(RU_ROW, [("C", "0,50 мл."), ("K", "1,04 мл.")])), zone=MOSCOW)
    (job,) = told.jobs
    line = job.lines[0]
    assert told.refused == ()
    assert (job.title, job.person.claimed, job.kind) == ("ВАО_А1_реновация2", "Biegler", "print")
    assert (job.outcome, job.copies, job.measured) == ("partial", 0, "by_device")
    assert job.completed_at == datetime(2024, 7, 18, 13, 8, 11, tzinfo=UTC)
    assert (line.used_area_mm2, line.roll_width_um, line.printed_area_mm2) == (1_071_000, 843_000, None)
    assert (line.media, line.quality) == ("Обычная бумага (< 90 г/кв.м)", "Линии/быстро")
    assert line.ink_ul == {"cyan": 500, "black": 1040}


def test_without_rows_of_inks_their_sum_is_kept():
    assert read(page(row(RU_ROW))).jobs[0].lines[0].ink_ul == {"total": 1540}


LATEX = (
    *("vinil.pdf", "Imprimir", "RIP", "impresso", "Vinil", "0,8639 m²"),
    *("5,517 ml", "Jul 10, 2026 3:05:02 PM", "600dpi - 10P"),
)


def test_a_table_whose_columns_nobody_knows_is_read_by_units():
    inks = [(name, "0,788 ml") for name in ("M", "LM", "LC", "C", "OP", "Y", "K")]
    told = read(page(row(LATEX, inks)), model="HP Latex 330", zone=ZoneInfo("America/Sao_Paulo"))
    (job,) = told.jobs
    assert (job.title, job.person, job.outcome) == ("vinil.pdf", None, "completed")
    assert job.completed_at == datetime(2026, 7, 10, 18, 5, 2, tzinfo=UTC)
    assert job.lines[0].used_area_mm2 == 863_900
    assert len(job.lines[0].ink_ul) == 7
    assert job.lines[0].ink_ul["light-magenta"] == 788


@pytest.mark.parametrize(
    ("language", "cells", "area", "moment"),
    [
        ("de", ["Plan", "1.234,5 m²", "2,00 ml", "18.07.2026 16:08:11"], 1_234_500_000, (2026, 7, 18, 16, 8, 11)),
        ("en", ["Plan", "10.764 ft²", "2.00 ml", "7/8/2026 4:08:11 PM"], 1_000_008, (2026, 7, 8, 16, 8, 11)),
        (
            "en-GB",
            ["Plan", "1,234.5 m²", "2.00 ml", "07/08/2026 16:08:11"],
            1_234_500_000,
            (2026, 8, 7, 16, 8, 11),
        ),
        (
            "fr",
            ["Plan", "1 234,5 m²", "2,00 ml", "10 juil. 2026 16:08:11"],
            1_234_500_000,
            (2026, 7, 10, 16, 8, 11),
        ),
        ("es", ["Plano", "1,234 m²", "2,00 ml", "10-jul-2026 16:08:11"], 1_234_000, (2026, 7, 10, 16, 8, 11)),
        ("it", ["Piano", "1,5 m²", "2,00 ml", "10/07/2026 16.08.11"], 1_500_000, (2026, 7, 10, 16, 8, 11)),
        (
            "pt",
            ["Plano", "1,5 m²", "2,00 ml", "10 de julho de 2026 16:08:11"],
            1_500_000,
            (2026, 7, 10, 16, 8, 11),
        ),
        ("ru", ["План", "1,5 м²", "2,00 мл.", "10.07.2026 16:08:11"], 1_500_000, (2026, 7, 10, 16, 8, 11)),
        ("en", ["Plan", "1550 in²", "0.068 fl oz", "2026-07-10 16:08:11"], 999_998, (2026, 7, 10, 16, 8, 11)),
    ],
)
def test_each_language_has_its_numbers_dates_and_units(language, cells, area, moment):
    (job,) = read(page(row(cells)), language=language, layout="units").jobs
    assert job.lines[0].used_area_mm2 == area
    assert job.completed_at == datetime(*moment, tzinfo=UTC)


def test_what_can_be_read_in_two_ways_is_refused_until_the_language_is_named():
    cells = ["Plan", "1,234 m²", "", "07/08/2026 16:08:11"]
    assert "can be read as two days: name the language" in read(page(row(cells)), layout="units").refused[0]
    cells[3] = "17/08/2026 16:08:11"
    assert "thousands or as thousandths" in read(page(row(cells)), layout="units").refused[0]
    assert read(page(row(cells)), layout="units", language="it").jobs[0].lines[0].used_area_mm2 == 1_234_000


def test_one_row_that_can_be_read_in_one_way_tells_how_the_others_are_read():
    rows = [row(["a", "1,234 m²", "2,75 ml", "07/08/2026 16:08"]), row(["b", "0,5 m²", "", "17/08/2026 16:08"])]
    told = read(page(*rows), layout="units")
    assert [job.completed_at.day for job in told.jobs] == [7, 17]
    assert told.jobs[0].lines[0].used_area_mm2 == 1_234_000


def test_a_job_has_one_identity_in_every_language_and_another_for_each_person_second_and_document():
    russian = read(page(row(RU_ROW))).jobs[0]
    english = [*RU_ROW[:16], "7/18/2024 4:08:11 PM", RU_ROW[17]]
    assert identified(read(page(row(english)), language="en").jobs[0]).job == identified(russian).job
    others = [(0, "другой"), (15, "Meier"), (16, "18.07.2024 16:08:12")]
    ids = {russian.job.device_job_id}
    for at, value in others:
        ids.add(read(page(row([*RU_ROW[:at], value, *RU_ROW[at + 1 :]]))).jobs[0].job.device_job_id)
    assert len(ids) == 4


def test_equal_rows_of_one_second_are_as_many_jobs_whatever_comes_after():
    two = read(page(row(RU_ROW), row(RU_ROW))).jobs
    later = [*RU_ROW[:16], "19.07.2024 00:00:00", RU_ROW[17]]
    three = read(page(row(later), row(RU_ROW), row(RU_ROW))).jobs
    assert len({identified(job).job.id for job in two}) == 2
    assert [identified(job).job.id for job in three[:2]] == [identified(job).job.id for job in two]


@pytest.mark.parametrize(
    ("word", "ending"),
    [
        ("printed", "completed"),
        ("impresso", "completed"),
        ("gedruckt", "completed"),
        ("cancelado", "cancelled_by_user"),
        ("Annulé par l'utilisateur", "cancelled_by_user"),
        ("Vom Benutzer abgebrochen", "cancelled_by_user"),
        ("отменено пользователем", "cancelled_by_user"),
        ("Canceled by printer", "cancelled_by_device"),
        ("Fehler", "aborted"),
    ],
)
def test_words_for_an_ending(word, ending):
    assert ending_of(word) == ending


@pytest.mark.parametrize(
    ("word", "kind"), [("Copia", "copy"), ("Scan", "scan"), ("Печать", "print"), ("", "print")]
)
def test_words_for_a_kind(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    "cells",
    [
        RU_ROW[1:],
        (*RU_ROW, "new"),
        (*RU_ROW[:11], "1,0710 м", *RU_ROW[12:]),
        (RU_ROW[0], "new", *RU_ROW[1:17]),
        (*RU_ROW[:10], *RU_ROW[11:13], RU_ROW[10], *RU_ROW[13:]),
    ],
    ids=["a column less", "one more", "another unit", "one shifted", "others in their places"],
)
def test_a_page_that_changed_is_told_and_gives_no_wrong_job(cells):
    told = read(page(row(cells)))
    assert told.jobs == ()
    assert told.refused[0].startswith("row 1: it is not laid out as pagewide-xl says: has the page changed?")
    assert [job.person for job in read(page(row(cells)), layout="units").jobs] == [None]


@pytest.mark.parametrize("cells", [[], ["a", "b", "c", "d"], [*RU_ROW[:16], "gestern", RU_ROW[17]]])
def test_rows_that_are_no_jobs_are_passed_over(cells):
    assert read(page(row(cells))) == Told((), (), 0)


def test_impossible_dates_are_told_with_their_row():
    told = read(page(row([*RU_ROW[:16], "31.02.2024 16:08:11", RU_ROW[17]]), row(RU_ROW)))
    assert len(told.jobs) == 1
    assert told.refused[0].startswith("row 1: '31.02.2024 16:08:11' is no date")
    assert "1970" in read(page(row([*RU_ROW[:16], "01.01.1970 00:00:00", RU_ROW[17]]))).refused[0]


@pytest.mark.parametrize(
    "opening", [b"<table><tr><td>" * 30, b"<tr>" * 60_100, b"<td>" * 1000, b"<b>" * 2_000_000]
)
def test_pages_without_end_are_read_or_refused(opening: bytes):
    try:
        read_rows(opening)
    except Reject as refused:
        assert "more than" in refused.reason or "not HTML" in refused.reason  # noqa: PT017


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_octets_are_read_or_refused(octets: bytes):
    try:
        read(page().replace(b"</table></body>", octets))
    except Reject:
        return


CELLS = st.one_of(
    st.text(max_size=25), st.sampled_from(RU_ROW), st.sampled_from(["1.234.567 m²", "99/99/9999 99:99", "-1 ml"])
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=20), max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_cells_give_records_that_can_be_told(rows):
    for job in read(page(*[row(cells) for cells in rows])).jobs:
        assert identified(job).job.id


@given(st.text(max_size=40))
def test_any_text_is_a_number_a_date_or_refused(text: str):
    for habits in (Habits(None, None), Habits(",", day_first=True)):
        for reader in (amount, date_of):
            try:
                reader(text, habits)
            except Reject:
                continue


def test_a_layout_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(Reject, match="no layout 'x' of an accounting table; these are known: "):
        chosen_layouts("x", None, known_layouts())


def test_time_zones_that_are_no_names_can_be_given_to_the_rules_as_well():
    plus_two = timezone(timedelta(hours=2))
    assert read(page(row(RU_ROW)), zone=plus_two).jobs[0].completed_at.hour == 14
