"""Numbers read as a person would write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.reporting import numbers


def plain(text: str) -> str:
    return text.replace(numbers.GAP, " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1284.6", "EUR", "€1,284.60"),
        ("0", "EUR", "€0.00"),
        ("0.0042", "EUR", "€0.0042"),
        ("-12.345", "USD", "-$12.34"),
        ("-0.000001", "EUR", "€0.0000"),
        ("1234.5", "JPY", "¥1,234"),
        ("99.995", "CHF", "CHF 100.00"),
    ],
)
def test_money_carries_its_currency(value: str, currency: str, text: str) -> None:
    assert plain(numbers.money(Decimal(value), currency)) == text


@pytest.mark.parametrize(
    ("value_mm2", "text"),
    [(499_554, "0.500 m²"), (1_499_554, "1.50 m²"), (150_250_000, "150.2 m²"), (1_906_400_000, "1,906 m²")],
)
def test_an_area_has_as_many_digits_as_its_size_deserves(value_mm2: int, text: str) -> None:
    assert plain(numbers.area(Decimal(value_mm2))) == text


@pytest.mark.parametrize(("value_ul", "text"), [(710, "0.71 ml"), (826_040, "826.0 ml"), (2_310_000, "2.31 l")])
def test_ink_is_told_in_ml_or_litres(value_ul: int, text: str) -> None:
    assert plain(numbers.ink(Decimal(value_ul))) == text


def test_a_share_of_nothing_is_a_dash() -> None:
    assert numbers.share(Decimal(1), Decimal(0)) == "\N{EN DASH}"
    assert plain(numbers.share(Decimal(393), Decimal(1000))) == "39.3 %"


def test_what_is_there_at_all_has_a_bar() -> None:
    widths = [numbers.plain_percent(Decimal(part), Decimal(1000)) for part in (0, 1, 434, 1000)]
    assert widths == ["0%", "1%", "43%", "100%"]


def test_one_is_not_many() -> None:
    assert [plain(numbers.counted(count, "line")) for count in (1, 1700)] == ["1 line", "1,700 lines"]
