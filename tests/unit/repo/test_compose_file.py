"""docker-compose.yml is what the Compose Specification allows, starts in order, and gives nothing away."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
OURS = ("migrate", "topics", "collector", "accounting", "reporting", "aggregates")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(TEXT)


def test_it_follows_the_compose_specification(compose):
    schema = json.loads((ROOT / "tests/fixtures/compose/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_every_long_running_service_says_when_it_is_well(compose):
    for name, service in compose["services"].items():
        if name not in ("migrate", "topics"):
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped", name


def test_each_waits_until_what_it_needs_is_well(compose):
    allowed = {"kafka": "service_healthy", "postgres": "service_healthy"}
    allowed |= {"migrate": "service_completed_successfully", "topics": "service_completed_successfully"}
    for name in OURS:
        needs = compose["services"][name]["depends_on"]
        assert needs, name
        assert all(allowed[other] == how["condition"] for other, how in needs.items()), name


def test_no_password_has_a_default(compose):
    secrets = {name: secret["file"] for name, secret in compose["secrets"].items()}
    assert set(secrets) == {"postgres_password", "database_url", "token", "secret_key"}
    assert all(file.startswith("${INKMETER_SECRETS:?") for file in secrets.values())
    for service in compose["services"].values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|DATABASE_URL|SECRET", variable):
                assert variable.endswith("_FILE"), variable
                assert value.startswith("/run/secrets/"), variable


def test_only_the_two_services_people_call_are_published_and_only_to_this_host(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"collector": ["127.0.0.1:7081:7081"], "reporting": ["127.0.0.1:7084:7084"]}


def test_our_containers_are_one_image_without_privileges(compose):
    ours = [compose["services"][name] for name in OURS]
    assert len({service["image"] for service in ours}) == 1
    for service in ours:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "privileged" not in service
    assert re.search(r"^USER 10001:10001$", (ROOT / "deploy/docker/Dockerfile").read_text(), re.MULTILINE)


def test_no_image_is_latest(compose):
    for name, service in compose["services"].items():
        assert re.search(r":[^:}]*\d", service["image"]), name


def test_every_named_volume_is_declared_and_used(compose):
    used = {v.split(":")[0] for service in compose["services"].values() for v in service.get("volumes", [])}
    assert used == set(compose["volumes"])
