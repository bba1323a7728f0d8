"""Mappings and the shortest way to run one."""

from __future__ import annotations

from services.collector.sources.mapping import Mapped, load_mapping, map_whole

CSV = """
name = "rip"
format = "csv"
[csv]
separator = ";"
[numbers]
decimal = ","
group = "."
[dates]
formats = ["%d.%m.%Y %H:%M:%S"]
timezone = "Europe/Berlin"
[job]
device_job_id = "Job ID"
completed_at = ["Datum", "Zeit"]
title = "Dokument"
person = "Benutzer"
project = { from = "Konto", optional = true }
kind = { from = "Art", values = { "Druck" = "print", "Kopie" = "copy" } }
copies = { from = "Kopien", default = 1 }
[[lines]]
printed_area = { from = "Fläche", unit = "m2" }
category = { from = "Klasse", values = { "Line mono" = "line-mono", "Bild" = "image-high", "*" = "" } }
ink.cyan = { from = "C", unit = "ml" }
ink.black = { from = "K", unit = "ml" }
"""
HEADER = "Job ID;Datum;Zeit;Dokument;Benutzer;Art;Kopien;Fläche;Klasse;C;K\n"
GOOD = "17;02.11.2026;09:15:00;Plan;alice;Druck;2;1.071,5 m²;Line mono;0,25;1,5\n"

JSON = """
name = "panel"
format = "json"
records = { path = "data/jobs" }
[printer]
serial = "printer/serial"
[job]
device_job_id = "id"
completed_at = "times[2]"
person = "user/@name~1login"
[[lines]]
each = "pages"
width = { from = "size/w", unit_from = "size/unit" }
length = { from = "size/h", unit_from = "size/unit" }
impressions = "n"
media = "/media"
area_from_size = true
[lines.ink_each]
path = "ink"
colour = { from = "c", values = { "C" = "cyan", "K" = "black" } }
amount = { from = "v", unit = "cc" }
"""

XML = """
name = "plotter"
format = "xml"
records = { path = "Accounting/Job" }
[units]
length = "in"
[job]
device_job_id = "@id"
completed_at = { from = "Printed", formats = ["unix", "iso"] }
title = "Name"
outcome = { from = "Status", values = { "OK" = "completed", "Cancelled" = "cancelled_by_user" } }
[[lines]]
each = "Page"
length = "Length"
used_area = { from = "Area", unit = "ft2" }
"""


def run(mapping: str, raw: str | bytes) -> list[Mapped]:
    return map_whole(load_mapping(mapping), raw.encode() if isinstance(raw, str) else raw).mapped


def faults(mapping: str, raw: str | bytes) -> list[str]:
    return [f"{each.record} {fault.field}" for each in run(mapping, raw) for fault in each.faults]
