"""`charge.posted.v1` of a ledger line: what the event says, field by field. Pure.

The relay puts the same bytes together quicker, see `charge_texts`; what counts is this.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from shared.events import CHARGE_POSTED, ChargePosted, CloudEvent
from shared.events.charges import BookAmount, ChargePerson, ChargeQuantities
from shared.events.envelope import new_event
from shared.money import format_micro

SOURCE: Final = "/accounting/ledger"
NAMESPACE: Final = uuid.UUID("0b6a8a52-3a4f-5d0e-9b0c-6b1f2d7c4e11")


def charge_id(entry_id: int, line: int) -> str:
    """The public id of a ledger line."""
    return f"{entry_id}.{line}"


def event_id(charge: str) -> str:
    """The event's id, the same however often the charge is told."""
    return str(uuid.uuid5(NAMESPACE, charge))


def charge_event(row: tuple[Any, ...], *, currency: str) -> CloudEvent[ChargePosted]:
    """The event of a ledger line whose numbers are replaced by what they stand for."""
    (
        entry_id, line, entry_kind, follows_entry, follows_line, job_id, job_key,
        printer, person, project, department, billable, kind, outcome, media, category,
        printed, used, ink, impressions, sheets,
        cost, cost_list, cost_version, cost_rule, price, price_list, price_version, price_rule,
        occurred_at, posted_at, day, jobs, unpriced_lines, correction_id, actor, reason,
    ) = row  # fmt: skip
    charge = charge_id(entry_id, line)
    data = ChargePosted(
        id=charge,
        entry_kind=entry_kind,
        follows=None if follows_entry is None else charge_id(follows_entry, follows_line),
        job_id=job_id,
        job_key=job_key,
        line=line,
        printer=printer,
        person=ChargePerson(claimed=person or None),
        project=project,
        department=department,
        billable=billable,
        kind=kind,
        outcome=outcome,
        media=media,
        category=category,
        quantities=ChargeQuantities(
            printed_area_mm2=printed, used_area_mm2=used, ink_ul=ink, impressions=impressions, sheets=sheets
        ),
        cost=book_amount(cost, cost_list, cost_version, cost_rule, currency),
        price=book_amount(price, price_list, price_version, price_rule, currency),
        occurred_at=occurred_at,
        posted_at=posted_at,
        day=day,
        jobs=jobs,
        unpriced_lines=unpriced_lines,
        correction_id=correction_id,
        actor=actor,
        reason=reason,
    )
    return new_event(CHARGE_POSTED, data, event_id=event_id(charge), source=SOURCE, time=posted_at, subject=charge)


def book_amount(
    micro: int | None, price_list: str | None, version: int | None, rule: str, currency: str
) -> BookAmount:
    """What one book says: the amount with its rule, or why there is none."""
    if micro is None:
        return BookAmount(currency=currency, price_list=price_list, version=version, unpriced=rule)
    return BookAmount(
        amount=format_micro(micro), currency=currency, price_list=price_list, version=version, rule=rule
    )
