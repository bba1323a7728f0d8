"""Two price lists side by side: what was added, removed and changed, and by how many percent."""

from __future__ import annotations

from services.accounting.pricelist.compare import RateChange, SettingChange, compare
from services.accounting.pricelist.toml_text import from_toml

HEAD = 'name = "standard"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'


def file(rates, head=HEAD):
    return from_toml(head + rates, currency="EUR")


def rates(before, after):
    return compare(file(before), file(after)).rates


def test_a_list_compared_with_itself_shows_no_difference():
    both = '[[ppu]]\nmodel = "T1700"\nper_m2 = "1.10"\n[[scan]]\nper_page = "0.05"\n'
    found = compare(file(both), file(both.replace('"1.10"', '"1.100"'), head=HEAD.replace("standard", "copy")))

    assert found.is_same
    assert found.same_rates == 2


def test_added_removed_and_changed_rates_are_told_with_both_values():
    found = rates(
        '[[ppu]]\ncategory = "A"\nper_m2 = "1.10"\n[[ppu]]\ncategory = "B"\nper_m2 = "2"\n',
        '[[ppu]]\ncategory = "C"\nper_m2 = "3"\n[[ppu]]\ncategory = "A"\nper_m2 = "1.155"\n',
    )

    assert found == [
        RateChange(table="ppu", change="changed", meant_for={"category": "A"}, before={"per_m2": "1.10"},
                   after={"per_m2": "1.155"}, percent="5.00"),
        RateChange(table="ppu", change="removed", meant_for={"category": "B"}, before={"per_m2": "2.00"},
                   after=None, percent=None),
        RateChange(table="ppu", change="added", meant_for={"category": "C"}, before=None, after={"per_m2": "3.00"},
                   percent=None),
    ]  # fmt: skip


def test_the_order_of_a_file_is_no_difference():
    one = '[[media]]\ncode = "a"\nper_m2 = "1"\n'
    other = '[[media]]\ncode = "b"\nper_m2 = "1"\n'

    assert rates(one + other, other + one) == []


def test_ink_from_a_cartridge_is_compared_per_ml():
    (found,) = rates(
        '[[ink]]\ncolour = "cyan"\nper_ml = "0.30"\n',
        '[[ink]]\ncolour = "cyan"\ncartridge_price = "99"\ncartridge_ml = "300"\n',
    )

    assert found.percent == "10.00"
    assert found.after == {"cartridge_price": "99.00", "cartridge_ml": "300"}


def test_rates_of_other_units_and_rates_from_zero_have_no_percentage():
    other_unit = rates(
        '[[ppu]]\nper_m2 = "1"\n[[media]]\ncode = "a"\nper_m2 = "1"\n',
        '[[ppu]]\nper_m2 = "1"\n[[media]]\ncode = "a"\nper_m = "1"\n',
    )
    from_zero = rates('[[scan]]\nper_page = "0"\n', '[[scan]]\nper_page = "1"\n')

    assert [each.percent for each in other_unit + from_zero] == [None, None]


def test_percentages_are_exact_and_half_even():
    (third,) = rates('[[scan]]\nper_page = "3"\n', '[[scan]]\nper_page = "2"\n')
    (tie,) = rates('[[scan]]\nper_page = "800"\n', '[[scan]]\nper_page = "800.2"\n')

    assert (third.percent, tie.percent) == ("-33.33", "0.02")


def test_settings_that_differ_are_told_and_names_are_not():
    before = file('markup = "0.30"\n')
    after = file('[[scan]]\nper_page = "1"\n', head=HEAD.replace("standard", "other") + "precision = 2\n")

    assert compare(before, after).settings == [
        SettingChange("precision", "4", "2"),
        SettingChange("markup", "0.30", None),
    ]


def test_volumes_and_classes_are_compared_by_what_they_are_meant_for():
    before = '[[ppu]]\nper_m2 = "2"\n[[ppu]]\nfrom = "100"\nper_m2 = "1.50"\n'
    before += '[[class]]\ndevice = "line"\ncategory = "A"\n'
    found = rates(before, before.replace('"1.50"', '"1.20"').replace('"A"', '"B"'))

    assert [(each.table, each.meant_for, each.after, each.percent) for each in found] == [
        ("ppu", {"from": "100"}, {"per_m2": "1.20"}, "-20.00"),
        ("class", {"device": "line"}, {"category": "B"}, None),
    ]
