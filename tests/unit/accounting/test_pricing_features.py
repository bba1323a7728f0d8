"""What a price list can say beyond plain rates: volumes, finishing, classes, overhead, steps, cancelled jobs."""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.accounting.categories import Thresholds
from services.accounting.pricing import price_job
from shared.events.jobs import JobLine
from tests.unit.accounting.price_lists import MODEL, a1_line, books, job, price_of, priced, reason_of

METRE = {"printed_area_mm2": 1_000_000, "used_area_mm2": 1_000_000, "category": "A"}
ONE_PER_M2 = '[[ppu]]\nper_m2 = "1"\n'
TIERS = ONE_PER_M2 + '[[ppu]]\nfrom = "2.5"\nper_m2 = "0.8"\n[[ppu]]\nfrom = "10"\nper_m2 = "0.5"\n'


def metres(count, **changes):
    return a1_line(**{**METRE, "printed_area_mm2": count * 1_000_000, **changes})


def amounts(rates, *lines, **changes):
    return [line.amount_micro for line in priced(rates, *lines, **changes)]


def test_a_line_is_rounded_once_to_a_multiple_of_the_step():
    step = 'rounding_step = "0.05"\n[[ppu]]\nper_m2 = "0.625"\n[[fixed]]\nkind = "print"\nper_job = "{}"\n'

    assert price_of(step.format("0"), metres(1)) == 600_000  # 12.5 steps, and 12 is even
    assert price_of(step.format("0.05"), metres(1)) == 700_000  # 13.5 steps, and 14 is even
    assert price_of(step.format("0.01"), metres(1)) == 650_000


def test_an_overhead_is_part_of_the_sum_before_its_one_rounding():
    rates = 'overhead = "0.10"\nprecision = 2\n' + ONE_PER_M2.replace("1", "0.45")
    book = books(price=rates)
    (line,) = price_job(job(metres(1)), book)
    rate = book.pair_at(job(metres(1)).completed_at).rates_for(line.key).price

    assert line.price.amount_micro == 500_000  # 0.495, where 0.45 and 0.045 rounded apart would make 0.49
    assert Fraction(*rate.exact(line.quantities, first=True)) == Fraction("0.495")
    assert line.price.rule == "standard v1: ppu 0.45 per m2 of printed area + overhead 10 %"


@pytest.mark.parametrize(("metre_count", "rate"), [(1, 1_000_000), (2, 1_000_000), (3, 800_000), (10, 500_000)])
def test_the_volume_of_the_job_decides_the_rate_of_all_of_it(metre_count, rate):
    assert price_of(TIERS, metres(metre_count)) == metre_count * rate


def test_all_lines_of_a_job_make_its_volume_together():
    assert amounts(TIERS, metres(1), metres(9, category="B")) == [500_000, 4_500_000]
    assert [line.rule for line in priced(TIERS, metres(1), metres(2))] == [
        "standard v1: ppu 0.80 per m2 of printed area (from 2.5 m2 per job)"
    ] * 2


def test_volumes_count_in_the_unit_of_the_rate():
    media = '[[media]]\ncode = "roll"\nper_m = "{}"\n{}'
    roll = ONE_PER_M2 + media.format(1, "") + media.format("0.5", 'from = "3"\n')
    sheets = roll.replace("per_m =", "per_sheet =").replace('"roll"', '"cut"')
    line = metres(1, media="roll", roll_width_um=None, length_um=1_500_000)

    assert amounts(roll, line) == [2_500_000]
    assert amounts(roll, line, line) == [1_750_000, 1_750_000]
    assert amounts(sheets, metres(1, media="cut", sheets=2), metres(1, media=None)) == [2_000_000, 1_000_000]


def test_clicks_and_scans_have_volumes_too():
    click = '[[click]]\ncolour_mode = "mono"\nper_impression = "{}"\n{}'
    clicks = click.format("0.05", "") + click.format("0.02", 'from = "100"\n')
    scan = '[[scan]]\nper_page = "{}"\n{}'
    scans = scan.format("0.10", "") + scan.format("0.01", 'from = "10"\n')

    assert amounts(clicks, JobLine(colour_mode="mono", impressions=99)) == [4_950_000]
    assert amounts(clicks, JobLine(colour_mode="mono", impressions=100)) == [2_000_000]
    assert amounts(scans, JobLine(impressions=9), JobLine(impressions=1), kind="scan") == [90_000, 10_000]
    assert amounts(scans, JobLine(impressions=9), kind="scan") == [900_000]


FINISHING = (
    ONE_PER_M2
    + """
[[finishing]]
code = "staple"
per_sheet = "0.02"
[[finishing]]
code = "fold"
per_impression = "0.03"
[[finishing]]
code = "laminate"
per_m2 = "2"
[[finishing]]
code = "bind"
per_job = "4"
"""
)


def test_finishing_is_added_by_sheet_impression_area_or_job():
    line = metres(1, sheets=3, impressions=5)

    def with_finishing(*codes):
        return metres(1, sheets=3, impressions=5, finishing=list(codes))

    assert price_of(FINISHING, line) == 1_000_000
    assert price_of(FINISHING, with_finishing("staple")) == 1_060_000
    assert price_of(FINISHING, with_finishing("fold", "staple")) == 1_210_000
    assert price_of(FINISHING, with_finishing("laminate")) == 3_000_000
    assert price_of(FINISHING, with_finishing("bind")) == 5_000_000


def test_finishing_per_job_is_charged_once_wherever_in_the_job_it_was_done():
    bound = metres(1, finishing=["bind"])

    assert amounts(FINISHING, bound, bound) == [5_000_000, 1_000_000]
    assert amounts(FINISHING, metres(1), bound) == [5_000_000, 1_000_000]


def test_finishing_without_a_rate_costs_nothing_extra_and_alone_makes_no_price():
    assert price_of(FINISHING, metres(1, finishing=["punch"])) == 1_000_000
    assert reason_of(FINISHING.replace(ONE_PER_M2, ""), metres(1, finishing=["staple"]))


def test_finishing_of_what_was_not_counted_is_no_price():
    line = metres(1, finishing=["staple"], sheets=None)

    assert reason_of(FINISHING, line) == (
        "standard v1: charges finishing staple per sheet, and the line does not say its sheets"
    )


def test_a_list_has_its_own_categories_for_the_classes_of_devices():
    rates = (
        '[[class]]\ndevice = "line-mono"\ncategory = "cheap"\n'
        f'[[class]]\nmodel = "{MODEL}"\ndevice = "line-mono"\ncategory = "plan"\n'
        '[[class]]\ndevice = "B"\ncategory = "cheap"\n'
        '[[ppu]]\ncategory = "plan"\nper_m2 = "2"\n[[ppu]]\ncategory = "cheap"\nper_m2 = "1"\n'
    )
    (line,) = priced(rates, metres(1, category="line-mono"))

    assert line.amount_micro == 2_000_000
    assert line.rule == "standard v1: ppu 2.00 per m2 of printed area (category plan for line-mono)"
    assert price_of(rates, metres(1, category=None, ink_ul={"cyan": 1_000})) == 1_000_000
    assert "no rate for category image" in reason_of(rates, metres(1, category="image"))


POLICY = (
    'minimum_per_job = "3"\ncancelled_by_user = "{user}"\naborted = "{aborted}"\n'
    + FINISHING
    + '[[fixed]]\nkind = "print"\nper_job = "0.5"\n'
)


@pytest.mark.parametrize(
    ("policy", "expected"), [("full", [1_500_000, 1_500_000]), ("consumed", [1_000_000]), ("free", [0])]
)
def test_what_a_cancelled_job_is_charged_is_a_policy_of_the_list(policy, expected):
    rates = POLICY.format(user=policy, aborted="full")

    assert amounts(rates, metres(1), outcome="cancelled_by_user") == expected
    assert amounts(rates, metres(1), outcome="aborted") == [1_500_000, 1_500_000]
    assert amounts(rates, metres(1), outcome="partial") == [1_500_000, 1_500_000]


def test_the_rule_says_what_a_cancelled_job_was_spared():
    rates = POLICY.format(user="consumed", aborted="free")
    bound = metres(1, finishing=["bind", "staple"])

    assert [line.rule for line in priced(rates, bound, outcome="aborted")] == [
        "standard v1: free, as the job was aborted"
    ]
    (line,) = priced(rates, bound, outcome="cancelled_by_user")
    assert line.amount_micro == 1_020_000
    assert line.rule == (
        "standard v1: ppu 1.00 per m2 of printed area + finishing 0.02 per sheet (staple)"
        "; cancelled by its user, so only what it consumed"
    )


def test_what_is_free_is_free_although_no_rate_matches():
    rates = POLICY.format(user="free", aborted="full").replace("[[ppu]]", '[[ppu]]\ncategory = "Z"')

    assert amounts(rates, metres(1), outcome="cancelled_by_user") == [0]
    assert amounts(rates, metres(1)) == [None]


def test_a_markup_can_make_cancelled_jobs_free_while_their_cost_stays():
    book = books(
        price='markup = "0.30"\nminimum_per_job = "5"\ncancelled_by_device = "free"\naborted = "consumed"\n',
        cost='minimum_per_job = "2"\n' + ONE_PER_M2,
    )

    def charged(outcome):
        lines = price_job(job(metres(1), outcome=outcome), book)
        return [(line.cost.amount_micro, line.price.amount_micro) for line in lines]

    assert charged("completed") == [(1_000_000, 1_300_000), (1_000_000, 3_700_000)]
    assert charged("cancelled_by_device") == [(1_000_000, 0), (1_000_000, 0)]
    assert charged("aborted") == [(1_000_000, 1_300_000), (1_000_000, 1_300_000)]


def test_classes_of_density_end_where_the_installation_says():
    book = books(price='[[ppu]]\ncategory = "C"\nper_m2 = "1"\n')
    (line,) = price_job(job(a1_line()), book, thresholds=Thresholds(100, 1_000, 3_000))

    assert (line.key.category, line.price.amount_micro) == ("C", 499_600)


def test_lists_that_ask_for_nothing_more_make_no_more_kinds_of_lines():
    (one,) = price_job(job(metres(1, finishing=["bind"]), outcome="aborted"), books(price=ONE_PER_M2))
    (other,) = price_job(job(metres(7)), books(price=ONE_PER_M2))

    assert one.key == other.key
