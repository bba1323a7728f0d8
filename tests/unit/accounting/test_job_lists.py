"""Lists of jobs and charges ask the store for a range of job ids, which is what there is an index on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.accounting.browse.lists import Wanted, values_of
from services.accounting.http.charges import ChargeApi
from services.accounting.http.paging import to_cursor
from shared.clock import FixedClock
from shared.health import Readiness
from shared.http.app import make_app
from shared.ids import first_job_id, job_id

TOKEN = "0123456789abcdef"
MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
JOB = job_id(datetime(2026, 5, 20, 12, tzinfo=UTC), "p1/42/2026-05-20T12:00:00.000Z")
BEFORE = job_id(datetime(2026, 4, 20, 12, tzinfo=UTC), "p1/41/2026-04-20T12:00:00.000Z")


class Asked:
    """A store that holds nothing and remembers what it was asked."""

    values: Any = None

    async def jobs(self, wanted: Wanted) -> tuple[list[Any], None]:
        self.values = values_of(wanted)
        return [], None

    charges = jobs


async def asked(path: str) -> tuple[UUID, UUID]:
    """The range of job ids, its end excluded, that a request comes to."""
    store: Any = Asked()
    api = ChargeApi(store, store, FixedClock(JUNE), timezone="UTC")
    app = make_app("accounting", api.routes(), readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answer = await client.get(path)
        assert answer.status == 200, await answer.text()
    return store.values["first_id"], store.values["end_id"]


def cursor(*, sort: str = "-completed_at", line: int = 0) -> str:
    return to_cursor(sort, None, str(JOB), line, 7)


async def test_a_period_is_a_range() -> None:
    assert await asked("/v1/jobs?period=2026-05") == (first_job_id(MAY), first_job_id(JUNE))


async def test_the_next_page_reaches_no_further_than_the_last_job_shown() -> None:
    for path in ("/v1/jobs", "/v1/charges"):
        first, end = await asked(f"{path}?period=2026-05&cursor={cursor(line=3)}")
        assert (first, end.int) == (first_job_id(MAY), JOB.int + 1)


async def test_the_next_page_the_other_way_round_begins_at_the_last_job_shown() -> None:
    found = await asked(f"/v1/jobs?period=2026-05&sort=completed_at&cursor={cursor(sort='completed_at')}")
    assert found == (JOB, first_job_id(JUNE))


@pytest.mark.parametrize(("job", "inside"), [(JOB, True), (BEFORE, False), (UUID(int=(1 << 128) - 1), False)])
async def test_one_job_is_a_range_of_its_own_within_the_period(job: UUID, inside: bool) -> None:
    first, end = await asked(f"/v1/charges?period=2026-05&job={job}")
    assert (first <= job < end) == inside
    assert not inside or end.int - first.int == 1
