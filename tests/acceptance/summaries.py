"""What acceptance tests read and send again and again: the summary's row of a project, jobs in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from tests.deadline import eventually
from tests.jobs import TODAY, job
from tests.running import Running


def post(shop: Running, jobs: Sequence[dict[str, Any]]) -> list[str]:
    """Posts jobs to the collector, which must take them, and gives the event ids."""
    status, answer = shop.http("collector", "POST", "/v1/jobs", {"jobs": list(jobs)})
    assert status == 202, answer
    return event_ids(answer)


def keep_posting(shop: Running, project: str, printer: str, *, seconds: float) -> int:
    """Posts a job every so often for a while, as a busy morning does, and gives how many there were."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        post(shop, [job(number, project=project, printer=printer)])
        number += 1
        pause.wait(0.2)
    return number


def event_ids(answer: Any) -> list[str]:
    """The event ids of an answer to POST /v1/jobs."""
    return [item["event_id"] for item in answer["items"]]


def project_row(shop: Running, project: str) -> dict[str, Any]:
    """The row of a project in today's summary, asked over HTTP; {} while there is none."""
    status, answer = shop.http("reporting", "GET", f"/v1/summary?by=project&period={TODAY}")
    assert status == 200, answer
    rows = {row["key"]: row for row in answer["rows"]}
    return rows.get(project, {})


def wait_for_jobs(shop: Running, project: str, count: int, *, within_s: float) -> dict[str, Any]:
    """Waits until so many jobs of a project are charged, and gives the summary's row."""

    def charged() -> dict[str, Any]:
        row = project_row(shop, project)
        assert row.get("jobs", 0) >= count, row
        return row

    return eventually(charged, within_s=within_s, what=f"{count} jobs of {project} are charged")


def assert_ledger_is_clean(shop: Running) -> None:
    """`inkmeter accounting verify` recomputes every rollup from the ledger and must find no difference."""
    done = shop.inkmeter("accounting", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
