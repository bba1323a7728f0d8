"""What is wrong is said in one clear sentence, with the right code and without a traceback."""

from __future__ import annotations

import pytest

from tests.jobs import job
from tests.running import free_port

NOWHERE = "127.0.0.1:9"


def one_sentence(done, code, *words):
    """The command failed with this code and one line on stderr that says these words."""
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word.lower() in done.stderr.lower(), done.stderr


def test_a_printer_that_does_not_answer(shop):
    one_sentence(shop.inkmeter("printers", "add", f"ipp://127.0.0.1:{free_port()}/ipp/print"), 3, "127.0.0.1")


def test_something_that_is_not_a_printer(shop):
    address = f"ipp://127.0.0.1:{shop.ports['reporting']}/ipp/print"
    one_sentence(shop.inkmeter("printers", "add", address), 2, "IPP")


def test_an_address_that_is_none(shop):
    one_sentence(shop.inkmeter("printers", "add", "not an address"), 2, "not an address")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"postgresql://inkmeter:hush@{NOWHERE}/inkmeter", "127.0.0.1"),
        ("mysql://inkmeter:hush@127.0.0.1/inkmeter", "postgresql://"),
    ],
)
def test_a_wrong_database_url(shop, url, word):
    done = shop.inkmeter("migrate", INKMETER_DATABASE_URL=url)

    one_sentence(done, 3 if "9/" in url else 2, word)
    assert "hush" not in done.stderr


def test_no_kafka(shop):
    one_sentence(shop.inkmeter("topics", "list", INKMETER_KAFKA_BOOTSTRAP=NOWHERE), 3, "kafka", NOWHERE)


def test_an_unknown_price_list(shop):
    one_sentence(shop.inkmeter("prices", "publish", "no-such-list"), 2, "no-such-list")
    one_sentence(shop.inkmeter("prices", "show", "no-such-list"), 2, "no-such-list")


def test_an_unknown_charge(shop):
    one_sentence(shop.inkmeter("explain", "1.1"), 2, "1.1")


def test_an_unknown_period(shop):
    done = shop.inkmeter("report", "summary", "--by", "project", "--period", "next-week")
    assert done.returncode == 2
    assert "next-week" in done.stderr


def test_a_service_that_does_not_run(shop, tmp_path):
    one_sentence(shop.inkmeter("jobs", "list", "--data-dir", str(tmp_path)), 3, "inkmeter up")


def test_settings_that_are_wrong_are_all_named_at_once(shop, tmp_path):
    done = shop.inkmeter("run", "accounting", INKMETER_HTTP_PORT="many", INKMETER_CURRENCY="euros")

    one_sentence(done, 2, "INKMETER_HTTP_PORT", "INKMETER_CURRENCY")


def test_json_that_is_malformed(shop):
    status, problem = shop.http("collector", "POST", "/v1/jobs", b'{"jobs": [')

    assert (status, problem["status"]) == (400, 400)
    assert problem["title"]
    assert problem["detail"]


def test_an_unknown_field_is_named(shop):
    status, problem = shop.http("collector", "POST", "/v1/jobs", job(1) | {"colour_of_the_paper": "blue"})

    assert status == 422
    assert problem["errors"][0]["pointer"] == "/colour_of_the_paper"


def test_a_field_of_the_wrong_kind_is_named(shop):
    wrong = job(1)
    wrong["lines"][0]["printed_area_mm2"] = "large"
    status, problem = shop.http("collector", "POST", "/v1/jobs", {"jobs": [job(1), wrong]})

    assert status == 422
    assert problem["errors"][0]["pointer"] == "/jobs/1/lines/0/printed_area_mm2"


@pytest.mark.parametrize("service", ["collector", "accounting", "reporting"])
def test_no_token(shop, service):
    path = {"collector": "/v1/printers", "accounting": "/v1/jobs", "reporting": "/v1/summary?by=project"}[service]
    for token in ("", "wrong"):
        status, problem = shop.http(service, "GET", path, token=token)
        assert (status, problem["status"]) == (401, 401)


def test_a_path_that_does_not_exist(shop):
    status, problem = shop.http("reporting", "GET", "/v1/nothing")

    assert (status, problem["status"]) == (404, 404)
