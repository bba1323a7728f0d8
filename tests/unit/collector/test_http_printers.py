"""The printers API: validated additions, entity tags, paging, idempotent creates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.collector.addresses import AddressGuard
from services.collector.http.printers import PrintersApi
from services.collector.journal import Journal
from services.collector.networks import parse_networks
from services.collector.polling.poller import Poller, Rhythm
from services.collector.registry.registry import Registry
from services.collector.sources.source import PrinterFacts, PrinterState
from services.collector.vault import Vault
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from shared.health import Readiness
from shared.http.app import make_app
from tests.unit.collector.registry_rows import MemoryRows, printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TOKEN = "a-token-for-tests"
KEY = bytes(range(32))


class Devices:
    """What answers at which host; a PrinterSource for each."""

    def __init__(self) -> None:
        self.facts: dict[str, PrinterFacts | Exception] = {}

    def open(self, address, ref, access):
        self.address = address
        return self

    async def probe(self):
        found = self.facts.get(self.address, Retry(f"{self.address} can't be reached"))
        if isinstance(found, Exception):
            raise found
        return found

    async def completed_jobs(self, cursor=""):
        raise Retry("not asked")

    async def close(self):
        pass


@pytest.fixture
def devices() -> Devices:
    return Devices()


@pytest.fixture
async def api(tmp_path: Path, devices: Devices) -> AsyncIterator[TestClient]:
    clock = FixedClock(NOW)
    journal = Journal(tmp_path / "journal.sqlite", clock=clock)
    await journal.open()
    registry = Registry(MemoryRows(printer(1), printer(2), printer(3)), journal, collector_id="c1", clock=clock)
    await registry.refresh()
    poller = Poller(registry, lambda _: pytest.fail("not polled"), Rhythm(10, 55, 30, 4), clock=clock)
    guard = AddressGuard(parse_networks("192.0.2.0/24"))
    routes = PrintersApi(registry, poller, guard, devices.open, Vault([KEY]), clock=clock).routes()
    app = make_app("collector", routes, readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client
    await journal.close()


async def test_pages_follow_each_other_without_gap_or_overlap(api):
    names, cursor = [], ""
    while cursor is not None:
        page = await (await api.get("/v1/printers", params={"limit": 2, "cursor": cursor})).json()
        names += [each["name"] for each in page["items"]]
        cursor = page["next"]
    assert names == ["plotter-1", "plotter-2", "plotter-3"]
    assert (await api.get("/v1/printers", params={"cursor": "zz"})).status == 422
    assert (await api.get("/v1/printers", params={"limit": 0})).status == 422
    found = await (await api.get("/v1/printers", params={"name": "PLOTTER-2"})).json()
    assert [each["name"] for each in found["items"]] == ["plotter-2"]


async def test_a_printer_is_added_with_what_the_device_tells(api, devices):
    address = "ipp://192.0.2.9:631/ipp/print"
    devices.facts[address] = PrinterFacts(
        "ipp", make_and_model="Example 44", serial="SN9", name="Plotter 2nd floor"
    )
    first = await api.post("/v1/printers", json={"address": "192.0.2.9"}, headers={"Idempotency-Key": "k1"})
    again = await api.post("/v1/printers", json={"address": "192.0.2.9"}, headers={"Idempotency-Key": "k1"})
    assert (first.status, again.status, first.headers["ETag"]) == (201, 201, '"1"')
    added = await first.json()
    assert (added["name"], added["model"], added["serial"]) == ("Plotter 2nd floor", "Example 44", "SN9")
    assert (await again.json())["id"] == added["id"]
    assert (await api.get(first.headers["Location"])).status == 200


async def test_who_adds_a_queue_of_a_registered_device_is_told_that_jobs_count_once(api, devices):
    address = "ipp://192.0.2.9:631/printers/q"
    state = PrinterState(prints_on="ipp://192.0.2.1/ipp/print")
    devices.facts[address] = PrinterFacts("cups", uuid="queue", name="q", state=state)
    added = await (await api.post("/v1/printers", json={"address": address})).json()
    (warning,) = added["warnings"]
    assert warning == (
        "q is a queue of a CUPS server that prints on plotter-1: "
        "a job that both tell of is counted once, as one of plotter-1."
    )


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"address": "ipp://192.0.2.77/"}, 422, "/address"),
        ({"address": "ipp://192.0.2.78/"}, 422, "/address"),
        ({"address": "ipp://203.0.113.1/"}, 422, "/address"),
        ({"address": "ipp://192.0.2.1/ipp/print"}, 409, "/address"),
        ({"address": "ipp://192.0.2.9/", "name": "Plotter-1"}, 409, "/name"),
        ({"address": "ipp://192.0.2.9/", "name": "  "}, 422, "/name"),
        ({"address": "ipp://192.0.2.9/", "name": "a\x00"}, 422, "/name"),
        ({"address": "ipp://192.0.2.9/", "colour": "blue"}, 422, "/colour"),
        ({"name": "x"}, 422, ""),
    ],
)
async def test_an_addition_that_can_not_be_says_why(api, devices, body, status, pointer):
    devices.facts["ipp://192.0.2.78:631/"] = Reject(
        "ipp://192.0.2.78:631/ does not speak IPP: it answers text/html"
    )
    answer = await api.post("/v1/printers", json=body)
    problem = await answer.json()
    assert answer.status == status, problem
    assert [error["pointer"] for error in problem.get("errors", [])] == [pointer]
    if "78" in body.get("address", ""):
        assert "answers, but not as an IPP printer that can be read: it does not speak IPP" in problem["detail"]


async def test_a_change_with_an_old_entity_tag_is_refused(api):
    one = "/v1/printers/id-1"
    tag = (await api.get(one)).headers["ETag"]
    assert (await api.patch(one, json={"group": "a"}, headers={"If-Match": tag})).status == 200
    assert (await api.patch(one, json={"group": "b"}, headers={"If-Match": tag})).status == 412
    assert (await api.delete(one, headers={"If-Match": tag})).status == 412
    assert (await api.patch(one, json={"group": None})).status == 200
    assert (await (await api.get(one)).json())["group"] is None


async def test_a_change_of_nothing_makes_no_new_version(api):
    answer = await api.patch("/v1/printers/id-1", json={"name": "plotter-1"})
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')


async def test_a_new_address_must_lead_to_the_same_device(api, devices):
    devices.facts["ipp://192.0.2.50:631/ipp/print"] = PrinterFacts(
        "ipp", serial="SN1", make_and_model="Example 36 PS"
    )
    devices.facts["ipp://192.0.2.51:631/ipp/print"] = PrinterFacts("ipp", serial="SN51")
    moved = await api.patch("/v1/printers/id-1", json={"address": "ipp://192.0.2.50/ipp/print"})
    assert (moved.status, (await moved.json())["model"]) == (200, "Example 36 PS")
    other = await api.patch("/v1/printers/id-1", json={"address": "ipp://192.0.2.51/ipp/print"})
    assert (other.status, "another device" in (await other.json())["detail"]) == (409, True)


async def test_a_reason_goes_when_a_printer_is_enabled_again(api):
    one = "/v1/printers/id-1"
    off = await (await api.patch(one, json={"enabled": False, "disabled_reason": "in repair"})).json()
    assert (off["enabled"], off["disabled_reason"]) == (False, "in repair")
    on = await (await api.patch(one, json={"enabled": True})).json()
    assert (on["enabled"], on["disabled_reason"]) == (True, None)


async def test_a_removed_printer_is_gone(api):
    assert (await api.delete("/v1/printers/id-1")).status == 204
    assert (await api.get("/v1/printers/id-1")).status == 404
    assert (await api.post("/v1/printers/id-1/test")).status == 404


async def test_a_test_of_a_printer_that_does_not_answer_fails_with_a_remedy(api):
    report = await (await api.post("/v1/printers/id-1/test")).json()
    assert report["result"] == "FAIL"
    assert report["checks"][0]["remedy"]
