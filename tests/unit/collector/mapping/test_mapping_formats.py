"""Files of each format become jobs; what is wrong is told with record, field and value, and the rest goes on."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.collector.sources.mapping import load_mapping, map_part, map_whole
from services.collector.sources.mapping.records import Progress
from shared.errors import Reject
from tests.unit.collector.mapping.samples import CSV, GOOD, HEADER, JSON, XML, faults, run


def test_a_row_of_a_csv_becomes_a_job():
    (found,) = run(CSV, HEADER + GOOD)
    job = found.job
    assert job is not None, found.faults
    assert (job.job.device_job_id, job.title, job.kind, job.copies) == ("17", "Plan", "print", 2)
    assert job.completed_at == datetime(2026, 11, 2, 8, 15, tzinfo=UTC)
    assert job.job.source == "rip"
    (line,) = job.lines
    assert (line.printed_area_mm2, line.ink_ul) == (1_071_500_000, {"cyan": 250, "black": 1_500})
    assert (line.category, line.category_by, line.sheets) == ("line-mono", "device", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_csv_in_the_encodings_of_windows(encoding, ends):
    mapping = CSV.replace("[csv]", f'[csv]\nencoding = "{encoding}"')
    (found,) = run(mapping, (HEADER + GOOD.replace("Plan", '"Größe\nM"')).replace("\n", ends).encode(encoding))
    assert found.job is not None, found.faults
    assert found.job.title in ("Größe M", "Größe  M")


def test_columns_are_found_by_number_where_there_is_no_header():
    mapping = """
        name = "x"
        format = "csv"
        csv = { header = false, skip_lines = 1 }
        [job]
        device_job_id = 1
        completed_at = 2
        [[lines]]
        sheets = 4
    """
    (found,) = run(mapping, "made by RIP 3\n\n7,2026-11-02T09:00:00Z,x,3\n")
    assert (found.job.lines[0].sheets, found.line) == (3, 3)


NOT_M2 = "is in 'sq' and the mapping says m2: set unit = 'told' where the file tells it"


def test_each_fault_names_record_field_and_value_and_the_good_records_are_taken():
    bad = GOOD.replace("17;", ";").replace("Druck", "Fax").replace("1.071,5 m²", "1.07 sq").replace("0,25", "-1")
    found = run(CSV, HEADER + bad + GOOD)
    assert [str(each) for each in found[0].faults] == [
        "job/kind: 'Fax' is none of the words that the mapping knows: Druck, Kopie",
        "job/device_job_id: is needed: what is the job's number?",
        f"lines/1/printed_area: '1.07 sq': {NOT_M2}",
        "lines/1/ink/cyan: '-1': must not be below 0",
    ]
    assert found[0].place == "record 1 (line 2)"
    assert found[0].raw == bad.rstrip()
    assert found[1].job is not None


def test_a_missing_column_refuses_the_whole_file_and_names_those_that_are_there():
    with pytest.raises(Reject, match=r"no column 'Fläche' \(for lines/1/printed_area\).*Job ID, Datum"):
        run(CSV, HEADER.replace("Fläche", "Area") + GOOD)
    with pytest.raises(Reject, match="twice a column 'C'"):
        run(CSV, HEADER.replace("K\n", "C\n") + GOOD)


@pytest.mark.parametrize(
    "broken",
    ['18;"never closed;x\n', "19;" + "x;" * 20 + "\n", "20;\x00\n", '"a"b;1\n', "21;a\rb;c\n"],
)
def test_a_broken_record_is_told_and_does_not_take_the_next_ones_with_it(broken):
    found = run(CSV, HEADER + GOOD + broken + GOOD + GOOD.replace("Plan", '"two\nlines"'))
    assert [each.job is not None for each in found] == [True, False, True, True]


def test_an_inch_sign_in_a_cell_without_quotes_is_text():
    found = run(CSV, HEADER + GOOD.replace("Plan", '36" roll') + GOOD.replace("Plan", '24" roll'))
    assert [each.job.title for each in found] == ['36" roll', '24" roll']


def test_nested_json_with_lines_units_and_inks_of_its_own():
    raw = """{"data": {"jobs": [{"id": 5, "printer": {"serial": "SN1"}, "times": ["x",
      "2026-11-02T09:00:00+01:00"],
      "user": {"@name/login": "bob"}, "media": "plain-80", "pages": [
        {"size": {"w": 594, "h": 841, "unit": "mm"}, "n": 2,
          "ink": [{"c": "C", "v": 0.1},
          {"c": "K", "v": 1e-1}]},
        {"size": {"w": 8.5, "h": 11, "unit": "in"}, "n": 1, "ink": []}]}]}}"""
    (found,) = run(JSON, raw)
    assert [str(each) for each in found.faults] == []
    assert found.job.printer.serial == "SN1"
    one, two = found.job.lines
    assert (one.printed_area_mm2, one.ink_ul, one.media) == (999_108, {"cyan": 100, "black": 100}, "plain-80")
    assert (two.width_um, two.length_um, two.ink_ul) == (215_900, 279_400, None)


def test_json_lines_one_job_each():
    mapping = 'name="x"\nformat="jsonl"\n[job]\ndevice_job_id="id"\ncompleted_at={from="t",formats=["unix-ms"]}\n'
    mapping += '[[lines]]\nsheets={from="n",required=true}\n'
    raw = '{"id": "1", "t": 1762070400123, "n": 2.0}\n\n[1]\n{"id": "2", "t": 1762070400123}\nnot json\n'
    found = run(mapping, raw)
    assert found[0].job.completed_at.isoformat() == "2025-11-02T08:00:00.123000+00:00"
    assert [each.line for each in found] == [1, 3, 4, 5]
    assert [str(fault) for each in found[1:] for fault in each.faults][:2] == [
        "is no object",
        "lines/1/sheets: is needed, and n is empty",
    ]


def test_xml_with_namespaces_attributes_and_several_pages():
    raw = """<?xml version="1.0" encoding="ISO-8859-1"?><r xmlns="urn:x" xmlns:p="urn:y"><p:Accounting>
      <Job p:id="9"><Name>Gr\u00f6\u00dfe <b>A1</b></Name><Printed>1762070400</Printed><Status>OK</Status>
        <Page><Length>36</Length><Area>12</Area></Page><Page><Length>1.5 in</Length></Page></Job>
      <Job id="10"><Printed>never</Printed><Status>?</Status></Job></p:Accounting></r>"""
    good, bad = run(XML, raw.encode("latin-1"))
    assert (good.job.job.device_job_id, good.job.title) == ("9", "Größe A1")
    assert [line.length_um for line in good.job.lines] == [914_400, 38_100]
    assert good.job.lines[0].used_area_mm2 == 1_114_836
    assert [fault.field for fault in bad.faults] == ["job/completed_at", "job/outcome"]


BOMB = '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><r><Accounting><Job id="&b;"/></Accounting></r>'


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (BOMB, "DTD"),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "DTD"),
        ("<r>&x;</r>", "not XML"),
        ("<r>" * 200 + "</r>" * 200, "levels"),
        ("", "not XML"),
        ("<r", "not XML"),
    ],
)
def test_xml_that_could_do_harm_or_is_none_is_refused(raw, why):
    with pytest.raises(Reject, match=why):
        run(XML, raw)


def test_several_values_where_one_is_wanted_are_told():
    mapping = XML.replace('length = "Length"', 'length = "Size/Length"')
    raw = (
        '<r><Accounting><Job id="1"><Printed>1762070400</Printed><Page><Size><Length>1</Length><Length>2</Length>'
    )
    assert faults(mapping, raw + "</Size></Page></Job></Accounting></r>") == ["1 lines/1/length"]
    named = mapping.replace("Size/Length", "Size/Length[2]")
    (found,) = run(named, raw + "</Size></Page></Job></Accounting></r>")
    assert found.job.lines[0].length_um == 50_800


GROUPED = """
name = "x"
format = "csv"
records = { group = ["id"], empty = ["-"] }
skip = [{ from = "id", is = ["total"] }]
[job]
device_job_id = "id"
completed_at = "at"
[[lines]]
media = "media"
sheets = "n"
only_if = "n"
"""
ROWS = ["1,2026-11-02T09:00:00Z,A4,2", "1,,A3,1", "total,,,3", "2,2026-11-02T09:01:00Z,A4,0", "2,,-,4"]


def test_rows_of_one_job_are_its_lines_and_rows_that_are_no_jobs_are_passed_over():
    part = map_whole(load_mapping(GROUPED), "\n".join(["id,at,media,n", *ROWS]).encode())
    assert part.skipped == 1
    assert [[(line.media, line.sheets) for line in each.job.lines] for each in part.mapped] == [
        [("A4", 2), ("A3", 1)],
        [(None, 4)],
    ]


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), grouped=st.booleans())
def test_a_file_read_in_parts_gives_the_same_jobs_as_read_whole(cuts, grouped):
    if grouped:
        mapping, text = load_mapping(GROUPED), "\n".join(["id,at,media,n", *ROWS]) + "\n"
    else:
        mapping = load_mapping(CSV)
        text = HEADER + GOOD + GOOD.replace("Plan", '"a\nb"') + "bad;\n" + GOOD.replace("17", "18")
    raw = text.encode()
    whole = map_whole(mapping, raw)
    mapped, progress, start = [], Progress(), 0
    for end in [*sorted(cuts), len(raw)]:
        part = map_part(mapping, raw[start : max(start, end)], progress, is_last=end >= len(raw))
        mapped += part.mapped
        start, progress = start + part.used, part.progress
    assert [(each.record, each.line, each.job) for each in mapped] == [
        (each.record, each.line, each.job) for each in whole.mapped
    ]
    assert start == len(raw)


def test_a_record_that_comes_after_its_job_was_taken_is_told():
    mapping = load_mapping(GROUPED)
    first = map_part(mapping, "\n".join(["id,at,media,n", ROWS[0], ""]).encode(), Progress(), is_last=True)
    late = map_part(mapping, f"{ROWS[1]}\n{ROWS[3]}\n{ROWS[4]}\n".encode(), first.progress, is_last=True)
    assert "was taken before" in late.mapped[0].faults[0].detail
    assert late.mapped[1].job is not None


@settings(max_examples=150, deadline=None)
@given(
    raw=st.binary(max_size=300),
    head=st.sampled_from([b"", HEADER.encode(), b'{"data":{"jobs":[', b"<r><Accounting>"]),
)
def test_whatever_bytes_come_they_are_jobs_or_faults_or_refused(raw, head):
    for mapping in (CSV, JSON, XML):
        with suppress(Reject):
            assert all((each.job is None) == bool(each.faults) for each in run(mapping, head + raw))
