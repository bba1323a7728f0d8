"""Price list files: every fault is told at once with its place, and what is written is what was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.csv_text import from_csv, to_csv
from services.accounting.pricelist.document import to_document
from services.accounting.pricelist.reader import WrongPriceList
from services.accounting.pricelist.toml_text import from_toml, to_toml
from services.accounting.pricing.entries import Ink, Ppu, Scope

HEAD = 'name = "standard"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'
EVERYTHING = (
    HEAD
    + """
valid_until = 2027-01-01T00:00:00+01:00
area = "used"
precision = 3
minimum_per_job = "0.500"
[[ppu]]
model = "HP DesignJet T1700"
category = "line-colour"
per_m2 = "1.10"
[[media]]
code = "coated-90"
per_m2 = "0.25"
[[media]]
code = "roll"
group = "Floor 2"
per_m = "0.12345678"
[[ink]]
colour = "cyan"
per_ml = "0.35"
[[ink]]
colour = "black"
cartridge_price = "98.00"
cartridge_ml = "130.5"
[[click]]
colour_mode = "mono"
size = "A4"
per_impression = "0.012"
[[scan]]
printer = "p1"
per_page = "0.05"
[[fixed]]
kind = "print"
per_job = "0.10"
"""
)
MORE = (
    HEAD
    + """
valid_until = 2026-07-01
rounding_step = "0.05"
minimum_per_job = "0.50"
overhead = "0.075"
cancelled_by_user = "consumed"
cancelled_by_device = "free"
aborted = "full"
[[ppu]]
per_m2 = "1.10"
[[ppu]]
per_m2 = "0.90"
from = "12.5"
[[media]]
code = "roll"
per_m = "0.10"
[[media]]
code = "roll"
per_m = "0.08"
from = "100"
[[click]]
colour_mode = "mono"
per_impression = "0.05"
[[click]]
colour_mode = "mono"
per_impression = "0.02"
from = "1000"
[[scan]]
per_page = "0.10"
[[scan]]
per_page = "0.05"
from = "10"
[[finishing]]
code = "staple"
per_sheet = "0.02"
[[finishing]]
group = "Floor 2"
code = "bind"
per_job = "4"
[[class]]
model = "HP DesignJet T1700"
device = "line-mono"
category = "A"
"""
)


def faults(text):
    with pytest.raises(WrongPriceList) as wrong:
        from_toml(text, currency="EUR")
    return {fault.pointer: fault.detail for fault in wrong.value.faults}


def test_a_file_is_read_into_exact_numbers():
    read = from_toml(EVERYTHING, currency="EUR")

    assert read.ppu == (Ppu(Scope("model", "HP DesignJet T1700"), "line-colour", 110_000_000),)
    assert read.ink[1] == Ink(Scope("", ""), "black", 9_800_000_000, 130_500, cartridge=True)
    assert (read.minimum_micro, read.precision, read.area) == (500_000, 3, "used")


def test_a_volume_is_read_in_the_smallest_unit_of_its_rate():
    read = from_toml(MORE, currency="EUR")

    assert [read.ppu[1].at_least, read.media[1].at_least] == [12_500_000, 100_000_000]
    assert [read.click[1].at_least, read.scan[1].at_least] == [1_000, 10]
    assert (read.step_micro, read.precision, read.overhead_e8) == (50_000, 2, 7_500_000)
    assert [read.policy(outcome) for outcome in ("cancelled_by_user", "cancelled_by_device", "aborted")] == [
        "consumed", "free", "full",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [EVERYTHING, MORE])
def test_a_file_survives_being_written_and_read_again(text):
    read = from_toml(text, currency="EUR")

    assert from_toml(to_toml(read), currency="EUR") == read
    assert from_csv(to_csv(read), currency="EUR") == read
    assert from_csv(to_csv(read).replace(",", ";"), currency="EUR") == read
    assert read_document(to_document(read), currency="EUR") == read


TEXT = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
AMOUNT = st.decimals(0, 10**6, places=8).map(lambda value: f"{value:f}")


@given(st.dictionaries(TEXT, AMOUNT, min_size=1, max_size=5), st.sampled_from(["printer", "group", "model"]), TEXT)
def test_any_text_survives_toml_and_csv(rates, level, device):
    document = {
        "name": "any list",
        "book": "cost",
        "currency": "EUR",
        "valid_from": "2026-11-02T09:15:00+01:00",
        "ppu": [{"category": category, level: device, "per_m2": rate} for category, rate in rates.items()],
    }
    read = read_document(document, currency="EUR")

    assert from_toml(to_toml(read), currency="EUR") == read
    assert from_csv(to_csv(read), currency="EUR") == read


def test_every_fault_is_told_at_once_with_its_place():
    told = faults(
        """
        name = "a/b"
        book = "prize"
        currency = "USD"
        valid_from = 2026-01-01T00:00:00
        colour = "red"
        [[ppu]]
        per_m2 = 1.10
        [[ppu]]
        model = "a"
        printer = "b"
        per_m2 = "1,10"
        [[click]]
        colour_mode = "mono"
        size = "B5"
        per_impression = "0.123456789"
        [[fixed]]
        kind = "fax"
        per_job = "-1"
        """
    )

    assert set(told) == {
        "/name", "/book", "/currency", "/valid_from", "/colour", "/ppu/0/per_m2", "/ppu/1", "/ppu/1/per_m2",
        "/click/0/size", "/click/0/per_impression", "/fixed/0/kind", "/fixed/0/per_job",
    }  # fmt: skip
    assert told["/ppu/0/per_m2"] == 'amounts must be exact: write it as a string, such as per_m2 = "1.1"'
    assert told["/currency"] == "this installation counts in EUR, not in USD"
    assert "zone" in told["/valid_from"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-01", "2026-01-01T12:00:00+01:00"),
        ("2026-06-02", "2026-06-01T23:00:00+00:00"),  # an hour into the day in Berlin
        ("2026-01-01T12:00:00+01:00", "2026-01-02"),
    ],
)
def test_a_list_may_be_valid_for_a_part_of_a_day(start, end):
    file = from_toml(f'name = "x"\nbook = "price"\ncurrency = "EUR"\nvalid_from = {start}\nvalid_until = {end}\n'
                     '[[ppu]]\nper_m2 = "1"\n', currency="EUR")  # fmt: skip
    assert (file.valid_from.isoformat(), file.valid_until.isoformat()) == (start, end)


def test_an_end_days_before_the_start_is_refused():
    with pytest.raises(WrongPriceList, match="after valid_from"):
        from_toml('name = "x"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-03\n'
                  'valid_until = 2026-01-01T23:00:00+00:00\n[[ppu]]\nper_m2 = "1"\n', currency="EUR")  # fmt: skip


@pytest.mark.parametrize(
    ("rates", "pointer", "words"),
    [
        ("", "", "neither rates nor a markup"),
        ('valid_until = 2026-01-01\n[[ppu]]\nper_m2 = "1"\n', "/valid_until", "after valid_from"),
        ('markup = "0.3"\n[[ppu]]\nper_m2 = "1"\n', "/markup", "without rates"),
        ('markup = "-1"\n', "/markup", "less than the whole cost"),
        ('minimum_per_job = "0.00001"\n[[ppu]]\nper_m2 = "1"\n', "/minimum_per_job", "precision of 4"),
        ('[[ppu]]\nper_m2 = "1"\n[[ppu]]\nper_m2 = "2"\n', "/ppu/1", "/ppu/0"),
        ('[[media]]\ncode = "x"\nper_m = "1"\nper_m2 = "1"\n', "/media/0", "exactly one"),
        ('[[ink]]\ncolour = "cyan"\ncartridge_price = "98"\n', "/ink/0/cartridge_ml", "missing"),
        ('[[ink]]\ncolour = "cyan"\n', "/ink/0", "either per_ml"),
        ('rounding_step = "0.05"\nprecision = 2\n[[ppu]]\nper_m2 = "1"\n', "/precision", "only one"),
        ('rounding_step = "0"\n[[ppu]]\nper_m2 = "1"\n', "/rounding_step", "more than 0"),
        ('rounding_step = "0.05"\nminimum_per_job = "0.12"\n[[ppu]]\nper_m2 = "1"\n', "/minimum_per_job",
         "no multiple of the rounding step of 0.05"),
        ('markup = "0.3"\noverhead = "0.1"\n', "/overhead", "only one"),
        ('markup = "0.3"\n[[class]]\ndevice = "B"\ncategory = "x"\n', "/class", "a markup has none"),
        ('overhead = "-0.1"\n[[ppu]]\nper_m2 = "1"\n', "/overhead", "negative"),
        ('aborted = "half"\n[[ppu]]\nper_m2 = "1"\n', "/aborted", '"full", "consumed", "free"'),
        ('[[ppu]]\nper_m2 = "1"\nfrom = "5"\n', "/ppu/0/from", "without `from`"),
        ('[[ppu]]\nper_m2 = "1"\n[[ppu]]\nper_m2 = "1"\nfrom = "0.0"\n', "/ppu/1", "/ppu/0"),
        ('[[click]]\ncolour_mode = "mono"\nper_impression = "1"\nfrom = "1.5"\n', "/click/0/from", "decimals"),
        ('[[media]]\ncode = "x"\nper_m = "1"\n[[media]]\ncode = "x"\nper_m2 = "1"\nfrom = "5"\n',
         "/media/1/per_m2", "must be per_m as /media/0"),
        ('[[finishing]]\ncode = "bind"\nper_job = "1"\nfrom = "5"\n', "/finishing/0/from", "does not depend"),
        ('[[finishing]]\ncode = "bind"\n', "/finishing/0", "per_sheet, per_impression, per_m2, per_job"),
        ('[[class]]\ndevice = "B"\n', "/class/0/category", "missing"),
        ('[[class]]\ndevice = "B"\ncategory = "x"\n', "", "neither rates"),
        ('precision = 7\n[[ppu]]\nper_m2 = "1"\n', "/precision", "0 to 6"),
        ('[[ppu]]\nper_m2 = "1e3"\n', "/ppu/0/per_m2", "decimal number"),
        ("[[ppu]]\nper_m2 = 1\n", "/ppu/0/per_m2", 'per_m2 = "1"'),
        ("ppu = 3\n", "/ppu", "[[ppu]]"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(rates, pointer, words):
    assert words in faults(HEAD + rates)[pointer]


def test_a_markup_is_only_for_prices():
    assert "book price" in faults(HEAD.replace('"price"', '"cost"') + 'markup = "0.3"\n')["/markup"]


def test_what_is_no_toml_is_said_in_one_sentence():
    assert "is not TOML" in faults("name = ")[""]
