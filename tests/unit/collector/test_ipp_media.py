"""Media names tell their size, exactly."""

from __future__ import annotations

import pytest

from services.collector.sources.ipp.media import (
    Roll,
    Size,
    fed_length_um,
    short_name,
    size_from_name,
    standard_name,
)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("iso_a1_594x841mm", Size(594_000, 841_000)),
        ("na_letter_8.5x11in", Size(215_900, 279_400)),
        ("na_arch-e_36x48in", Size(914_400, 1_219_200)),
        ("custom_914.4x3000mm_914.4x3000mm", Size(914_400, 3_000_000)),
        ("iso_a4_210x297mm.borderless", Size(210_000, 297_000)),
        ("Custom.36x48in", Size(914_400, 1_219_200)),
        ("A4,Tray1", Size(210_000, 297_000)),
        ("iso-a3", Size(297_000, 420_000)),
        ("roll_max_914x15240mm", None),
        ("custom_min_210x210mm", None),
        ("stationery", None),
        ("iso_a4_0x297mm", None),
    ],
)
def test_a_name_tells_its_size_or_nothing(name: str, size: Size | None) -> None:
    assert size_from_name(name) == size


@pytest.mark.parametrize("name", ["iso_a0_841x1189mm", "na_legal_8.5x14in", "na_arch-d_24x36in"])
def test_a_standard_size_has_its_standard_name_either_way_round(name: str) -> None:
    size = size_from_name(name)
    assert size is not None
    assert standard_name(size) == name
    assert standard_name(Size(size.length_um, size.width_um)) == name


def test_another_size_is_named_so_that_it_can_be_read_again() -> None:
    size = Size(700_500, 1_000_000)
    assert standard_name(size) == "custom_700.5x1000mm_700.5x1000mm"
    assert size_from_name(standard_name(size)) == size


def test_people_say_a1() -> None:
    assert short_name("iso_a1_594x841mm") == "A1"
    assert short_name("na_letter_8.5x11in") == "Letter"
    assert short_name("custom_10x10mm_10x10mm") is None


def test_a_page_that_fits_no_way_has_no_fed_length() -> None:
    assert fed_length_um(Size(1_000_000, 2_000_000), Roll(914_400)) is None
