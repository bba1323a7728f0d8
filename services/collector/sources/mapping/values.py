"""Texts to exact values: numbers as the file writes them, quantities with units, yes and no; never a float."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from services.collector.sources.mapping.document import NumberOptions
from services.collector.sources.mapping.faults import WrongValue
from shared.money import round_half_even

Dimension = Literal["length", "area", "ink"]
TOLD: Final = "told"
MAX_EXPONENT: Final = 30

UNITS: Final[dict[Dimension, dict[str, Fraction]]] = {
    # Into um, mm2 and uL. An inch is 25.4 mm exactly; a US fluid ounce 29.5735295625 ml exactly.
    "length": {
        "um": Fraction(1),
        "mm": Fraction(1_000),
        "cm": Fraction(10_000),
        "m": Fraction(1_000_000),
        "in": Fraction(25_400),
        "ft": Fraction(304_800),
        "pt": Fraction(25_400, 72),
    },
    "area": {
        "mm2": Fraction(1),
        "cm2": Fraction(100),
        "m2": Fraction(1_000_000),
        "in2": Fraction(64_516, 100),
        "ft2": Fraction(9_290_304, 100),
    },
    "ink": {
        "nl": Fraction(1, 1_000),
        "ul": Fraction(1),
        "ml": Fraction(1_000),
        "cc": Fraction(1_000),
        "cl": Fraction(10_000),
        "l": Fraction(1_000_000),
        "oz": Fraction(295_735_295_625, 10_000_000),
    },
}
_SPELLINGS: Final = {
    "µm": "um", "μm": "um", "micron": "um", "microns": "um", "millimeter": "mm", "metre": "m", "metres": "m",
    "meter": "m", "meters": "m", "inch": "in", "inches": "in", '"': "in", "feet": "ft", "foot": "ft", "'": "ft",
    "mm²": "mm2", "cm²": "cm2", "m²": "m2", "sqm": "m2", "in²": "in2", "sqin": "in2", "ft²": "ft2", "sqft": "ft2",
    "м²": "m2", "мм": "mm", "м": "m", "мл": "ml", "µl": "ul", "μl": "ul", "cm3": "cc", "cm³": "cc", "ccm": "cc",
    "floz": "oz", "liter": "l", "litre": "l",
}  # fmt: skip
"""Other ways to write a unit; blanks, points and case do not count."""

_PLAIN: Final = re.compile(r"([+-]?)(\d{1,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII)
_WITH_UNIT: Final = re.compile(r"(?s)\s*([+-]?[\d.,'\s\u00a0\u202f\u2009\u2019]*\d)\s*(.*?)\s*")
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f\u2009]")
_YES: Final = frozenset({"yes", "y", "true", "1", "on", "ja", "oui", "si", "sí", "sì", "sim", "x"})
_NO: Final = frozenset({"no", "n", "false", "0", "off", "nein", "non", "não"})


class Said(NamedTuple):
    """A text as the record has it; `plain` where it is a number of JSON, which always has a point."""

    text: str
    plain: bool = False


def number(said: Said, options: NumberOptions) -> Fraction:
    """A number, exactly.

    Raises:
        WrongValue: it is none.
    """
    text = said.text.strip()
    plain = text if said.plain else _ungrouped(text, options)
    found = _PLAIN.fullmatch(plain) if plain is not None else None
    exponent = int(found[4] or 0) if found else 0
    if found is None or abs(exponent) > MAX_EXPONENT:
        example = f"12{options.decimal}5" + (f" or 1{options.group}234{options.decimal}5" if options.group else "")
        raise WrongValue(f"must be a number such as {example}")
    decimals = found[3] or ""
    value = Fraction(int(found[2] + decimals), 10 ** len(decimals)) * Fraction(10) ** exponent
    return -value if found[1] == "-" else value


def count(said: Said, options: NumberOptions) -> int:
    """A whole number from 0.

    Raises:
        WrongValue: it is none.
    """
    value = number(said, options)
    if value.denominator != 1 or value < 0:
        raise WrongValue("must be a whole number such as 3")
    return int(value)


def quantity(said: Said, unit: str | None, dimension: Dimension, options: NumberOptions) -> int:
    """A length in um, an area in mm2 or ink in uL, rounded once, half to even.

    Args:
        said: the number, perhaps with its unit behind it.
        unit: of the number; TOLD where the text must say it.
        dimension: which it is.
        options: how numbers are written.

    Raises:
        WrongValue: it is no number, negative, its unit is not known or is not the one that the mapping names.
    """
    plain, written = said, ""
    if not said.plain and (parts := _WITH_UNIT.fullmatch(said.text)):
        plain, written = Said(parts[1]), parts[2]
    known = UNITS[dimension]
    if written and unit not in (TOLD, None) and unit_named(written) != unit_named(str(unit)):
        raise WrongValue(
            f"is in {written!r} and the mapping says {unit}: set unit = {TOLD!r} where the file tells it"
        )
    name = unit_named(written) if written else unit_named(unit or "")
    if name not in known:
        what = "has no unit" if name in ("", TOLD) else f"has the unit {name!r}"
        raise WrongValue(f"{what}: must be one of {', '.join(known)}")
    value = number(plain, options) * known[name]
    if value < 0:
        raise WrongValue("must not be below 0")
    return round_half_even(value.numerator, value.denominator)


def unit_named(text: str) -> str:
    """The proper name of a unit as it is written, or what is written if it is not known."""
    plain = _BLANKS.sub("", text).lower().rstrip(".")
    plain = _SPELLINGS.get(plain, plain).replace(".", "")
    return _SPELLINGS.get(plain, plain)


def yes_or_no(said: Said) -> bool:
    """A truth.

    Raises:
        WrongValue: it is none.
    """
    word = said.text.strip().casefold()
    if word not in _YES | _NO:
        raise WrongValue("must be yes or no")
    return word in _YES


def _ungrouped(text: str, options: NumberOptions) -> str | None:
    """With a point before its decimals and no signs between groups; None where that can't be."""
    if options.group == " ":
        text = _BLANKS.sub(" ", text)
    elif options.group == "'":
        text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    whole, mark, decimals = text.partition(options.decimal)
    if options.group and options.group in whole:
        sign = whole[:1] if whole[:1] in ("+", "-") else ""
        groups = whole.removeprefix(sign).split(options.group)
        if not 1 <= len(groups[0]) <= 3 or any(len(each) != 3 for each in groups[1:]):  # noqa: PLR2004 - thousands
            return None
        whole = sign + "".join(groups)
    other = "," if options.decimal == "." else "."
    return None if other in whole + decimals else whole + ("." + decimals if mark else "")
