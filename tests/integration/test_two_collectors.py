"""Two real collectors share the printers: each is read by one of them, those of a killed one by the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.deadline import eventually, eventually_async
from tests.fixtures.fleet import Fleet, running_fleet
from tests.integration.test_collector import events_of
from tests.running import Running

POLL = {"INKMETER_POLL_INTERVAL_S": "0.5"}
PRINTERS = 16
TAKEN_OVER_S = 45.0
"""Kafka's session (10 s), the wait for the one that had it (5 s), and a machine that is busy."""


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with running_fleet(PRINTERS) as fleet:
        yield fleet


@pytest.fixture
def shops(
    tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str
) -> Iterator[tuple[Running, Running]]:
    """Two machines, as it were: data, ports and the collector's id are their own."""
    with ExitStack() as stack:
        made: list[Running] = []
        for name in ("c1", "c2"):
            (tmp_path / name).mkdir()
            shop = Running(
                tmp_path / name, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix
            )
            shop.settings |= {"INKMETER_COLLECTOR_ID": name} | POLL
            stack.callback(shop.close)
            made.append(shop)
        yield made[0], made[1]


def readers(shop: Running) -> Counter[str]:
    """How many printers each collector reads, as one of them tells it."""
    status, page = shop.http("collector", "GET", "/v1/printers?limit=100")
    assert status == 200, page
    return Counter(each["status"].get("collector") or "nobody" for each in page["items"])


def add_all(shop: Running, fleet: Fleet) -> None:
    for printer in fleet.printers:
        body = {"address": fleet.address(printer), "name": f"fleet-{printer.number}"}
        status, answer = shop.http("collector", "POST", "/v1/printers", body)
        assert status == 201, answer


async def jobs_told(shop: Running, count: int) -> Counter[tuple[str, str]]:
    """Waits for so many different jobs, and gives how many events there are of each printer's job."""

    async def enough() -> Counter[tuple[str, str]]:
        found = await events_of(shop, "jobs.v1")
        told = Counter((each["data"]["printer"]["serial"], each["data"]["job"]["device_job_id"]) for each in found)
        assert len(told) >= count, len(told)
        assert len({each["id"] for each in found}) == len(told), "one job has one identity, whoever tells it"
        return told

    return await eventually_async(enough, within_s=TAKEN_OVER_S, what=f"{count} jobs are told")


async def test_printers_move_to_a_second_collector_and_back_from_a_killed_one_and_every_job_is_charged_once(
    shops: tuple[Running, Running], fleet: Fleet
):
    first, second = shops
    first.start("collector", "accounting")
    add_all(first, fleet)
    for printer in fleet.printers:
        printer.print()
    assert set((await jobs_told(first, PRINTERS)).values()) == {1}
    assert readers(first) == {"c1": PRINTERS}

    second.start("collector")
    shared = eventually(
        lambda: both if set(both := readers(second)) == {"c1", "c2"} and both == readers(first) else None,
        within_s=TAKEN_OVER_S,
        what="both read some, and say the same",
    )
    assert sum(shared.values()) == PRINTERS
    for printer in fleet.printers:
        printer.print()
    told = await jobs_told(first, 2 * PRINTERS)
    assert set(told.values()) == {1}, "what was handed over in order is not even told twice"

    for printer in fleet.printers:
        printer.print()
    first.kill("collector")
    for printer in fleet.printers:
        printer.print()
    eventually(
        lambda: readers(second) == {"c2": PRINTERS}, within_s=TAKEN_OVER_S, what="the second one reads them all"
    )
    assert len(await jobs_told(second, 4 * PRINTERS)) == 4 * PRINTERS

    first.start("collector")
    eventually(lambda: set(readers(first)) == {"c1", "c2"}, within_s=TAKEN_OVER_S, what="they are shared again")
    for printer in fleet.printers:
        printer.print()
    assert len(await jobs_told(second, 5 * PRINTERS)) == 5 * PRINTERS

    def charged() -> bool:
        status, page = first.http("accounting", "GET", "/v1/jobs?limit=200")
        assert status == 200, page
        assert len(page["items"]) == 5 * PRINTERS
        return True

    eventually(charged, within_s=TAKEN_OVER_S, what="every job is in the ledger, once")
    verified = first.inkmeter("accounting", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_a_collector_that_is_stopped_hands_its_printers_on(shops: tuple[Running, Running], fleet: Fleet):
    first, second = shops
    first.start("collector")
    second.start("collector")
    add_all(second, fleet)
    eventually(lambda: set(readers(first)) == {"c1", "c2"}, within_s=TAKEN_OVER_S, what="both read some")
    second.stop("collector")
    eventually(lambda: readers(first) == {"c1": PRINTERS}, within_s=TAKEN_OVER_S, what="the first reads all")
    for printer in fleet.printers:
        printer.print()
    assert set((await jobs_told(first, PRINTERS)).values()) == {1}


async def test_two_collectors_of_one_name_do_not_both_go_on(shops: tuple[Running, Running]):
    first, second = shops
    first.start("collector")
    second.start("collector", INKMETER_COLLECTOR_ID="c1")
    eventually(lambda: first.ended("collector"), within_s=TAKEN_OVER_S, what="one of them ends")
    assert "INKMETER_COLLECTOR_ID" in first.log_of("collector")
