"""Where commands find a service: a named data directory, then the settings, then the default stack."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError, Unreachable
from shared.http.addresses import address_of


def test_settings_name_a_service_elsewhere(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("a-token-of-the-tests\n")
    monkeypatch.setenv("INKMETER_REPORTING_URL", "https://reports.example/")
    monkeypatch.setenv("INKMETER_TOKEN_FILE", str(tmp_path / "token"))

    assert address_of("reporting", None) == ("https://reports.example", "a-token-of-the-tests")


def test_a_data_directory_that_is_named_counts_more(monkeypatch, tmp_path):
    monkeypatch.setenv("INKMETER_REPORTING_URL", "https://reports.example")

    with pytest.raises(Unreachable, match="No stack runs"):
        address_of("reporting", tmp_path)


def test_without_a_token_or_with_a_strange_address_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("INKMETER_TOKEN_FILE", raising=False)
    monkeypatch.delenv("INKMETER_TOKEN", raising=False)
    monkeypatch.setenv("INKMETER_REPORTING_URL", "https://reports.example")
    with pytest.raises(ConfigError, match="INKMETER_TOKEN_FILE"):
        address_of("reporting", None)
    monkeypatch.setenv("INKMETER_REPORTING_URL", "reports.example")
    with pytest.raises(ConfigError, match="INKMETER_REPORTING_URL"):
        address_of("reporting", None)
