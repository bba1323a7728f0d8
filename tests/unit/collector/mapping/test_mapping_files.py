"""Mapping files: what is wrong in one is told before any file is read by it."""

from __future__ import annotations

import pytest

from services.collector.sources.mapping import load_mapping
from shared.errors import Reject
from tests.unit.collector.mapping.samples import CSV, JSON, XML


@pytest.mark.parametrize("text", [CSV, JSON, XML])
def test_good_mappings_are_read(text):
    assert load_mapping(text).lines


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('unit = "m2"', 'unit = "ml"', "'ml' is no unit of area: must be one of mm2"),
        (', unit = "m2"', "", "lines/1/printed_area: has no unit"),
        ('"Kopie" = "copy"', '"Kopie" = "kopie"', "job/kind: 'kopie' must be one of print, copy"),
        ("Europe/Berlin", "Europe/Bern", "no time zone"),
        ("%d.%m.%Y", "%d.%m.", "does not tell the day"),
        ("%H:%M", "%I:%M", "without %p"),
        ('group = "."', 'group = ","', "must differ"),
        ('device_job_id = "Job ID"', "", "either a device_job_id or"),
        ('title = "Dokument"', "title = { unit = 'm' }", "job/title: name either a place"),
        ('title = "Dokument"', "title = { from = 'Dokument', unit = 'm' }", "job/title: has no unit"),
        ('title = "Dokument"', "titel = 'Dokument'", "unknown field `titel`"),
        ('title = "Dokument"', "title = 1.5", "at job.title"),
        ('separator = ";"', 'separator = ";"\nencoding = "klingon"', "no encoding"),
        ('separator = ";"', 'separator = ";"\nheader = false', "has no header"),
        ("[[lines]]", "[[lines]]\neach = 'x'", "no lists"),
        ('name = "rip"', 'name = "r/p"', "at name"),
        ('name = "rip"', "name = ", "no TOML"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_told_with_its_place(old, new, why):
    assert old in CSV
    with pytest.raises(Reject, match=why):
        load_mapping(CSV.replace(old, new))


def test_places_of_json_and_xml_are_paths():
    with pytest.raises(Reject, match="is no path"):
        load_mapping(JSON.replace('"times[2]"', '"times[0]"'))
    with pytest.raises(Reject, match="a column's number"):
        load_mapping(XML.replace('"Name"', "3"))


def test_all_faults_are_told_at_once():
    with pytest.raises(Reject) as caught:
        load_mapping(CSV.replace('unit = "m2"', 'unit = "x"').replace("Berlin", "Bern"))
    assert caught.value.reason.count("\n") == 2
