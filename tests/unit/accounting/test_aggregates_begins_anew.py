"""A worker that begins anew is the same process, and waits for a database that a first start would end without."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from services.accounting.aggregates import main
from services.accounting.aggregates.tables import BeginAnew
from shared.errors import Unreachable


class Begun(BaseException):
    """The process is another program now."""


@pytest.fixture
def serving(monkeypatch):
    """Serving ends with what is put in here; a fresh start raises Begun."""
    ends = []

    async def serve(_settings):
        raise ends.pop()

    def execv(*_):
        raise Begun

    monkeypatch.setenv(main.BEGUN_ANEW, "1")  # so that it is taken back afterwards
    monkeypatch.delenv(main.BEGUN_ANEW)
    monkeypatch.setattr(main, "serve", serve)
    monkeypatch.setattr(main, "load_settings", lambda: SimpleNamespace(log_format="json", log_level="info"))
    monkeypatch.setattr(main.log, "configure", lambda *_, **__: None)
    monkeypatch.setattr(os, "execv", execv)
    return ends


def test_a_first_start_without_a_database_ends(serving):
    serving.append(Unreachable("PostgreSQL does not answer"))
    with pytest.raises(Unreachable):
        main.main()


def test_one_that_begins_anew_tries_again_until_there_is_one(serving):
    serving += [Unreachable("PostgreSQL does not answer"), BeginAnew("lost")]
    for _ in range(2):
        with pytest.raises(Begun):
            main.main()
    assert not serving
