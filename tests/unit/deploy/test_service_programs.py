"""What a service is given in its environment."""

from __future__ import annotations

import msgspec

from deploy.local.paths import Layout, layout_of
from deploy.local.readiness import what_is_down
from deploy.local.service_programs import service_environment
from shared.health import Finding, Ready


def environment_of(inherited, tmp_path):
    return service_environment(
        Layout(tmp_path),
        port=7083,
        kafka_bootstrap="127.0.0.1:9092",
        inherited=inherited,
        extra={"INKMETER_X": "1"},
    )


def test_secrets_go_by_file_and_never_by_value(tmp_path):
    inherited = {"INKMETER_DATABASE_URL": "postgresql://u:hush@h/d", "INKMETER_TOKEN": "hush-hush"}
    found = environment_of(inherited, tmp_path)
    assert "hush" not in " ".join(found.values())
    assert found["INKMETER_DATABASE_URL_FILE"] == str(tmp_path / "database-url")
    assert found["INKMETER_TOKEN_FILE"] == str(tmp_path / "token")


def test_the_key_of_devices_is_the_stacks_own_unless_the_operator_has_one(tmp_path):
    assert environment_of({}, tmp_path)["INKMETER_SECRET_KEY_FILE"] == str(tmp_path / "secret-key")
    own = environment_of({"INKMETER_SECRET_KEY_FILE": "/etc/key"}, tmp_path)
    assert own["INKMETER_SECRET_KEY_FILE"] == "/etc/key"
    own = environment_of({"INKMETER_SECRET_KEY": "a-key"}, tmp_path)
    assert "INKMETER_SECRET_KEY_FILE" not in own


def test_the_stack_knows_better_than_what_it_inherited(tmp_path):
    found = environment_of({"INKMETER_HTTP_PORT": "1", "INKMETER_CURRENCY": "CHF"}, tmp_path)
    assert found["INKMETER_HTTP_PORT"] == "7083"
    assert found["INKMETER_CURRENCY"] == "CHF"
    assert found["INKMETER_X"] == "1"


def test_the_data_directory_is_the_named_one_or_the_environments(tmp_path, monkeypatch):
    monkeypatch.setenv("INKMETER_DATA_DIR", str(tmp_path / "env"))
    assert layout_of().root == tmp_path / "env"
    assert layout_of(tmp_path / "named").root == tmp_path / "named"


def test_without_either_it_is_the_users_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("INKMETER_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert layout_of().root == tmp_path / "inkmeter"


def test_what_is_down_is_told_by_name():
    checks = [Finding("kafka", ok=False, detail="no answer"), Finding("database", ok=True)]
    body = msgspec.json.encode(Ready(ready=False, service="x", checks=checks))
    assert what_is_down(body) == "kafka: no answer"
    assert what_is_down(b"<html>") == ""
