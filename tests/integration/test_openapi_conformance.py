"""What `/openapi.json` promises holds: requests made up from it meet no server error and no undocumented answer.

The requests are the same in every run: a few for each operation, right and wrong ones, made without chance.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from tests.conftest import TEMPLATE
from tests.deadline import eventually
from tests.jobs import COST_LIST, PRICE_LIST, TODAY, job
from tests.running import Running
from tests.servers import execute

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
]
FEW: Final = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
JOBS: Final = 3
LONGEST_QUERY: Final = 60_000
"""A longer request line is refused before any route is looked for, in plain words."""


@pytest.fixture(scope="module")
def shop(
    postgres: PostgresServer, kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """All services as processes, with prices, a project and some jobs."""
    database = f"openapi_{secrets.token_hex(4)}"
    execute(postgres, f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    folder = tmp_path_factory.mktemp("openapi")
    running = Running(
        folder, database_url=postgres.url_of(database), bootstrap=kafka.bootstrap, topic_prefix=f"{database}."
    )
    try:
        done = running.inkmeter("topics", "apply", "--partitions", "2")
        assert done.returncode == 0, done.stderr
        running.start()
        for name, text in (("standard", PRICE_LIST), ("our-cost", COST_LIST)):
            (folder / f"{name}.toml").write_text(text)
            running.json("prices", "import", str(folder / f"{name}.toml"))
            running.json("prices", "publish", name)
        for path in ("projects/P-100", "customers/CITY", "departments/ARCH"):
            status, told = running.http("accounting", "PUT", f"/v1/{path}", {"name": "Some name"})
            assert status == 201, told
        status, _ = running.http("collector", "POST", "/v1/jobs", {"jobs": [job(each) for each in range(JOBS)]})
        assert status == 202
        eventually(lambda: len(_jobs(running)) == JOBS or None, within_s=30, what="the jobs are charged")
        yield running
    finally:
        running.close()


def _jobs(running: Running) -> Any:
    return running.http("accounting", "GET", f"/v1/jobs?period={TODAY}")[1]["items"]


@pytest.fixture(scope="module")
def known(shop: Running) -> dict[str, str]:
    """Names of what is there, by the folder that it is in: else hardly a request would find anything."""
    first = _jobs(shop)[0]
    asked = {"change": {"billable": False}, "jobs": [first["job_id"]], "reason": "an offer"}
    status, told = shop.http("accounting", "POST", "/v1/corrections", asked)
    assert status == 201, told
    status, group = shop.http("collector", "POST", "/v1/groups", {"name": "plotters"})
    assert status == 201, group
    return {
        "corrections": str(told["id"]),
        "groups": group["id"],
        "customers": "CITY",
        "departments": "ARCH",
        "jobs": first["job_id"],
        "charges": first["first_charge_id"],
        "projects": "P-100",
        "price-books": "standard",
    }


@pytest.mark.parametrize("service", ["accounting", "collector", "reporting"])
def test_made_up_requests_are_answered_as_the_description_says(
    shop: Running, known: dict[str, str], service: str
) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{shop.ports[service]}/openapi.json")
    wrong: list[str] = []
    for found in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _ask(shop, found.ok(), mode, known)
            except FailureGroup as failures:
                wrong += [
                    f"{found.ok().label} ({mode.value}): {failures}",
                    *(str(each) for each in failures.exceptions),
                ]
    assert not wrong, "\n\n".join(wrong)
    assert "request_broke" not in shop.log_of(service)


def _ask(shop: Running, operation: Any, mode: GenerationMode, known: dict[str, str]) -> None:
    """Sends a few requests of one kind to an operation, half of them about what is there."""
    folder = operation.path.split("/")[2]

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def ask(case: schemathesis.Case, is_known: bool) -> None:
        if is_known and folder in known and len(case.path_parameters) == 1:
            case.path_parameters = dict.fromkeys(case.path_parameters, known[folder])
        assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
        case.call_and_validate(headers={"Authorization": f"Bearer {shop.token}"}, checks=CHECKS)

    ask()
