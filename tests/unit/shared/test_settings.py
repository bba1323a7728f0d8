"""Settings: secrets from files, all errors at once, nothing secret ever shown."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError
from shared.settings import CommonSettings, load, shown

TOKEN = "a-token-of-sixteen-or-more"
URL = "postgresql://ink:hush@127.0.0.1/inkmeter"


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("INKMETER_DATABASE_URL", URL)
    monkeypatch.setenv("INKMETER_TOKEN", TOKEN)
    return monkeypatch


def test_settings_come_from_variables(environment):
    environment.setenv("INKMETER_HTTP_PORT", "7999")
    settings = load(CommonSettings)
    assert settings.http_port == 7999
    assert settings.database_url.get_secret_value() == URL


def test_a_secret_is_read_from_its_file_without_the_line_break(environment, tmp_path):
    file = tmp_path / "token"
    file.write_text("another-token-of-enough-length\n")
    environment.setenv("INKMETER_TOKEN_FILE", str(file))
    assert load(CommonSettings).token.get_secret_value() == "another-token-of-enough-length"


def test_all_wrong_settings_are_named_at_once(monkeypatch):
    monkeypatch.delenv("INKMETER_DATABASE_URL", raising=False)
    monkeypatch.delenv("INKMETER_DATABASE_URL_FILE", raising=False)
    monkeypatch.setenv("INKMETER_TOKEN", "short")
    monkeypatch.setenv("INKMETER_HTTP_PORT", "0")
    monkeypatch.setenv("INKMETER_TIMEZONE", "Mars/Olympus")
    monkeypatch.setenv("INKMETER_CURRENCY", "euro")
    with pytest.raises(ConfigError) as caught:
        load(CommonSettings)
    text = str(caught.value)
    for name in (
        "DATABASE_URL (or INKMETER_DATABASE_URL_FILE): is not set",
        "TOKEN",
        "HTTP_PORT",
        "TIMEZONE",
        "CURRENCY",
    ):
        assert f"INKMETER_{name}" in text
    assert "short" not in text


def test_a_secret_file_that_is_not_there_is_named(environment):
    environment.setenv("INKMETER_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(ConfigError, match="INKMETER_TOKEN_FILE: /nowhere/token can't be read"):
        load(CommonSettings)


def test_a_secret_file_that_is_not_there_hides_no_other_error(environment):
    environment.setenv("INKMETER_TOKEN_FILE", "/nowhere/token")
    environment.setenv("INKMETER_CURRENCY", "euro")
    with pytest.raises(ConfigError) as caught:
        load(CommonSettings)
    assert "INKMETER_TOKEN_FILE: /nowhere/token can't be read" in str(caught.value)
    assert "INKMETER_CURRENCY: " in str(caught.value)


def test_secrets_are_hidden_when_settings_are_shown(environment):
    settings = load(CommonSettings)
    text = repr(settings) + str(shown(settings))
    assert "hush" not in text
    assert TOKEN not in text
    assert ("INKMETER_TOKEN", "********") in [(name, value) for name, value, _ in shown(settings)]


@pytest.mark.parametrize(
    "token", ["a token of sixteen or more", "a-token-of-two\nlines-and-more", "schlüssel-zu-allem-anderen"]
)
def test_a_token_that_fits_into_no_header_is_refused_at_the_start(environment, token):
    environment.setenv("INKMETER_TOKEN", token)
    with pytest.raises(ConfigError, match=r"INKMETER_TOKEN.*without blanks") as caught:
        load(CommonSettings)
    assert token not in str(caught.value)
