"""What the demo shows while it runs: how far the jobs have come, in one line, and the page for the browser."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from deploy.demo.api import Api
from shared.errors import Reject


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals of the demo's period; money as the decimal strings that reporting gives."""

    printed: int
    charged: int
    cost: str
    price: str
    currency: str
    unpriced_lines: int

    def line(self) -> str:
        """The status line."""
        unpriced = f" · {self.unpriced_lines:,} lines UNPRICED" if self.unpriced_lines else ""
        return (
            f"{self.printed:,} jobs printed · {self.charged:,} charged · "
            f"cost {_money(self.cost)} {self.currency} · price {_money(self.price)} {self.currency}{unpriced}"
        )


def _money(amount: str) -> str:
    """An amount as people read it."""
    return f"{Decimal(amount):,.2f}"


def period(today: date, days: int) -> str:
    """The demo's period, as reports take it."""
    return f"{today - timedelta(days=days)}..{today}"


async def read_figures(api: Api, asked: str, *, printed: int) -> Figures:
    """Asks reporting for the totals of a period.

    Raises:
        Retry: it does not answer. Reject: it answers something else than a summary.
    """
    answer = await api.get("reporting", "/v1/summary", params={"by": "project", "period": asked})
    try:
        total: dict[str, Any] = answer["total"]
        charged = int(total["jobs"])
        return Figures(
            printed=max(printed, charged),
            charged=charged,
            cost=str(total["cost"]),
            price=str(total["price"]),
            currency=str(answer["currency"]),
            unpriced_lines=int(total["unpriced_lines"]),
        )
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise Reject(f"reporting answers something else than a summary: {error!r}") from error


async def write_page(api: Api, asked: str, path: Path) -> None:
    """Writes reporting's own page of the period, in one step and for its owner's eyes only."""
    params = {"by": "project", "period": asked, "format": "html"}
    raw = await api.call("reporting", "GET", "/v1/summary", params=params)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_bytes(raw)
    fresh.replace(path)
