"""Kafka and PostgreSQL go away while jobs flow, and the collector is killed: nothing is lost, nothing doubled."""

from __future__ import annotations

from functools import partial

from tests.acceptance.summaries import assert_ledger_is_clean, keep_posting, post, wait_for_jobs
from tests.deadline import eventually
from tests.jobs import job

OUTAGE_S = 20.0


def test_the_collector_killed_before_it_could_publish_loses_nothing_and_keeps_the_order(shop, kafka, charges_of):
    project = "P-KILLED"
    kafka.stop()
    try:
        for start in range(0, 100, 20):
            post(shop, [job(number, project=project, printer="killed") for number in range(start, start + 20)])
        shop.kill("collector")
    finally:
        kafka.start()
    shop.start("collector")

    assert wait_for_jobs(shop, project, 100, within_s=60)["jobs"] == 100
    numbers = [int(charge["job_key"].split("/")[1]) for charge in charges_of(project, 100)]
    assert numbers == list(range(100)), "a printer's jobs are told in the order in which they came"


def test_jobs_that_come_while_kafka_is_away_are_charged_when_it_is_back(shop, kafka):
    project = "P-NO-KAFKA"
    kafka.stop()
    try:
        posted = keep_posting(shop, project, "no-kafka", seconds=OUTAGE_S)
        for service in ("collector", "accounting"):
            told = eventually(partial(_trouble, shop, service), within_s=10, what=f"{service} says what is down")
            assert "kafka" in told.lower()
    finally:
        kafka.start()

    assert wait_for_jobs(shop, project, posted, within_s=60)["jobs"] == posted
    shop.wait_ready("collector", within_s=30)
    shop.wait_ready("accounting", within_s=30)
    assert_ledger_is_clean(shop)


def test_jobs_that_come_while_postgresql_is_away_are_charged_when_it_is_back(shop, postgres):
    project = "P-NO-DATABASE"
    post(shop, [job(1_000_000, project=project, printer="no-db")])
    wait_for_jobs(shop, project, 1, within_s=30)
    postgres.stop()
    try:
        posted = 1 + keep_posting(shop, project, "no-db", seconds=OUTAGE_S)
        told = eventually(lambda: _trouble(shop, "accounting"), within_s=10, what="accounting says what is down")
        assert "database" in told.lower() or "postgres" in told.lower()
    finally:
        postgres.start()

    assert wait_for_jobs(shop, project, posted, within_s=60)["jobs"] == posted
    shop.wait_ready("accounting", within_s=30)
    shop.wait_ready("reporting", within_s=30)
    assert_ledger_is_clean(shop)


def _trouble(shop, service):
    status, answer = shop.http(service, "GET", "/readyz")
    down = [check for check in answer["checks"] if not check["ok"]]
    assert (status == 503) == bool(down), answer
    return str(down) if down else ""
