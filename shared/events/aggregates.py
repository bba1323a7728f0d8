"""`aggregate.changed.v1`: what one window holds by now, of one printer, person, project or department."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.charges import Amount, ChargePerson
from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Text

AGGREGATE_CHANGED: Final = "aggregate.changed.v1"

Window = Literal["minute", "hour", "day"]
By = Literal["printer", "person", "project", "department"]


class AggregateSums(Struct, frozen=True, kw_only=True):
    """Sums over ledger lines: areas in mm2, ink in uL. A void counts negative, so plain sums are right."""

    jobs: int = 0
    printed_area_mm2: int = 0
    used_area_mm2: int = 0
    cancelled_area_mm2: int = 0
    ink_ul: int = 0
    impressions: int = 0
    sheets: int = 0
    unpriced_lines: int = 0
    cost: Amount
    price: Amount


class AggregateChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole value of one window: keep the newest by window, start, by and key.

    Minutes and hours begin as in UTC, days as in the installation's time zone and by the ledger's booking day.
    `key` is the code of what is summed, empty for none; for a person it is a digest, the name stands in `person`.
    A rebuild counts `generation` up: what an earlier one tells after that is void.
    """

    window: Window
    start: Moment
    end: Moment
    by: By
    key: Annotated[str, Meta(max_length=200)] = ""
    person: ChargePerson | None = None
    currency: Text
    sums: AggregateSums
    generation: int


AggregateChangedEvent = CloudEvent[AggregateChanged]
