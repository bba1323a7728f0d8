"""What docker-compose.yml would start, as plain processes: the same commands, settings and health checks."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deadline import eventually
from tests.running import INKMETER, free_port
from tests.servers import execute

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ONE_SHOTS = ("migrate", "topics")
SERVICES = ("collector", "accounting", "reporting", "aggregates")
DEFAULTS = {"${INKMETER_CURRENCY:-EUR}": "EUR", "${INKMETER_TIMEZONE:-UTC}": "UTC"}


@pytest.fixture
def fresh_database(postgres):
    """An empty database: the one-shot must migrate it."""
    name = f"compose_{secrets.token_hex(4)}"
    execute(postgres, f"CREATE DATABASE {name}")
    yield postgres.url_of(name)
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def environment_of(fresh_database, kafka, tmp_path):
    """A container's environment, with this machine's hosts, secret files and folders put in."""
    (tmp_path / "database_url").write_text(fresh_database)
    (tmp_path / "token").write_text(secrets.token_urlsafe(24) + "\n")
    (tmp_path / "secret_key").write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    prefix = f"compose{secrets.token_hex(3)}."

    def environment(name, port):
        told = {key: DEFAULTS.get(value, value) for key, value in COMPOSE[name]["environment"].items()}
        told = {key: value.replace("/run/secrets", str(tmp_path)) for key, value in told.items()}
        assert not [value for value in told.values() if "${" in value], "a variable without a default"
        told["INKMETER_KAFKA_BOOTSTRAP"] = kafka.bootstrap
        told["INKMETER_TOPIC_PREFIX"] = prefix
        told["INKMETER_HTTP_PORT"] = str(port)
        told["INKMETER_DATA_DIR"] = str(tmp_path / name)
        (tmp_path / name).mkdir(exist_ok=True)
        return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)} | told

    return environment


def healthy(name, port, environment):
    """Runs the container's own health check."""
    program, *arguments = COMPOSE[name]["healthcheck"]["test"][1:]
    assert program == "python"
    published = {"collector": "7081", "accounting": "7083", "reporting": "7084", "aggregates": "7086"}[name]
    assert f":{published}/" in arguments[-1]
    arguments[-1] = arguments[-1].replace(published, str(port))
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    return True


def test_the_commands_of_the_compose_file_start_and_are_well(environment_of):
    for name in ONE_SHOTS:
        done = subprocess.run(
            [INKMETER, *COMPOSE[name]["command"]],
            env=environment_of(name, 1),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"

    ports = {name: free_port() for name in SERVICES}
    processes = {}
    try:
        for name in SERVICES:
            environment = environment_of(name, ports[name])
            with (Path(environment["INKMETER_DATA_DIR"]) / "log").open("wb") as log:
                processes[name] = subprocess.Popen(
                    [INKMETER, *COMPOSE[name]["command"]], env=environment, stdout=log, stderr=log, cwd="/"
                )
        for name in SERVICES:
            environment = environment_of(name, ports[name])
            eventually(
                lambda name=name, environment=environment: healthy(name, ports[name], environment),
                within_s=60,
                what=f"the container of {name} is healthy",
            )
    finally:
        for process in processes.values():
            process.terminate()
        ended = {name: process.wait(timeout=30) for name, process in processes.items()}
    assert ended == dict.fromkeys(SERVICES, 0)
