"""What a correction asks for: what is to change, on which lines, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.accounting.filters import LineFilters, shown
from shared.http.problems import FieldError, Invalid

MAX_NAMED: Final = 10_000
"""Most charges or jobs that one request names; a filter finds as many as there are."""
MAX_REASON: Final = 500
Reason = Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]
Name = Annotated[str, Meta(max_length=200)]
ChargeId = Annotated[str, Meta(pattern=r"^[0-9]{1,19}\.[0-9]{1,5}$", description="Id of a ledger line.")]
CorrectionId = Annotated[str, Meta(pattern=r"^[0-9]{1,18}$", description="Id of a correction.")]


class Change(Struct, frozen=True, kw_only=True):
    """What lines are to count for; what is left out stays, "" is nobody or none."""

    person: Name | UnsetType = UNSET
    project: Name | UnsetType = UNSET
    department: Name | UnsetType = UNSET
    billable: bool | UnsetType = UNSET


class CorrectionRequest(Struct, frozen=True, kw_only=True):
    """One change: one of `change`, `void` and `undo`, and lines by one of `charges`, `jobs` and `filter`.

    Attributes:
        void: takes the lines out of every total.
        undo: a correction whose lines get the state that they had before it; they are all of its lines.
        charges: ledger lines by id.
        jobs: all lines of these jobs.
        filter: all lines that it finds, in their current state.
        expect_lines: refuses the change unless just so many lines change.
        dry_run: answers what the change would do, and does nothing.
        force: also where the project or department is closed.
    """

    reason: Reason
    change: Change | UnsetType = UNSET
    void: bool = False
    undo: CorrectionId | UnsetType = UNSET
    charges: Annotated[list[ChargeId], Meta(min_length=1, max_length=MAX_NAMED)] | UnsetType = UNSET
    jobs: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_NAMED)] | UnsetType = UNSET
    filter: LineFilters | UnsetType = UNSET
    expect_lines: Annotated[int, Meta(ge=0)] | None = None
    dry_run: bool = False
    force: bool = False


def check(request: CorrectionRequest) -> None:
    """Refuses a request that does not say clearly what it wants.

    Raises:
        Invalid: with the place of each fault.
    """
    if faults := list(_faults(request)):
        raise Invalid(faults)


def _faults(request: CorrectionRequest) -> Iterator[FieldError]:
    wanted = [request.change is not UNSET, request.void, request.undo is not UNSET]
    if sum(wanted) != 1:
        yield FieldError("", "give just one of change, void and undo")
    if request.change == Change():
        yield FieldError("/change", "give at least one of person, project, department and billable")
    if isinstance(request.change, Change):
        yield from _bad_names(request.change)
    if not request.reason.strip() or "\0" in request.reason:
        yield FieldError("/reason", "say why, in words")
    lines = [each is not UNSET for each in (request.charges, request.jobs, request.filter)]
    if request.undo is not UNSET:
        if any(lines):
            yield FieldError("", "an undo is of all lines of its correction: leave out charges, jobs and filter")
    elif sum(lines) != 1:
        yield FieldError("", "give just one of charges, jobs and filter")
    if isinstance(request.filter, LineFilters) and not shown(request.filter):
        yield FieldError("/filter", "give at least one filter, such as the period")


def _bad_names(change: Change) -> Iterator[FieldError]:
    for name in ("person", "project", "department"):
        value = getattr(change, name)
        if value is not UNSET and (value != value.strip() or not value.isprintable()):
            yield FieldError(f"/change/{name}", "must be printable characters, no space around them")


def recorded(request: CorrectionRequest) -> dict[str, Any]:
    """The request as it is kept with its correction."""
    kept: dict[str, Any] = msgspec.to_builtins(request, str_keys=True)
    for name in ("reason", "dry_run"):
        kept.pop(name, None)
    if isinstance(request.filter, LineFilters):
        kept["filter"] = shown(request.filter)
    return {name: value for name, value in kept.items() if value not in (None, False)}
