"""The collector as a process beside a real CUPS server: events and notifications bring jobs long before a poll.

It polls every 50 s here and each job is waited for 20 s: only a hint can have brought it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.requests import asker, request
from services.collector.sources.ipp.tags import GroupTag
from services.collector.sources.ipp.view import View
from shared.errors import NotFound
from tests.deadline import eventually, eventually_async
from tests.fixtures.cups.cupsd import USUAL_POLICY, Cupsd, start_cupsd
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import start_ippeveprinter
from tests.integration.test_collector import events_of, wait_for
from tests.running import Running

pytestmark = pytest.mark.needs("ippeveprinter", "cupsd", "lp", "lpadmin", "dbus-daemon", "root")

SELDOM: Final = {"INKMETER_POLL_INTERVAL_S": "50"}
GET_SUBSCRIPTIONS: Final = 0x0019
NOTIFIER: Final = Path(__file__).parents[2] / "deploy/cups/notifier"


@pytest.fixture(scope="module")
def cups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cupsd]:
    printer = start_ippeveprinter(tmp_path_factory.mktemp("eve"))
    server = start_cupsd(policy=USUAL_POLICY)
    server.add_queue("Plotter", printer.uri)
    yield server
    server.stop()
    printer.stop()


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    try:
        yield running
    finally:
        running.close()


def looked_at(shop: Running) -> Any:
    """When the queue was first read, once it was."""
    return eventually(
        lambda: shop.json("printers", "show", "queue")["status"]["succeeded_at"],
        within_s=10,
        what="the first look",
    )


async def test_an_ended_job_is_read_on_an_event_and_the_subscription_goes_with_the_collector(
    shop: Running, cups: Cupsd, tmp_path: Path
) -> None:
    shop.start("collector", **SELDOM)
    shop.json("printers", "add", cups.queue_uri("Plotter"), "--name", "queue")
    looked_at(shop)
    eventually(lambda: "events_are_read" in shop.log_of("collector"), within_s=10, what="the subscription")

    cups.lp("Plotter", pdf(tmp_path / "plan.pdf", pages=2), title="told by an event")

    job = await titled(shop, "told by an event")
    assert job["person"]["claimed"] == "alice"
    assert job["lines"][0]["impressions"] == 2
    shop.stop("collector")
    assert await subscriptions(cups) == []


async def test_an_ended_job_is_read_on_a_notification(shop: Running, cups: Cupsd, tmp_path: Path) -> None:
    token = cups.add_file("inkmeter-notifier.token", shop.token)
    url = f"http://127.0.0.1:{shop.ports['collector']}"
    cups.add_file("inkmeter-notifier.conf", f"url = {url}\ntoken_file = {token}\n")
    program = cups.add_notifier("inkmeter", NOTIFIER)
    shop.start("collector", INKMETER_EVENTS_INTERVAL_S="0", **SELDOM)
    shop.json("printers", "add", cups.queue_uri("Plotter"), "--name", "queue")
    looked_at(shop)

    assert run(program, cups, "test") == "The collector takes hints.\n"
    assert run(program, cups, "subscribe", "Plotter") == "Plotter: subscribed.\n"
    assert run(program, cups, "subscribe", "Plotter") == "Plotter: subscribed.\n", "twice is once"
    cups.lp("Plotter", pdf(tmp_path / "plan.pdf"), title="told by the notifier")

    assert await titled(shop, "told by the notifier")
    assert await subscriptions(cups) == ["inkmeter://collector"]
    assert run(program, cups, "unsubscribe", "Plotter") == "Plotter: unsubscribed.\n"
    assert await subscriptions(cups) == []


async def test_a_collector_that_is_away_holds_nobody_up(shop: Running, cups: Cupsd, tmp_path: Path) -> None:
    """The printing goes on, and what the notifier could not tell is found once the collector polls."""
    token = cups.add_file("inkmeter-notifier.token", shop.token)
    cups.add_file("inkmeter-notifier.conf", f"url = http://192.0.2.1:7081\ntoken_file = {token}\n")
    program = cups.add_notifier("inkmeter", NOTIFIER)
    run(program, cups, "subscribe")
    document = pdf(tmp_path / "plan.pdf")
    for number in range(40):
        cups.cancel("Plotter", cups.lp("Plotter", document, "-H", "hold", title=f"held {number}"))
    shop.start("collector", INKMETER_EVENTS_INTERVAL_S="0", **SELDOM)
    shop.json("printers", "add", cups.queue_uri("Plotter"), "--name", "queue")
    found = await wait_for(shop, "jobs.v1", 40)
    assert {f"held {number}" for number in range(40)} <= {event["data"]["title"] for event in found}
    run(program, cups, "unsubscribe")


async def titled(shop: Running, title: str) -> Any:
    """The job of that title, once it is told."""

    async def told() -> Any:
        return next(
            (each["data"] for each in await events_of(shop, "jobs.v1") if each["data"]["title"] == title), None
        )

    return await eventually_async(told, within_s=20, what=f"{title} is told")


async def subscriptions(cups: Cupsd) -> list[str | None]:
    """Whom each subscription of the server tells; None where events are fetched."""
    client = IppClient(Address.parse(f"ipp://{cups.server}/"))
    try:
        answer = await client.send(request(GET_SUBSCRIPTIONS, client.address.uri, asker()))
    except NotFound:
        return []  # how CUPS says that there are none
    finally:
        await client.close()
    return [View(group).text("notify-recipient-uri") for group in answer.every(GroupTag.SUBSCRIPTION)]


def run(program: Path, cups: Cupsd, *words: str) -> str:
    """What an administrator does on the print server."""
    done = subprocess.run(
        [str(program), *words],
        env={"CUPS_SERVER": cups.server, "CUPS_SERVERROOT": str(cups.folder / "root")},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
