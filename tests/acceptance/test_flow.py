"""The main job: what was printed on a real printer, or sent by HTTP, becomes a priced row of a report."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest

from tests.acceptance.summaries import post, project_row, wait_for_jobs
from tests.deadline import eventually
from tests.fixtures.cups.documents import pdf
from tests.jobs import A1_PRICE, TODAY, job

LP_TO_REPORT_S = 5.0


def test_a_posted_job_becomes_a_priced_row_in_every_format(shop):
    project = "P-POSTED"
    post(shop, [job(1, project=project, printer="posted")])

    row = wait_for_jobs(shop, project, 1, within_s=30)

    assert (row["price"], row["unpriced_lines"]) == (A1_PRICE, 0)
    command = ("report", "summary", "--by", "project", "--period", TODAY)
    assert row in shop.json(*command)["rows"]
    table = shop.inkmeter(*command)
    assert table.returncode == 0
    assert project in table.stdout
    rows = list(csv.DictReader(io.StringIO(shop.inkmeter(*command, "--format", "csv").stdout)))
    assert [one for one in rows if project in one.values()], rows


def test_the_page_is_one_file_that_opens_without_a_server(shop, tmp_path):
    project = "P-PAGE"
    post(shop, [job(1, project=project, printer="page")])
    wait_for_jobs(shop, project, 1, within_s=30)
    page = tmp_path / "summary.html"

    done = shop.inkmeter("report", "summary", "--period", TODAY, "--format", "html", "--output", str(page))

    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert project in text
    assert "<svg" in text
    assert not re.search(r"""(src|href)=["']https?:""", text), "it needs nothing from elsewhere"


def test_a_single_job_may_be_posted_without_an_envelope(shop):
    status, answer = shop.http("collector", "POST", "/v1/jobs", job(2, project="P-SINGLE", printer="single"))

    assert status == 202, answer
    assert wait_for_jobs(shop, "P-SINGLE", 1, within_s=30)["jobs"] == 1


@pytest.mark.needs("cupsd", "ippeveprinter", "lp", "root")
def test_a_drawing_printed_with_lp_is_in_the_report_within_seconds(shop, plotter, cups, tmp_path):
    queue = cups.add_queue("plotter", plotter.uri)
    shop.json("printers", "add", queue, "--name", "Plotter on CUPS")
    before = _jobs_of_alice(shop)

    asked = time.monotonic()
    cups.lp("plotter", pdf(tmp_path / "plan.pdf"), "-o", "media=iso_a1_594x841mm", title="Site plan")
    row = eventually(
        lambda: _jobs_of_alice(shop) - before and project_row(shop, ""),
        within_s=30,
        what="alice's job is reported",
    )
    took_s = time.monotonic() - asked
    row = project_row(shop, "")

    assert int(row["printed_area_mm2"]) >= 594 * 841
    assert took_s < LP_TO_REPORT_S, f"from lp to the report in {took_s:.1f} s"


def _jobs_of_alice(shop):
    status, answer = shop.http("reporting", "GET", f"/v1/summary?by=person&period={TODAY}")
    assert status == 200, answer
    return sum(row["jobs"] for row in answer["rows"] if row["key"] == "alice")
