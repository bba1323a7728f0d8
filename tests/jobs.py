"""Jobs and price lists as a stranger would send them: plain JSON and TOML; a job is one A1 drawing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

A1_PRINTED_MM2: Final = 499_554
A1_USED_MM2: Final = 543_154
MODEL: Final = "HP DesignJet T1700"

PRICE_LIST: Final = f"""
name = "standard"
book = "price"
currency = "EUR"
valid_from = 2020-01-01
area = "printed"
precision = 4

[[ppu]]
model = "{MODEL}"
category = "line-colour"
per_m2 = "1.10"
"""
"""Charges 1.10 per printed m2: 0.549509..., so 0.5495 for one A1."""

COST_LIST: Final = (
    PRICE_LIST.replace('"standard"', '"our-cost"').replace('"price"', '"cost"').replace("1.10", "0.40")
)
A1_PRICE: Final = "0.5495"

MIDNIGHT: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
TODAY: Final = f"{MIDNIGHT:%Y-%m-%d}..{MIDNIGHT:%Y-%m-%d}"
"""The day of all jobs, as a period; fixed for the run, also when it passes midnight."""


def job(number: int, *, project: str = "P-100", printer: str = "plotter-1", **changes: Any) -> dict[str, Any]:
    """One job of today; the same number is the same job."""
    completed = (MIDNIGHT + timedelta(milliseconds=number)).isoformat()
    return {
        "job": {"key": f"{printer}/{number}/{completed}", "device_job_id": str(number), "source": "ingest"},
        "printer": {"id": printer, "serial": f"SN-{printer}", "model": MODEL},
        "person": {"claimed": f"user{number % 7}", "authenticated": False},
        "project": project,
        "kind": "print",
        "outcome": "completed",
        "title": f"plan {number}.pdf",
        "copies": 1,
        "submitted_at": completed,
        "completed_at": completed,
        "measured": "by_device",
        "lines": [
            {
                "media": "plain-80",
                "roll_width_um": 914_400,
                "width_um": 594_000,
                "length_um": 841_000,
                "printed_area_mm2": A1_PRINTED_MM2,
                "used_area_mm2": A1_USED_MM2,
                "category": "line-colour",
                "category_by": "device",
                "colour_mode": "colour",
                "impressions": 1,
                "sheets": 1,
            }
        ],
        **changes,
    }
