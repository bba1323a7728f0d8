"""`aggregate.changed.v1` of a cell. Pure."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.accounting.aggregates.cells import Cell, Sums, span_of
from shared.events import AGGREGATE_CHANGED, AggregateChanged, CloudEvent
from shared.events.aggregates import AggregateSums
from shared.events.charges import ChargePerson
from shared.events.envelope import new_event
from shared.money import format_micro

SOURCE: Final = "/accounting/aggregates"
_NAMESPACE: Final = uuid.UUID("2c5cbe4e-0a3b-5c4e-9a56-64a1e0a7f0b1")


def changed_event(
    cell: Cell, *, zone: ZoneInfo, currency: str, generation: int, now: datetime
) -> CloudEvent[AggregateChanged]:
    """The event that tells a cell's whole value; the same value has the same event id."""
    start, end = span_of(cell.name, zone)
    of_person = cell.name.by == "person"
    data = AggregateChanged(
        window=cell.name.window,
        start=start,
        end=end,
        by=cell.name.by,
        key=cell.name.key,
        person=ChargePerson(claimed=cell.code or None) if of_person else None,
        currency=currency,
        sums=shown(cell.sums),
        generation=generation,
    )
    text = cell.name.text
    state = f"{generation}/{text}/{sorted(cell.marks.items())}/{cell.sums}"
    event_id = str(uuid.uuid5(_NAMESPACE, state))
    return new_event(AGGREGATE_CHANGED, data, event_id=event_id, source=SOURCE, time=now, subject=text)


def shown(sums: Sums) -> AggregateSums:
    """Sums as the event has them: amounts as exact decimal strings."""
    values = sums._asdict()
    cost, price = values.pop("cost_micro"), values.pop("price_micro")
    return AggregateSums(**values, cost=format_micro(cost), price=format_micro(price))
