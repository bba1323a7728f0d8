"""The collector as a process, on real Kafka, PostgreSQL and a printer: what it takes arrives once, in order."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.kafka import make_consumer, start
from tests.conftest import PARTITIONS
from tests.deadline import eventually, eventually_async
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import start_ippeveprinter
from tests.jobs import job
from tests.running import Running, free_port

WITHIN_S = 15.0
POLL = {"INKMETER_POLL_INTERVAL_S": "0.5"}


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    running.start("collector", **POLL)
    try:
        yield running
    finally:
        running.close()


async def events_of(shop: Running, topic: str) -> list[dict[str, Any]]:
    """Every event that lies on a topic now, partition by partition in order."""
    bootstrap = shop.settings["INKMETER_KAFKA_BOOTSTRAP"]
    name = shop.settings["INKMETER_TOPIC_PREFIX"] + topic
    consumer = await start(make_consumer(bootstrap, client_id="test"), bootstrap)
    try:
        partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(WITHIN_S):
            while any([await consumer.position(each) < ends[each] for each in partitions]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        assert dict(record.headers)["content-type"] == b"application/cloudevents+json"
                        found.append(json.loads(record.value) | {"_key": record.key.decode()})
        return found
    finally:
        await consumer.stop()


async def wait_for(shop: Running, topic: str, count: int, *, within_s: float = 20) -> list[dict[str, Any]]:
    async def enough() -> list[dict[str, Any]]:
        found = await events_of(shop, topic)
        return found if len(found) >= count else []

    return await eventually_async(enough, within_s=within_s, what=f"{count} events on {topic}")


async def test_jobs_arrive_once_in_order_although_kafka_was_away_and_the_collector_killed(shop: Running, kafka):
    jobs = [job(number, printer=f"p{number % 3}") for number in range(60)]
    kafka.stop()
    try:
        for first in range(0, 60, 20):
            status, answer = shop.http("collector", "POST", "/v1/jobs", {"jobs": jobs[first : first + 20]})
            assert status == 202, answer
            assert [item["duplicate"] for item in answer["items"]] == [False] * 20
        status, ready = shop.http("collector", "GET", "/readyz")
        assert status == 503
        assert "kafka" in [check["name"] for check in ready["checks"] if not check["ok"]]
        assert shop.http("collector", "GET", "/v1/journal")[1]["records"] == 60
        shop.kill("collector")
    finally:
        kafka.start()
    shop.start("collector", **POLL)

    status, again = shop.http("collector", "POST", "/v1/jobs", {"jobs": jobs})
    assert (status, [item["duplicate"] for item in again["items"]]) == (202, [True] * 60)
    found = await wait_for(shop, "jobs.v1", 60)

    assert len({event["id"] for event in found}) == len(found) == 60
    for printer in ("p0", "p1", "p2"):
        told = [int(event["data"]["job"]["device_job_id"]) for event in found if event["_key"] == printer]
        assert told == sorted(told)
    assert sorted(event["data"]["job"]["source_sequence"] for event in found) == list(range(1, 61))
    eventually(
        lambda: shop.http("collector", "GET", "/v1/journal")[1]["records"] == 0, within_s=10, what="empty journal"
    )


@pytest.mark.needs("ippeveprinter", "ipptool", "dbus-daemon")
async def test_a_printer_is_added_read_tested_changed_and_removed(shop: Running, tmp_path: Path):
    plotter = start_ippeveprinter(tmp_path / "eve")
    try:
        added = shop.json("printers", "add", "plotter-1", plotter.uri, "--group", "plotters")
        assert (added["name"], added["group"], added["kind"]) == ("plotter-1", "plotters", "ipp")
        twice = shop.inkmeter("printers", "add", "other", plotter.uri)
        assert (twice.returncode, "plotter-1" in twice.stderr) == (2, True), twice.stderr
        _print(plotter.uri, pdf(tmp_path / "plan.pdf"))

        found = await wait_for(shop, "jobs.v1", 1)
        assert found[0]["_key"] == found[0]["data"]["printer"]["id"] == added["id"]
        assert found[0]["source"] == "/collector/c1/ipp"

        report = shop.json("printers", "test", "plotter-1")
        assert {check["name"]: check["result"] for check in report["checks"]}["job history"] == "OK"
        assert "plotter-1" in shop.inkmeter("printers", "list").stdout

        shop.json("printers", "edit", "plotter-1", "--name", "plotter-2", "--group", "")
        shop.json("printers", "disable", "plotter-2", "--reason", "in repair")
        assert "in repair" in shop.inkmeter("printers", "list").stdout
        shop.json("printers", "enable", "plotter-2")
        shop.json("printers", "remove", "plotter-2", "--yes")
        assert shop.json("printers", "list") == []
        told = [event["data"] for event in await wait_for(shop, "printers.v1", 5)]
        assert [each.get("removed", False) for each in told] == [False, False, False, False, True]

        back = shop.json("printers", "add", "plotter-1", plotter.uri)
        assert back["id"] == added["id"], "the same device comes back under its old id"
        eventually(lambda: shop.json("printers", "show", "plotter-1")["status"]["succeeded_at"], within_s=10,
                   what="it is read again")  # fmt: skip
        assert len(await events_of(shop, "jobs.v1")) == 1, "its old job is not brought again"
    finally:
        plotter.stop()


PRINT = """{
  OPERATION Print-Job
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name alice
  ATTR name job-name "Site plan"
  ATTR mimeMediaType document-format application/pdf
  FILE $filename
  STATUS successful-ok
}"""


def _print(uri: str, document: Path) -> None:
    asked = document.with_suffix(".test")
    asked.write_text(PRINT)
    command = ["ipptool", "-tv", "-f", str(document), "-T", "10", uri, str(asked)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout


async def test_additions_that_can_not_be_say_why(shop: Running):
    status, problem = shop.http(
        "collector", "POST", "/v1/printers", {"address": f"ipp://127.0.0.1:{free_port()}/ipp/print"}
    )
    assert (status, problem["errors"][0]["pointer"]) == (422, "/address")
    status, problem = shop.http(
        "collector", "POST", "/v1/printers", {"address": f"http://127.0.0.1:{shop.ports['collector']}/version"}
    )
    assert (status, "not as an IPP printer" in problem["detail"]) == (422, True), problem
    for address in ("ipp://169.254.169.254/latest", "ipp://8.8.8.8/ipp/print", "file:///etc/passwd"):
        status, problem = shop.http("collector", "POST", "/v1/printers", {"address": address})
        assert (status, problem["errors"][0]["pointer"]) == (422, "/address"), problem
    assert shop.http("collector", "GET", "/v1/printers/none")[0] == 404


async def test_the_collector_goes_on_while_postgresql_is_away(shop: Running, postgres):
    postgres.stop()
    try:
        eventually(lambda: shop.http("collector", "GET", "/readyz")[0] == 503, within_s=30, what="not ready")
        assert shop.http("collector", "POST", "/v1/jobs", job(1))[0] == 202
        assert shop.http("collector", "GET", "/v1/printers")[0] == 200
    finally:
        postgres.start()
    assert len(await wait_for(shop, "jobs.v1", 1)) == 1
    shop.wait_ready("collector", within_s=30)


@pytest.mark.needs("ippeveprinter", "dbus-daemon", "ipptool")
async def test_started_while_postgresql_is_away_the_collector_reads_the_printers_that_it_knew(
    shop: Running, postgres, tmp_path: Path
):
    printer = start_ippeveprinter(tmp_path / "eve")
    try:
        assert (
            shop.http("collector", "POST", "/v1/printers", {"address": printer.uri, "name": "plotter"})[0] == 201
        )
        postgres.stop()
        try:
            shop.kill("collector")
            shop.launch("collector", **POLL)
            _print(printer.uri, pdf(tmp_path / "plan.pdf"))
            (event,) = await wait_for(shop, "jobs.v1", 1)
            status, answer = shop.http("collector", "GET", "/readyz")
            assert status == 503
            assert "PostgreSQL was away at the start" in json.dumps(answer) or "registry" in json.dumps(answer)
        finally:
            postgres.start()
        shop.wait_ready("collector", within_s=40)
        (known,) = shop.http("collector", "GET", "/v1/printers")[1]["items"]
        assert event["data"]["printer"]["id"] == known["id"]
    finally:
        printer.stop()


async def test_sigterm_under_load_ends_in_order_and_loses_nothing_that_was_accepted(shop: Running):
    accepted: set[str] = set()
    numbers = count(1)
    under_load = threading.Event()

    def bring() -> None:
        with suppress(OSError, HTTPException):
            while True:
                batch = {"jobs": [job(next(numbers)) for _ in range(20)]}
                status, answer = shop.http("collector", "POST", "/v1/jobs", batch)
                if status == 202:
                    accepted.update(each["event_id"] for each in answer["items"])
                if len(accepted) > 500:
                    under_load.set()

    bringing = [asyncio.to_thread(bring) for _ in range(4)]
    loads = asyncio.gather(*bringing)
    await asyncio.to_thread(under_load.wait, WITHIN_S)
    await asyncio.to_thread(shop.stop, "collector")
    await loads
    shop.start("collector", **POLL)
    found = {event["id"] for event in await wait_for(shop, "jobs.v1", len(accepted), within_s=30)}
    assert accepted
    assert accepted <= found
