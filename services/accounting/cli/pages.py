"""Follows the pages of a list for commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.http.client import call
from shared.http.routes import MAX_LIMIT

MAX_PAGES: Final = 10_000


def all_items(
    service: str, path: str, params: Mapping[str, Any], data_dir: Path | None, *, at_most: int | None = None
) -> list[Any]:
    """Every item of a list, page by page, or the first `at_most`."""
    return counted_items(service, path, params, data_dir, at_most=at_most)[0]


def counted_items(
    service: str, path: str, params: Mapping[str, Any], data_dir: Path | None, *, at_most: int | None = None
) -> tuple[list[Any], dict[str, Any] | None]:
    """The same with the totals of a list that was asked for them by `totals`; they are counted only once."""
    items: list[Any] = []
    cursor: str | None = None
    totals: dict[str, Any] | None = None
    asked = dict(params)
    for _ in range(MAX_PAGES):
        limit = min(MAX_LIMIT, at_most - len(items)) if at_most else MAX_LIMIT
        page = call(service, "GET", path, params={**asked, "limit": limit, "cursor": cursor}, data_dir=data_dir)
        totals = totals or page.get("totals")
        asked.pop("totals", None)
        items += page["items"]
        cursor = page["next"]
        if cursor is None or (at_most and len(items) >= at_most):
            break
    return items, totals
