"""Migrations of every service follow each other: two branches that each add one would give one number twice."""

from __future__ import annotations

import pytest

from shared.migrate import migrations_of, services_with_migrations


@pytest.mark.parametrize("service", services_with_migrations())
def test_migrations_are_numbered_without_gap_or_double(service: str) -> None:
    assert migrations_of(service)
