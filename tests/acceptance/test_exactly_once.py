"""A thousand jobs, each posted twice while accounting is killed: each is charged once and the totals are right."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.summaries import assert_ledger_is_clean, post, wait_for_jobs
from tests.jobs import A1_PRICE, A1_USED_MM2, job

JOBS = 1_000
BATCH = 50


def test_accounting_killed_in_mid_batch_charges_every_job_once(shop):
    project, printer = "P-ONCE", "once"
    kills = (200, 500, 800)
    for start in range(0, JOBS, BATCH):
        batch = [job(number, project=project, printer=printer) for number in range(start, start + BATCH)]
        first, again = post(shop, batch), post(shop, batch)
        assert first == again, "the same job gets the same event id"
        if start in kills:
            shop.kill("accounting")
            shop.start("accounting")

    row = wait_for_jobs(shop, project, JOBS, within_s=90)

    assert row["jobs"] == JOBS
    assert Decimal(row["price"]) == JOBS * Decimal(A1_PRICE)
    assert int(row["used_area_mm2"]) == JOBS * A1_USED_MM2
    assert_ledger_is_clean(shop)


def test_a_job_that_came_again_after_it_was_charged_is_not_charged_again(shop):
    project = "P-AGAIN"
    post(shop, [job(1, project=project, printer="again")])
    wait_for_jobs(shop, project, 1, within_s=30)

    post(shop, [job(1, project=project, printer="again")])
    post(shop, [job(2, project=project, printer="again")])

    assert wait_for_jobs(shop, project, 2, within_s=30)["jobs"] == 2
