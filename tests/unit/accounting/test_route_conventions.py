"""Routes keep the promises of docs/http.md: creations take a key, changes If-Match, and what changes has a tag."""

from __future__ import annotations

import inspect
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from services.accounting import main
from services.accounting.settings import AccountingSettings
from shared.http.headers import ACTOR, ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.openapi import document
from shared.http.routes import Route
from shared.settings import load


@pytest.fixture
def routes(tmp_path: Path) -> list[Route]:
    settings = load(AccountingSettings, database_url="postgresql://u@h/d", token="0" * 16, data_dir=tmp_path)
    known: dict[str, Any] = {"settings": settings}
    return main.routes(
        **{name: known.get(name, MagicMock()) for name in inspect.signature(main.routes).parameters}
    )


def test_what_creates_takes_an_idempotency_key_and_says_where_it_is(routes: list[Route]) -> None:
    for route in routes:
        if route.method == "POST" and route.status == 201:
            assert IDEMPOTENCY_KEY in route.takes, route.path
            assert LOCATION in route.gives, route.path


def test_what_changes_or_deletes_takes_if_match(routes: list[Route]) -> None:
    for route in routes:
        if route.method in {"PUT", "PATCH", "DELETE"}:
            assert IF_MATCH in route.takes, (route.method, route.path)


def test_one_thing_that_can_change_has_an_entity_tag(routes: list[Route]) -> None:
    changed = {route.path for route in routes if route.method in {"PUT", "PATCH", "DELETE"}}
    for route in routes:
        if route.method == "GET" and route.path in changed:
            assert ETAG in route.gives, route.path


def test_every_operation_is_described_once_and_every_change_takes_an_actor(routes: list[Route]) -> None:
    described = document("accounting", routes)
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len(operations) == len(routes)
    assert max(Counter(each["operationId"] for each in operations).values()) == 1
    for route in routes:
        assert (ACTOR in route.request_headers) == (route.method != "GET")
