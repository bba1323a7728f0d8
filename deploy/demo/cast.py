"""Who prints what in the demo: an engineering and architecture office with its people and projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `weights` says how often its people use each printer."""

    code: str
    name: str
    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who prints."""

    login: str
    name: str
    department: str
    jobs_a_day: float


@dataclass(frozen=True, slots=True)
class Project:
    """What is printed for; `share` is its part of the work."""

    code: str
    name: str
    customer: str | None
    share: int
    billable: bool = True


DEPARTMENTS: Final = (
    Department("ARCH", "Architecture", {"t1700": 6, "tx4100": 3, "mfp": 3}),
    Department("CIV", "Civil engineering", {"t1700": 7, "tx4100": 1, "mfp": 3}),
    Department("BID", "Bids and visuals", {"t1700": 1, "tx4100": 6, "mfp": 4}),
    Department("ADM", "Administration", {"t1700": 0, "tx4100": 0, "mfp": 10}),
)
PEOPLE: Final = (
    Person("alice", "Alice Marchetti", "ARCH", 6.0),
    Person("bruno", "Bruno Keller", "ARCH", 4.5),
    Person("chloe", "Chloé Dubois", "ARCH", 3.0),
    Person("dmitri", "Dmitri Sokolov", "CIV", 5.0),
    Person("elena", "Elena Ferrari", "CIV", 4.0),
    Person("farid", "Farid Haddad", "CIV", 2.5),
    Person("greta", "Greta Lindqvist", "CIV", 2.0),
    Person("hugo", "Hugo Almeida", "BID", 3.0),
    Person("ines", "Inés Navarro", "BID", 2.5),
    Person("jonas", "Jonas Weber", "BID", 1.5),
    Person("kate", "Kate O'Sullivan", "ADM", 5.0),
    Person("liam", "Liam Novak", "ADM", 3.5),
)
PROJECTS: Final = (
    Project("P-1041", "Harbour Bridge renewal", "Port Authority", 16),
    Project("P-1047", "St. Anne hospital, east wing", "Regional Health Trust", 15),
    Project("P-1052", "Tram line 7, stops and depots", "City Transport", 13),
    Project("P-1058", "Riverside quarter, phase 2", "Aldgate Developments", 12),
    Project("P-1063", "Old Mill library conversion", "City of Lindau", 9),
    Project("P-1066", "Northgate school campus", "County Schools", 9),
    Project("P-1070", "Flood barrier, sections 3-5", "Water Board", 8),
    Project("P-1072", "Solar park Eastfield", "Helio Energy", 6),
    Project("P-1075", "Competition: concert hall", None, 7, billable=False),
    Project("P-0001", "Office and training", None, 5, billable=False),
)
DRAWINGS: Final = (
    "site plan",
    "ground floor",
    "section A-A",
    "elevation north",
    "foundation plan",
    "drainage layout",
    "steel details",
    "longitudinal profile",
)
POSTERS: Final = ("rendering lobby", "aerial view", "exhibition panel", "competition board", "public notice")
PAPERS: Final = (
    "minutes",
    "offer",
    "specification",
    "letter",
    "timesheet",
    "tender documents",
    "invoice",
    "e-mail",
)
