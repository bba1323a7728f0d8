"""Which columns of its lines a question needs, and how the database sends each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from services.accounting.rerate.keys import AREAS, Needs
from services.accounting.rerate.packing import Column, Large, Small

CHUNK: Final = 25_000
"""Lines taken at once, give or take a job: their columns still lie in the processor's cache, and in memory that is
used again for the next ones."""
MAX_STEP: Final = 4 * CHUNK
"""Ids looked through at once; they are offsets of Kafka, so nearly each of them has a job of about this time."""
_CODE_BITS: Final = 3
_NULL: Final = "-9223372036854775808"


def columns_of(
    needs: Needs,
    widths: Mapping[str, int],
    *,
    states: bool = False,
    rules: bool = False,
    is_amended: bool = True,
    is_filtered: bool = True,
) -> dict[str, Column]:
    """The columns by name.

    Args:
        needs: what of a line is needed for its price.
        widths: how many bits the largest number of each dimension has.
        states: whether other states are going to be posted.
        rules: whether some of what is booked may stay, and its rules with it.
        is_amended: whether any line may be in another state than its charge.
        is_filtered: whether only some lines are wanted; else all that are not void.
    """
    found: dict[str, Column] = dict(_always())
    found |= {name: _numbered(name, widths) for name in _NUMBERED}
    found |= {name: _quantity(name) if name in needs.areas else _is_told(name) for name in AREAS}
    if needs.cancelled:
        found["outcome"] = Small("c.outcome", _CODE_BITS)
    if needs.more:
        found |= {name: _quantity(name) for name in ("scan_area_mm2", "roll_width_um", "width_um", "length_um")}
        found |= {name: Small(f"coalesce(c.{name}, -1)::bigint + 1", 32, 1) for name in ("impressions", "sheets")}
        found["colour_mode"] = Small("coalesce(c.colour_mode, 0)", _CODE_BITS)
        found["finishing_no"] = _numbered("finishing_no", widths)
    if needs.inks:
        found["ink_set_no"] = _numbered("ink_set_no", widths)
    if is_amended:
        found["voided"] = Small("c.voided::integer", 1)
    if is_filtered:
        found["wanted"] = Small("c.wanted::integer", 1)
    if states:
        found |= _of_states(is_amended=is_amended)
    if rules:
        found |= {name: _numbered(name, widths) for name in ("cost_rule_no", "price_rule_no")}
    return found


_NUMBERED: Final = ("printer_no", "person_no", "project_no", "department_no", "media_no", "category_no")


def _always() -> Iterator[tuple[str, Column]]:
    yield "offset", Small("c.entry_id - %(since)s::bigint", MAX_STEP.bit_length())
    yield "line", Small("c.line", 15)
    yield "kind", Small("c.kind", _CODE_BITS)
    yield "is_minimum", Small("(c.entry_kind = 2)::integer", 1)
    for book in ("cost", "price"):
        yield f"{book}_micro", Large(f"int8send(coalesce(c.{book}_micro, {_NULL}))")


def _of_states(*, is_amended: bool) -> dict[str, Column]:
    """What is needed to post another state: a charge has no revision, and is its own last entry."""
    found: dict[str, Column] = {
        "billable": Small("c.billable::integer", 1),
        "occurred_us": Large("timestamptz_send(c.occurred_at)"),
        "day": Large("date_send(c.day)", ">i4"),
    }
    if is_amended:
        found["revision"] = Small("c.revision", 31)
        found["counted"] = Small("coalesce(c.counted, -1) + 1", 4)
        found["last_entry_id"] = Large("int8send(c.last_entry_id)")
    return found


def _quantity(name: str) -> Large:
    return Large(f"int8send(coalesce(c.{name}, -1))")


def _is_told(name: str) -> Small:
    """Whether a quantity is there, which decides what is said of a line without price: 0, or absent."""
    return Small(f"(c.{name} IS NOT NULL)::integer", 1, 1)


def _numbered(name: str, widths: Mapping[str, int]) -> Small:
    return Small(f"c.{name}", widths[name])
