"""One job that several sources tell of is charged once, with the best value of each field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.summaries import assert_ledger_is_clean, post, project_row, wait_for_jobs
from tests.deadline import eventually
from tests.fixtures.cups.documents import pdf
from tests.jobs import A1_PRICE, A1_PRINTED_MM2, A1_USED_MM2, TODAY, job

INK_UL = {"cyan": 200, "magenta": 200, "yellow": 100, "black": 100}


def from_server(number: int, *, project: str) -> dict[str, Any]:
    """What a print server knows of a job: who and what for, but not what it took."""
    whole = job(number, project=project, printer=project, measured="as_submitted", title="Site plan.pdf")
    whole["job"] = {"device_job_id": f"q{number}", "source": "cups"}
    whole["printer"] = {"serial": f"SN-{project}"}
    whole["lines"] = [{"media": "plain-80", "width_um": 594_000, "length_um": 841_000}]
    return whole


def from_device(number: int, *, project: str) -> dict[str, Any]:
    """What the device knows of the same job, minutes later: what it fed and which ink it used."""
    whole = job(number + 8 * 60_000, printer=project, title="Site plan.pdf", measured="by_device")
    whole["job"] = {"device_job_id": f"d{number}", "source": "piws"}
    whole["person"] = {"claimed": f"OFFICE\\User{number % 7}"}
    whole["lines"][0]["ink_ul"] = INK_UL
    del whole["project"]
    return whole


def wait_for_area(shop: Any, project: str, area_mm2: int) -> dict[str, Any]:
    """Waits until a project has so much printed area, and gives its row."""

    def counted() -> dict[str, Any]:
        row = project_row(shop, project)
        assert int(row.get("printed_area_mm2", 0)) == area_mm2, row
        return row

    return eventually(counted, within_s=30, what=f"{area_mm2} mm2 of {project} are charged")


def test_two_sources_minutes_apart_are_one_job_with_the_devices_quantities(shop):
    project = "P-TWO-SOURCES"
    post(shop, [from_server(1, project=project)])
    assert wait_for_jobs(shop, project, 1, within_s=30)["unpriced_lines"] == 1
    shop.kill("collector")
    shop.start("collector")

    status, answer = shop.http("collector", "POST", "/v1/jobs", from_device(1, project=project))

    assert status == 202, answer
    assert answer["items"][0]["merged_into"]
    row = wait_for_area(shop, project, A1_PRINTED_MM2)
    assert (row["jobs"], row["price"], row["unpriced_lines"]) == (1, A1_PRICE, 0)
    assert (int(row["used_area_mm2"]), int(row["ink_ul"])) == (A1_USED_MM2, sum(INK_UL.values()))
    assert_ledger_is_clean(shop)
    made = shop.json("accounting", "corrections", "--actor", "collector")
    assert any("Read by cups and piws" in str(each) for each in made), made


def test_readings_of_one_request_are_one_job_and_equal_jobs_of_one_source_are_many(shop):
    project = "P-ONE-REQUEST"
    post(shop, [from_server(2, project=project), from_device(2, project=project)])
    equal = [from_server(10 + number, project="P-EQUAL") for number in range(100)]
    post(shop, equal)
    post(shop, equal)

    assert wait_for_jobs(shop, "P-EQUAL", 100, within_s=30)["jobs"] == 100
    row = project_row(shop, project)
    assert (row["jobs"], int(row["printed_area_mm2"])) == (1, A1_PRINTED_MM2)


@pytest.mark.needs("cupsd", "ippeveprinter", "lp", "root")
def test_a_job_seen_by_cups_by_the_device_and_by_a_backend_is_charged_once(shop, plotter, cups, tmp_path):
    queue = cups.add_queue("thrice", plotter.uri)
    known = {each["address"]: each for each in shop.json("printers", "list")}
    device = known.get(plotter.uri) or shop.json("printers", "add", plotter.uri, "--name", "Plotter itself")
    listed = shop.json("printers", "add", queue, "--name", "Queue of the plotter")
    eventually(lambda: _read(shop, listed["id"])["status"]["prints_on"], within_s=30, what="the queue is read")
    before = {each["id"]: each["status"]["jobs_read"] for each in shop.json("printers", "list")}

    cups.lp("thrice", pdf(tmp_path / "plan.pdf"), "-o", "media=iso_a1_594x841mm", title="Roof plan")

    for each in (device, listed):
        eventually(
            lambda each=each: _read(shop, each["id"])["status"]["jobs_read"] > before[each["id"]],
            within_s=30,
            what=f"{each['name']} has told of the job",
        )
    [told] = eventually(lambda: _jobs(shop, "Roof plan"), within_s=30, what="the job is charged")
    backend = {
        "job": {"device_job_id": "77", "source": "backend"},
        "printer": {"id": device["id"]},
        "person": {"claimed": "alice", "authenticated": True},
        "department": "ROOF",
        "title": "Roof plan",
        "completed_at": told["completed_at"],
        "measured": "as_submitted",
        "lines": [{}],
    }
    status, answer = shop.http("collector", "POST", "/v1/jobs", backend)
    assert (status, answer["items"][0]["duplicate"]) == (202, False), answer
    [counted] = eventually(
        lambda: [each for each in _jobs(shop, "Roof plan") if each["department"] == "ROOF"],
        within_s=30,
        what="what the backend knew is there",
    )
    assert [each["job_id"] for each in _jobs(shop, "Roof plan")] == [counted["job_id"]]
    assert counted["printer"] == device["id"]
    assert_ledger_is_clean(shop)


def _read(shop: Any, printer_id: str) -> Any:
    return next(each for each in shop.json("printers", "list") if each["id"] == printer_id)


def _jobs(shop: Any, title: str) -> list[Any]:
    """The jobs of a title that count."""
    found = shop.json("jobs", "list", "--period", TODAY, "--not-voided", "--all")
    return [each for each in (found["items"] if isinstance(found, dict) else found) if each["title"] == title]
