"""Texts as devices send them: NULs, prefixes, dumps, old character sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.snmp.text import MAX_TEXT, readable


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"Black Toner", "Black Toner"),
        (b"Black Toner\0\0\0", "Black Toner"),
        (b"\0Black", "Black"),
        (b"  Tray  1 \r\n", "Tray 1"),
        (b"", None),
        (b"\0\0", None),
        (b"   ", None),
        ("Zyan-Tonerkartusche für Größe".encode(), "Zyan-Tonerkartusche für Größe"),
        ("Tóner".encode("latin-1"), "Tóner"),
        ("黑色碳粉".encode(), "黑色碳粉"),
        (b"\x01\x15VNCRC48198", "VNCRC48198"),
        (b"\x01\x15Gr\xce\xdee", "Größe"),
        (b"\x00\x0eTray", "Tray"),
        (b"Black Cartridge \n38 32 37 41 20 48 50 00 ", "Black Cartridge 827A HP"),
        (b"Fuser Kit HP 110\n56 2D 43 31 \n4E 35 34 41 00", "Fuser Kit HP 110V-C1N54A"),
        (b"48 50 20 4C 61 73 65 72 4A 65 74 00", "HP LaserJet"),
        (b"Magenta Cartridg\n65 20 38 3", "Magenta Cartridge 8"),
        (b"10 20 30", "10 20 30"),
        (b"Two\nlines", "Two lines"),
        (b"bell\x07", "bell"),
    ],
)
def test_a_text_is_what_a_person_would_read(octets: bytes, text: str | None) -> None:
    assert readable(octets) == text


@given(st.binary(max_size=400))
def test_any_octets_make_a_short_printable_text_or_none(octets: bytes) -> None:
    text = readable(octets)
    assert text is None or (text.isprintable() and 0 < len(text) <= MAX_TEXT and text == text.strip())
