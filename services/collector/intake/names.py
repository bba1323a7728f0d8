"""Names as they are meant: without the blanks that a form, a spreadsheet or a panel has left around them."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from shared.events.jobs import JobCompleted

_OF_JOB: Final = ("project", "department")
_OF_PRINTER: Final = ("id", "serial", "model")


def trimmed(data: JobCompleted) -> JobCompleted:
    """The job with person, project, department and printer trimmed; what is only blanks is not told at all.

    `" P-100"` is P-100: prices, budgets and reports find names by what they are, letter by letter.
    """
    changes: dict[str, object] = _without_blanks(data, _OF_JOB)
    if of_printer := _without_blanks(data.printer, _OF_PRINTER):
        changes["printer"] = replace(data.printer, **of_printer)
    if data.person is not None and (of_person := _without_blanks(data.person, ("claimed",))):
        changes["person"] = replace(data.person, **of_person)
    return replace(data, **changes) if changes else data


def _without_blanks(struct: object, names: tuple[str, ...]) -> dict[str, object]:
    """The fields that change, with their new values."""
    changes: dict[str, object] = {}
    for name in names:
        told = getattr(struct, name)
        if told is not None and (plain := told.strip()) != told:
            changes[name] = plain or None
    return changes
