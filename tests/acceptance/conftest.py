"""One set of services for all acceptance tests, each test with projects and printers of its own."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from shared.kafka import make_consumer, make_producer, start
from tests.conftest import TEMPLATE
from tests.deadline import eventually
from tests.fixtures.cups.cupsd import Cupsd, start_cupsd
from tests.fixtures.cups.ippeveprinter import EvePrinter, start_ippeveprinter
from tests.jobs import COST_LIST, PRICE_LIST
from tests.running import SERVICES, Running
from tests.servers import execute

POLL_INTERVAL_S = "1"
LOG_CHARACTERS = 6_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what the services said last, and which have ended, wherever a test of theirs fails."""
    report = yield
    shop = getattr(item, "funcargs", {}).get("shop")
    if call.when == "call" and report.failed and shop:
        for service in SERVICES:
            state = "has ended" if shop.ended(service) else "runs"
            report.sections.append((f"{service} {state}, and said last", shop.log_of(service)[-LOG_CHARACTERS:]))
    return report


@pytest.fixture(scope="session")
def shop(
    postgres: PostgresServer, kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Collector, accounting and reporting as processes, with a cost and a price list published."""
    database = f"shop_{secrets.token_hex(4)}"
    execute(postgres, f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    folder = tmp_path_factory.mktemp("shop")
    running = Running(
        folder, database_url=postgres.url_of(database), bootstrap=kafka.bootstrap, topic_prefix="shop."
    )
    try:
        done = running.inkmeter("topics", "apply", "--partitions", "3")
        assert done.returncode == 0, done.stderr
        running.start(INKMETER_POLL_INTERVAL_S=POLL_INTERVAL_S)
        for name, text in (("standard", PRICE_LIST), ("our-cost", COST_LIST)):
            file = folder / f"{name}.toml"
            file.write_text(text)
            running.json("prices", "import", str(file))
            running.json("prices", "publish", name)
        yield running
    finally:
        running.close()


@pytest.fixture
def produce(shop: Running) -> Callable[[str, Sequence[tuple[bytes, bytes]]], None]:
    """Puts raw records on a topic, as a broken producer would."""

    async def send(topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        bootstrap = shop.settings["INKMETER_KAFKA_BOOTSTRAP"]
        producer = await start(make_producer(bootstrap, "stranger"), bootstrap)
        try:
            for key, value in records:
                await producer.send_and_wait(shop.settings["INKMETER_TOPIC_PREFIX"] + topic, value, key=key)
        finally:
            await producer.stop()

    return lambda topic, records: asyncio.run(send(topic, records))


@pytest.fixture
def charges_of(shop: Running) -> Callable[[str, int], list[dict[str, Any]]]:
    """Waits until so many charges of a project are told, and gives the data of each, in order."""

    async def read(topic: str) -> list[dict[str, Any]]:
        bootstrap = shop.settings["INKMETER_KAFKA_BOOTSTRAP"]
        consumer = await start(make_consumer(bootstrap, client_id="reader"), bootstrap)
        try:
            partitions = [TopicPartition(topic, number) for number in range(3)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            await consumer.seek_to_beginning(*partitions)
            found: list[dict[str, Any]] = []
            while any([await consumer.position(one) < ends[one] for one in partitions]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [json.loads(record.value)["data"] for record in records]
            return found
        finally:
            await consumer.stop()

    def wait(project: str, count: int) -> list[dict[str, Any]]:
        topic = shop.settings["INKMETER_TOPIC_PREFIX"] + "charges.v1"

        def enough() -> list[dict[str, Any]]:
            found = [charge for charge in asyncio.run(read(topic)) if charge.get("project") == project]
            once = {charge["id"]: charge for charge in found}
            assert len(once) >= count, len(once)
            return list(once.values())

        return eventually(enough, within_s=30, what=f"{count} charges of {project} are told")

    return wait


@pytest.fixture(scope="session")
def plotter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvePrinter]:
    """A real IPP Everywhere printer with wide-format media."""
    printer = start_ippeveprinter(Path(tmp_path_factory.mktemp("plotter")))
    yield printer
    printer.stop()


@pytest.fixture(scope="session")
def cups() -> Iterator[Cupsd]:
    """A private CUPS server."""
    server = start_cupsd()
    yield server
    server.stop()
