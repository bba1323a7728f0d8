"""What a draft would have changed last month: the jobs of the ledger priced again by it, and nothing written."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from services.accounting.books.versions import Version
from services.accounting.pricelist.coverage import Finding
from services.accounting.rerate.lists import compiled, load_lists
from services.accounting.rerate.what_if import Told, effect_of_draft
from shared.clock import Clock
from shared.periods import Period, parse_period

PERIOD: Final = "last-month"


class DraftEffect(NamedTuple):
    """The effect of a draft on the lines of a period, in its own book."""

    period: Period
    told: Told


class DraftEffects:
    """Works out effects one after the other: each reads a month of the ledger."""

    def __init__(self, url: str, clock: Clock, *, timezone: str) -> None:
        self._url = url
        self._clock = clock
        self._timezone = timezone
        self._one_at_a_time = asyncio.Lock()

    async def of(self, draft: Version, *, make_default: bool = False) -> DraftEffect:
        """What publishing a draft would have changed last month; `make_default` as the default of its book.

        Raises:
            Retry: the database is at fault. Reject: the draft makes an amount that is too large for the ledger.
        """
        async with self._one_at_a_time:
            now = self._clock.now()
            told = await effect_of_draft(
                self._url,
                await load_lists(self._url),
                await asyncio.to_thread(compiled, draft),
                make_default=make_default,
                now=now,
                timezone=self._timezone,
            )
        return DraftEffect(parse_period(PERIOD, now=now, timezone=self._timezone), told)


def unpriced_findings(draft: Version, effect: DraftEffect) -> list[Finding]:
    """The warning of lines that have an amount now and would have none."""
    count = effect.told.total.newly_unpriced
    if not count:
        return []
    lines = "1 line of last month that has" if count == 1 else f"{count:,} lines of last month that have"
    text = f"{lines} an amount in book {draft.book} would be UNPRICED by {draft.name} v{draft.version}."
    return [Finding("warning", "unpriced", text)]
