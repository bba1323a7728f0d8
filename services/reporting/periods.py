"""Periods as reports use them; every service reads them alike, so they live in shared."""

from __future__ import annotations

from shared.periods import ACCEPTED, Period, find_zone, midnight, parse_period, title

__all__ = ["ACCEPTED", "Period", "find_zone", "midnight", "parse_period", "title"]
