"""Density classes: thresholds compared exactly, never divided."""

from __future__ import annotations

import pytest

from services.accounting.categories import Thresholds, category_of, density_category, thresholds_of
from services.accounting.pricing.sizes import SIZES_UM, known_size, size_class

SQUARE_METRE = 1_000_000


@pytest.mark.parametrize(
    ("ink_ul", "expected"),
    [(0, "A"), (499, "A"), (500, "B"), (1_999, "B"), (2_000, "C"), (5_000, "C"), (5_001, "D"), (10**9, "D")],
)
def test_the_class_follows_from_millilitres_per_square_metre(ink_ul, expected):
    assert density_category({"black": ink_ul}, SQUARE_METRE) == expected


def test_the_ink_of_all_colours_counts():
    assert density_category({"cyan": 250, "black": 250}, SQUARE_METRE) == "B"


@pytest.mark.parametrize(("ink", "area"), [(None, SQUARE_METRE), ({}, SQUARE_METRE), ({"cyan": 1}, None),
                                           ({"cyan": 1}, 0)])  # fmt: skip
def test_without_ink_or_area_there_is_no_class(ink, area):
    assert density_category(ink, area) is None


def test_what_the_device_says_wins():
    assert category_of("line-mono", {"black": 9_999}, SQUARE_METRE) == ("line-mono", False)
    assert category_of(None, {"black": 9_999}, SQUARE_METRE) == ("D", True)
    assert category_of(None, None, SQUARE_METRE) == (None, False)


def test_thresholds_must_rise():
    with pytest.raises(ValueError, match="rise"):
        Thresholds(2_000, 2_000, 5_000)


@pytest.mark.parametrize("name", SIZES_UM)
def test_a_page_has_its_size_either_way_round_and_a_little_off(name):
    short, long = SIZES_UM[name]

    assert size_class(short, long) == size_class(long, short) == size_class(short + 1_000, long - 1_000) == name


def test_a_cut_of_a_roll_has_no_size():
    assert size_class(914_400, 5_000_000) is None
    assert size_class(None, 297_000) is None


def test_sizes_are_known_by_several_spellings():
    assert [known_size(name) for name in ("a4", "Tabloid", "arch-d", "ARCH_E1", "B5")] == [
        "A4",
        "ledger",
        "ARCH D",
        "ARCH E1",
        None,
    ]


def test_thresholds_are_set_in_millilitres_per_square_metre():
    assert thresholds_of("0.5, 2,5") == Thresholds()
    assert thresholds_of("0.125,1,10.5") == Thresholds(125, 1_000, 10_500)


@pytest.mark.parametrize("text", ["", "0.5,2", "1,2,x", "0.0001,2,5", "5,2,1", "-1,2,5"])
def test_thresholds_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match=r"three numbers|rise"):
        thresholds_of(text)
