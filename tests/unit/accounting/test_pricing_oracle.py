"""Pricing against an oracle that counts with Decimal, and laws that hold for every line."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.pricing import price_job, quantities_of
from shared.money import round_half_even
from tests.unit.accounting.price_lists import a1_line, books, job

RATE = st.decimals(0, 1_000, places=8)
AREA = st.integers(0, 10**12)
INK = st.dictionaries(st.sampled_from(["cyan", "magenta", "black"]), st.integers(0, 10**9), min_size=1)


LINE = st.builds(a1_line, printed_area_mm2=AREA, used_area_mm2=AREA, ink_ul=INK)
RATES = st.fixed_dictionaries({"ppu": RATE, "media": RATE, "per_ml": RATE, "fixed": RATE})


def number(value: Decimal) -> str:
    return f"{value:.8f}"


def toml_of(line, rates, *, area="printed", precision=4):
    inks = "".join(
        f'[[ink]]\ncolour = "{colour}"\nper_ml = "{number(rates["per_ml"])}"\n' for colour in line.ink_ul
    )
    return (
        f'area = "{area}"\nprecision = {precision}\n[[ppu]]\nper_m2 = "{number(rates["ppu"])}"\n{inks}'
        f'[[media]]\ncode = "plain-80"\nper_m2 = "{number(rates["media"])}"\n'
        f'[[fixed]]\nkind = "print"\nper_job = "{number(rates["fixed"])}"\n'
    )


@given(line=LINE, rates=RATES, area=st.sampled_from(["printed", "used"]), precision=st.integers(0, 6))
def test_an_amount_equals_the_decimal_oracle(line, rates, area, precision):
    book = books(price=toml_of(line, rates, area=area, precision=precision))
    (charged,) = price_job(job(line), book)

    with localcontext() as exactly:
        exactly.prec = 100
        charged_area = line.printed_area_mm2 if area == "printed" else line.used_area_mm2
        total = Decimal(charged_area) / 10**6 * rates["ppu"] + rates["fixed"]
        total += Decimal(line.used_area_mm2) / 10**6 * rates["media"]
        total += Decimal(sum(line.ink_ul.values())) / 1_000 * rates["per_ml"]
        expected = total.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_EVEN)

    assert type(charged.price.amount_micro) is int
    assert Decimal(charged.price.amount_micro).scaleb(-6) == expected


@given(areas=st.lists(AREA, min_size=1, max_size=8), ppu=RATE)
def test_splitting_a_line_changes_its_price_by_its_roundings_at_most(areas, ppu):
    rates = f'[[ppu]]\nper_m2 = "{number(ppu)}"\n'
    book = books(price=rates)
    parts = price_job(job(*(a1_line(printed_area_mm2=area) for area in areas)), book)
    (whole,) = price_job(job(a1_line(printed_area_mm2=sum(areas))), book)
    rate = book.pair_at(job(a1_line()).completed_at).rates_for(whole.key).price
    exact = [Fraction(*rate.exact(part.quantities, first=False)) for part in parts]

    assert sum(exact) == Fraction(*rate.exact(whole.quantities, first=False))
    difference = abs(sum(part.price.amount_micro for part in parts) - whole.price.amount_micro)
    assert difference * 2 <= 100 * (len(areas) + 1)


@given(smaller=AREA, more=AREA, ppu=RATE)
def test_more_area_never_costs_less(smaller, more, ppu):
    book = books(price=f'[[ppu]]\nper_m2 = "{number(ppu)}"\n')
    less = price_job(job(a1_line(printed_area_mm2=smaller)), book)[0].price.amount_micro

    assert less <= price_job(job(a1_line(printed_area_mm2=smaller + more)), book)[0].price.amount_micro


@given(step=st.integers(0, 10**9), precision=st.integers(0, 6))
def test_ties_go_to_the_even_neighbour(step, precision):
    """One fixed part that lies exactly between two steps."""
    half = (Decimal(step) + Decimal("0.5")).scaleb(-precision)
    book = books(
        price=f'precision = {precision}\n[[ppu]]\nper_m2 = "0"\n[[fixed]]\nkind = "print"\nper_job = "{half:f}"\n'
    )
    amount = price_job(job(a1_line()), book)[0].price.amount_micro

    steps = amount // 10 ** (6 - precision)
    assert steps % 2 == 0
    assert abs(Decimal(amount).scaleb(-6) - half) == Decimal("0.5").scaleb(-precision)


@given(numerator=st.integers(-(10**30), 10**30), denominator=st.integers(1, 10**20), zoom=st.integers(1, 10**6))
def test_rounding_does_not_depend_on_how_a_fraction_is_written(numerator, denominator, zoom):
    assert round_half_even(numerator, denominator) == round_half_even(numerator * zoom, denominator * zoom)


@given(line=LINE, rates=RATES, first=st.booleans())
def test_the_terms_of_a_line_add_up_to_its_exact_sum(line, rates, first):
    book = books(price=toml_of(line, rates))
    (charged,) = price_job(job(line), book)
    rate = book.pair_at(job(line).completed_at).rates_for(charged.key).price
    terms = rate.terms(quantities_of(line), first=first)

    total = sum((Fraction(term.numerator, term.denominator) for term in terms), Fraction(0))
    assert total == Fraction(*rate.exact(charged.quantities, first=first))
