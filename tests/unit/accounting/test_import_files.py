"""Files of projects and budgets: what was exported is read back unchanged; bad lines say where and why."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.budgets.budget import Length, OwnerKind
from services.accounting.codes import RESERVED
from services.accounting.csvfile import write_table
from services.accounting.projects.import_files import COLUMNS, cells_of, read_file, template

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).map(str.strip)
CODES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda code: code.isprintable() and code not in RESERVED
)
PROJECTS = st.lists(
    st.builds(
        SimpleNamespace,
        code=CODES,
        name=TEXTS.filter(bool),
        customer=st.none() | TEXTS.filter(bool),
        active=st.booleans(),
        billable=st.booleans(),
        people=st.lists(CODES, unique=True, max_size=4),
        departments=st.lists(CODES, unique=True, max_size=4),
        notes=TEXTS,
        price_list=st.none() | CODES,
    ),
    unique_by=lambda each: each.code,
    max_size=8,
)
DAYS = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))
BUDGETS = st.lists(
    st.builds(
        SimpleNamespace,
        owner_kind=st.sampled_from(get_args(OwnerKind)),
        owner=CODES,
        period=st.sampled_from(get_args(Length)),
        amount_micro=st.integers(1, 10**17),
        hard=st.booleans(),
        thresholds=st.sets(st.integers(1, 1_000), max_size=5).map(sorted),
        valid_from=DAYS,
        valid_until=st.none() | st.dates(date(2031, 1, 1), date(2040, 1, 1)),
        active=st.booleans(),
    ),
    unique_by=lambda each: (each.owner_kind, each.owner, each.period, each.valid_from),
    max_size=8,
)


def exported(kind, things, encoding="utf-8"):
    columns, _ = template(kind)
    return write_table(columns, [cells_of(kind, each) for each in things]).encode(encoding)


def told(kind, things):
    names = ["amount_micro" if each.name == "amount" else each.name for each in COLUMNS[kind]]
    return [tuple(getattr(thing, name) for name in names) for thing in things]


@given(PROJECTS, st.sampled_from(["utf-8", "utf-16"]))
def test_projects_that_were_exported_read_the_same(projects, encoding):
    read = read_file("project", exported("project", projects, encoding))

    assert read.faults == []
    assert [row[1:] for row in read.rows] == told("project", projects)


@given(BUDGETS)
def test_budgets_that_were_exported_read_the_same(budgets):
    read = read_file("budget", exported("budget", budgets))

    assert read.faults == []
    assert [row[1:] for row in read.rows] == told("budget", budgets)


@pytest.mark.parametrize("kind", ["project", "customer", "department", "budget"])
def test_a_template_is_a_file_that_can_be_imported(kind):
    columns, example = template(kind)
    read = read_file(kind, write_table(columns, [example]).encode())

    assert (read.faults, len(read.rows)) == ([], 1)


def test_each_bad_line_says_where_and_why():
    read = read_file(
        "project",
        b"Code;Name;Active;People\nP-1;Bridge;yes;ann|bob\nP-2;;perhaps;\n P-1 ;Again;;\nimport;x;;\n"
        b"'=1+1;'=x;no;\n",
    )

    assert [fault.place for fault in read.faults] == [
        "line 3, column active", "line 3, column name", "line 4, column code", "line 5, column code",
    ]  # fmt: skip
    assert "is on line 2 already" in read.faults[2].detail
    assert [row[1:3] for row in read.rows] == [("P-1", "Bridge"), ("=1+1", "=x")]
    assert read.rows[0][6] == ["ann", "bob"]
    assert read.lines == 5


def test_amounts_with_a_decimal_comma_are_read_exactly():
    head = "owner_kind;owner;period;amount;thresholds\n"
    file = f"{head}project;P-1;month;1.250,50;50|80 %\nPERSON;ann;Year;0;\nperson;bob;week;x;80|50\n"
    read = read_file("budget", file.encode("cp1252"))

    assert (read.mark, read.rows[0][4], read.rows[0][6]) == (",", 1_250_500_000, [50, 80])
    assert [(fault.line, fault.column) for fault in read.faults] == [
        (3, "amount"), (4, "amount"), (4, "period"), (4, "thresholds"),
    ]  # fmt: skip


def test_a_budget_that_would_end_before_every_day_is_refused():
    file = b"owner_kind,owner,period,amount,valid_until\nproject,P-1,total,5.00,0001-01-01\n"
    assert [fault.place for fault in read_file("budget", file).faults] == ["line 2, column valid_until"]


@pytest.mark.parametrize(
    "file", [b"name\nBridge\n", b"code,colour\nP-1,red\n", b'code,name\nP-1,"Bridge\nP-2,x\n', b""]
)
def test_a_file_that_cannot_be_read_to_its_end_is_not_taken(file):
    read = read_file("project", file)

    assert not read.is_whole
    assert read.faults
