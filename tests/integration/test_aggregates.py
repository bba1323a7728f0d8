"""The aggregates worker as a process, on real Kafka and PostgreSQL: it may die, be told twice, be made anew."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal

import msgspec
import pytest

from services.accounting.aggregates.tables import app_id
from shared.events import ChargePostedEvent
from shared.events.envelope import encode
from shared.postgres import connect
from shared.topics import apply_topics
from shared.topics.admin import admin_client
from tests.conftest import PARTITIONS, TEMPLATE
from tests.deadline import eventually
from tests.integration.live_aggregates import Live
from tests.jobs import COST_LIST, PRICE_LIST
from tests.running import Running
from tests.servers import execute

_charges = msgspec.json.Decoder(ChargePostedEvent)


@pytest.fixture(scope="module")
def live(postgres, kafka, tmp_path_factory):
    """One worker for all tests here: each takes printers, people and numbers of its own."""
    name, prefix = f"live_{secrets.token_hex(6)}", f"t{secrets.token_hex(4)}."
    execute(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    asyncio.run(apply_topics(kafka.bootstrap, prefix, partitions=PARTITIONS))
    running = Running(
        tmp_path_factory.mktemp("live"),
        database_url=postgres.url_of(name),
        bootstrap=kafka.bootstrap,
        topic_prefix=prefix,
    )
    try:
        running.start("collector", "accounting", "aggregates")
        for document in (PRICE_LIST, COST_LIST):
            status, made = running.http("accounting", "POST", "/v1/price-books", {"toml": document})
            assert status == 201, made
            path = f"/v1/price-books/{made['name']}/publish"
            status, answer = running.http("accounting", "POST", path, {"default": True})
            assert status == 200, answer
        yield Live(running)
    finally:
        running.close()
        execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def count(live):
    """How many jobs the ledger had before the test."""
    ledger = live.by_ledger()
    return sum(sums.jobs for name, sums in ledger.items() if name.startswith("day/") and "/printer/" in name)


def test_windows_are_what_the_ledger_says_also_after_all_charges_were_told_again(live, count):
    live.print(range(100, 140))
    live.wait_until_equal(jobs=count + 40)
    live.send("charges.v1", live.records("charges.v1"))
    live.print(range(140, 145), printer="plotter-2", project="P-200")
    live.wait_until_equal(jobs=count + 45)

    assert live.running.inkmeter("accounting", "verify", "--aggregates").returncode == 0


def test_a_killed_worker_goes_on_where_it_was_and_money_never_depended_on_it(live, count):
    live.print(range(200, 230))
    live.running.kill("aggregates")
    live.print(range(230, 260), printer="plotter-3", project="P-300")
    live.running.start("aggregates")
    live.print(range(260, 270), printer="plotter-3")
    live.running.kill("aggregates")
    live.running.start("aggregates")
    live.wait_until_equal(jobs=count + 70)

    assert live.running.inkmeter("accounting", "verify").returncode == 0


def test_a_worker_that_loses_its_lock_begins_anew_and_misses_nothing(live, count):
    pid = live.running.pid("aggregates")
    lock = "application_name = 'inkmeter-aggregates-lock' AND datname = current_database()"
    with connect(live.database_url) as connection:
        ended = connection.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {lock}"
        ).fetchall()
    live.print(range(270, 280))
    live.wait_until_equal(jobs=count + 10)

    eventually(
        lambda: "aggregates_begin_anew" in live.running.log_of("aggregates"), within_s=30, what="a new start"
    )
    live.running.wait_ready("aggregates")
    assert len(ended) == 1
    assert live.running.pid("aggregates") == pid


def test_a_worker_that_was_thrown_out_of_its_group_begins_anew_and_misses_nothing(live, count):
    """Faust would read old rows back over those that are being counted."""
    begun = live.running.log_of("aggregates").count("aggregates_begin_anew")
    pid = live.running.pid("aggregates")
    live.print(range(280, 290))
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: not members(live), within_s=60, what="Kafka misses the worker")
        live.print(range(290, 300))
    finally:
        os.kill(pid, signal.SIGCONT)

    def begun_anew():
        return live.running.log_of("aggregates").count("aggregates_begin_anew") > begun

    eventually(begun_anew, within_s=60, what="a new start")
    live.wait_until_equal(jobs=count + 20)
    assert "thrown out of its group" in live.running.log_of("aggregates")
    assert live.running.inkmeter("accounting", "verify", "--aggregates").returncode == 0


def members(live):
    """Of the worker's group."""

    async def ask():
        async with admin_client(live.bootstrap) as client:
            (answer,) = await client.describe_consumer_groups([app_id(live.prefix, 1)])
            return answer.groups[0][5]

    return asyncio.run(ask())


def test_a_correction_moves_what_it_corrects_from_one_window_to_the_other(live, count):
    live.print(range(300, 303), printer="plotter-4", project="P-400")
    live.wait_until_equal(jobs=count + 3)
    _, page = live.running.http("accounting", "GET", "/v1/charges?project=P-400")
    chosen = [each["charge_id"] for each in page["items"]]
    moved = ("correct", "--charge", chosen[0], "--to-project", "P-401", "--force")
    live.running.json("accounting", *moved, "--reason", "wrong project")
    live.running.json("accounting", "void", "--charge", chosen[1], "--reason", "never came out")
    live.wait_until_equal(jobs=count + 2)

    _, told = live.told()
    by_project = {name.rpartition("/")[2]: sums.jobs for name, sums in told.items() if name.startswith("day/")}
    assert (by_project["P-400"], by_project["P-401"]) == (1, 1)


def test_what_is_no_charge_is_set_aside_with_the_reason_and_the_others_count(live, count):
    live.send("charges.v1", [(b"P-500", b"no event"), (b"P-500", None)])
    live.print(range(500, 503), printer="plotter-5", project="P-500")
    live.wait_until_equal(jobs=count + 3)

    reasons = [each.reason for each in live.letters()]
    assert any("not a CloudEvent" in each for each in reasons)
    assert any("tombstone" in each for each in reasons)


def test_a_threshold_is_told_once_whatever_comes_after(live, count):
    budget = {"owner_kind": "project", "owner": "P-600", "period": "year", "amount": "10.00"}
    status, made = live.running.http("accounting", "POST", "/v1/budgets", budget)
    assert status == 201, made
    live.print(range(600, 610), printer="plotter-6", project="P-600")

    def thresholds():
        return sorted(each.budget.threshold for each in live.alerts("budget_threshold"))

    eventually(lambda: thresholds() == [50], within_s=60, what="half of it is told")
    live.running.kill("aggregates")
    live.running.start("aggregates")
    live.print(range(610, 620), printer="plotter-6", project="P-600")
    eventually(lambda: thresholds() == [50, 80, 100], within_s=60, what="all of it is told")
    live.print(range(620, 622), printer="plotter-6", project="P-600")
    live.wait_until_equal(jobs=count + 22)

    first, *_, last = live.alerts("budget_threshold")
    assert thresholds() == [50, 80, 100]
    assert first.subject == f"budget/{made['id']}"
    assert first.budget.used == "5.4950"
    assert last.budget.percent >= 100
    asked = {"project": "P-600", "estimate": "1.00"}
    _, answer = live.running.http("accounting", "POST", "/v1/budgets/check", asked)
    assert answer["decision"] == "warn"


def test_waste_is_told_without_the_document_s_name(live, count):
    title = "secret plan.pdf"
    live.print(range(700, 703), printer="plotter-7", title=title, person={"claimed": "mallory"})
    big = {"printed_area_mm2": 6_000_000, "used_area_mm2": 6_000_000, "media": "plain-80"}
    live.print(range(710, 711), printer="plotter-8", outcome="aborted", lines=[big])
    inked = {"printed_area_mm2": 1_000_000, "used_area_mm2": 1_000_000, "media": "gloss"}
    usual = [{**inked, "ink_ul": {"cyan": 1_000 + number}} for number in range(30)]
    for number, line in enumerate([*usual, {**inked, "ink_ul": {"cyan": 9_000}}], start=720):
        live.print(range(number, number + 1), printer="plotter-9", lines=[line])
    live.wait_until_equal(jobs=count + 3 + 1 + 31)

    (repeat,) = live.alerts("repeated_document")
    (cancelled,) = live.alerts("cancelled_area")
    (density,) = live.alerts("ink_density")
    assert (repeat.repeat.times, repeat.person.claimed) == (3, "mallory")
    assert (cancelled.subject, cancelled.cancelled.percent) == ("printer/plotter-8", 100)
    assert density.density.density_nl_per_m2 == 9_000_000
    assert not any(b"secret" in (value or b"") for _, value in live.records("alerts.v1"))


def test_a_rebuild_takes_back_what_the_ledger_never_said(live, count):
    live.print(range(800, 805), printer="plotter-10", project="P-800")
    live.wait_until_equal(jobs=count + 5)
    told = [(key, _charges.decode(value)) for key, value in live.records("charges.v1") if key == b"P-800"]
    key, event = told[-1]
    entry = int(event.data.id.partition(".")[0]) + 1_000
    forged = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, id=f"{entry}.0"))
    live.send("charges.v1", [(key, encode(forged))])

    def wrong():
        done = live.running.inkmeter("accounting", "verify", "--aggregates")
        return "P-800" in done.stdout and done.returncode == 1

    eventually(wrong, within_s=60, what="the check sees a window that the ledger does not have")
    before, _ = live.told()
    rebuilt = live.running.json("accounting", "rebuild", "--aggregates")
    live.print(range(805, 810), printer="plotter-10", project="P-800")
    live.wait_until_equal(jobs=count + 10, generation=before + 1)

    assert rebuilt["generation"] == before + 1
    assert live.running.inkmeter("accounting", "verify", "--aggregates").returncode == 0
    thresholds = [each.budget.threshold for each in live.alerts("budget_threshold")]
    assert len(thresholds) == len(set(thresholds))
