"""A stranger's consumer (kcat) reads the charges, and each line is a CloudEvent by the checked-in schema."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.acceptance.summaries import post, wait_for_jobs
from tests.deadline import eventually
from tests.jobs import A1_PRICE, job

SCHEMAS = Path(__file__).parents[2] / "shared/contracts/schemas"
CLOUD_EVENT = {"specversion", "id", "source", "type", "time", "data"}


@pytest.mark.needs("kcat|kafkacat")
def test_a_stranger_reads_charges_that_follow_the_schema(shop):
    project = "P-STRANGER"
    post(shop, [job(number, project=project, printer="stranger") for number in range(5)])
    wait_for_jobs(shop, project, 5, within_s=30)
    topic = shop.settings["INKMETER_TOPIC_PREFIX"] + "charges.v1"
    program = shutil.which("kcat") or shutil.which("kafkacat")
    command = [program, "-C", "-q", "-e", "-t", topic, "-b", shop.settings["INKMETER_KAFKA_BOOTSTRAP"]]

    def ours():
        out = subprocess.run(
            [*command, "-f", "%h\t%s\n"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
        lines = [line.split("\t", 1) for line in out.splitlines()]
        found = [(headers, event) for headers, value in lines if (event := json.loads(value))["data"]]
        mine = [pair for pair in found if pair[1]["data"].get("project") == project]
        assert len(mine) >= 5, len(mine)
        return found

    everything = eventually(ours, within_s=30, what="five charges are told")
    schema = json.loads((SCHEMAS / "charge.posted.v1.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    for headers, event in everything:
        assert "content-type=application/cloudevents+json" in headers
        assert set(event) >= CLOUD_EVENT
        validator.validate(event)
    mine = [event["data"] for _, event in everything if event["data"].get("project") == project]
    assert {charge["price"]["amount"] for charge in mine} == {A1_PRICE}
