"""All that a price list can say against an oracle that knows nothing of keys, weights or terms: fractions only."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounting.pricing import price_job
from shared.events.jobs import JobLine
from tests.unit.accounting.price_lists import books, job

RATE = st.integers(0, 10**9).map(lambda value: Fraction(value, 10**8))
STEPS = st.sampled_from([Fraction(1, 100), Fraction(1, 20), Fraction(3, 10), Fraction(5), Fraction(1, 10**6)])
LINE = st.builds(
    JobLine,
    category=st.sampled_from(["line", "image"]),
    media=st.sampled_from(["roll", "none"]),
    printed_area_mm2=st.integers(0, 5_000_000),
    used_area_mm2=st.integers(0, 5_000_000),
    sheets=st.integers(0, 9),
    impressions=st.integers(0, 9),
    finishing=st.lists(st.sampled_from(["staple", "bind", "punch"]), max_size=2),
)
LISTS = st.fixed_dictionaries(
    {
        "ppu": st.lists(RATE, min_size=3, max_size=3),
        "image": RATE,
        "media": st.lists(RATE, min_size=2, max_size=2),
        "staple": st.lists(RATE, min_size=2, max_size=2),
        "bind": RATE,
        "fixed": RATE,
        "overhead": RATE,
        "step": STEPS,
        "policy": st.sampled_from(["full", "consumed", "free"]),
        "steps": st.integers(0, 50),
    }
)
PPU_FROM, MEDIA_FROM, STAPLE_FROM = (Fraction(2), Fraction(9, 2)), Fraction(3), 8


def text(value: Fraction) -> str:
    digits = f"{int(value * 10**8):09d}"
    return f'"{digits[:-8]}.{digits[-8:]}"'


def toml_of(told) -> str:
    def entry(table, rate, key, *, at_least=None, **more):
        keys = "".join(f'{name} = "{value}"\n' for name, value in more.items())
        volume = f'from = "{plain(at_least)}"\n' if at_least else ""
        return f"[[{table}]]\n{keys}{key} = {text(rate)}\n{volume}"

    step, minimum = told["step"], told["step"] * told["steps"]
    return (
        f'rounding_step = "{float_free(step)}"\nminimum_per_job = "{float_free(minimum)}"\n'
        f'overhead = {text(told["overhead"])}\naborted = "{told["policy"]}"\n'
        '[[class]]\ndevice = "image"\ncategory = "picture"\n'
        + entry("ppu", told["ppu"][0], "per_m2")
        + entry("ppu", told["ppu"][1], "per_m2", at_least=PPU_FROM[0])
        + entry("ppu", told["ppu"][2], "per_m2", at_least=PPU_FROM[1])
        + entry("ppu", told["image"], "per_m2", category="picture")
        + entry("media", told["media"][0], "per_m2", code="roll")
        + entry("media", told["media"][1], "per_m2", code="roll", at_least=MEDIA_FROM)
        + entry("finishing", told["staple"][0], "per_sheet", code="staple")
        + entry("finishing", told["staple"][1], "per_sheet", code="staple", at_least=STAPLE_FROM)
        + entry("finishing", told["bind"], "per_job", code="bind")
        + entry("fixed", told["fixed"], "per_job", kind="print")
    )


def plain(value) -> str:
    return str(value) if value == int(value) else float_free(Fraction(value))


def float_free(value: Fraction) -> str:
    micro = int(value * 10**6)
    return f"{micro // 10**6}.{micro % 10**6:06d}"


def tier(rates, steps, total):
    """The last rate whose step the total reaches."""
    return rates[sum(1 for step in steps if total >= step)]


def sums_of(lines, told, outcome):
    """The exact sum of each line, as a person would add it up."""
    policy = told["policy"] if outcome == "aborted" else "full"
    if policy == "free":
        return [Fraction(0)] * len(lines)
    printed = Fraction(sum(line.printed_area_mm2 for line in lines), 10**6)
    used = Fraction(sum(line.used_area_mm2 for line in lines), 10**6)
    sheets = sum(line.sheets for line in lines)
    codes = {code for line in lines for code in line.finishing}
    found = []
    for index, line in enumerate(lines):
        rate = told["image"] if line.category == "image" else tier(told["ppu"], PPU_FROM, printed)
        total = Fraction(line.printed_area_mm2, 10**6) * rate
        if line.media == "roll":
            total += Fraction(line.used_area_mm2, 10**6) * tier(told["media"], [MEDIA_FROM], used)
        if "staple" in line.finishing:
            total += line.sheets * tier(told["staple"], [STAPLE_FROM], sheets)
        if index == 0 and policy == "full":
            total += told["fixed"] + (told["bind"] if "bind" in codes else 0)
        found.append(total * (1 + told["overhead"]))
    return found


@given(lines=st.lists(LINE, min_size=1, max_size=4), told=LISTS, outcome=st.sampled_from(["completed", "aborted"]))
@settings(max_examples=200, deadline=None)
def test_every_line_is_its_exact_sum_rounded_once_to_a_step(lines, told, outcome):
    charged = price_job(job(*lines, outcome=outcome), books(price=toml_of(told)))
    step = told["step"]
    expected = [round(each / step) * step for each in sums_of(lines, told, outcome)]
    if outcome == "completed" or told["policy"] == "full":
        missing = step * told["steps"] - sum(expected)
        expected += [missing] if missing > 0 else []

    assert [Fraction(line.price.amount_micro, 10**6) for line in charged] == expected


@given(lines=st.lists(LINE, min_size=2, max_size=6), told=LISTS, at=st.integers(1, 5))
@settings(deadline=None)
def test_a_split_job_is_the_whole_where_nothing_is_per_job_and_no_volume_counts(lines, told, at):
    plain = {**told, "steps": 0, "policy": "full", "fixed": Fraction(0), "bind": Fraction(0)}
    plain |= {name: [told[name][0]] * len(told[name]) for name in ("ppu", "media", "staple")}
    book = books(price=toml_of(plain))

    def exact(*some):
        each = job(*some)
        pair = book.pair_at(each.completed_at)
        return sum(
            (
                Fraction(*pair.rates_for(line.key).price.exact(line.quantities, first=line.line == 0))
                for line in price_job(each, book)
            ),
            Fraction(0),
        )

    split = min(at, len(lines) - 1)
    assert exact(*lines[:split]) + exact(*lines[split:]) == exact(*lines)
