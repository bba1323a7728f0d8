"""The printers API: validated additions, entity tags, paging, idempotent creates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from services.collector.access import Access, SnmpAccess
from services.collector.addresses import AddressGuard
from services.collector.http.printers import PrintersApi
from services.collector.journal import Journal
from services.collector.networks import parse_networks
from services.collector.onboarding.reach import Reach
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
        self.access = access
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
def registry_rows() -> MemoryRows:
    return MemoryRows(printer(1), printer(2), printer(3))


@pytest.fixture
async def api(tmp_path: Path, devices: Devices, registry_rows: MemoryRows) -> AsyncIterator[TestClient]:
    clock = FixedClock(NOW)
    journal = Journal(tmp_path / "journal.sqlite", clock=clock)
    await journal.open()
    registry = Registry(registry_rows, journal, collector_id="c1", clock=clock)
    await registry.refresh()
    poller = Poller(registry, lambda _: pytest.fail("not polled"), Rhythm(10, 55, 30, 4), clock=clock)
    guard = AddressGuard(parse_networks("192.0.2.0/24"))
    routes = PrintersApi(registry, poller, Reach(guard, devices.open, Vault([KEY]), clock)).routes()
    app = make_app("collector", routes, readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        client.app_registry = registry
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
    other = await api.post("/v1/printers", json={"address": "192.0.2.1"}, headers={"Idempotency-Key": "k1"})
    assert (other.status, (await other.json())["errors"][0]["pointer"]) == (422, "Idempotency-Key")
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


async def test_another_device_takes_the_place_and_the_history_stays(api, devices):
    at = "ipp://192.0.2.1:631/ipp/print"
    devices.facts[at] = PrinterFacts("ipp", serial="NEW1", make_and_model="Example 44")
    tag = (await api.get("/v1/printers/id-1")).headers["ETag"]
    answer = await api.post("/v1/printers/id-1/replace", json={}, headers={"If-Match": tag})
    after = await answer.json()
    assert (answer.status, after["id"], after["name"]) == (200, "id-1", "plotter-1")
    assert (after["serial"], after["model"], after["former_serials"]) == ("NEW1", "Example 44", ["SN1"])
    assert after["device_since"] == NOW.isoformat().replace("+00:00", "Z")
    again = await api.post("/v1/printers/id-1/replace", json={})
    assert (again.status, "same as before (serial number NEW1)" in (await again.json())["detail"]) == (409, True)

    devices.facts[at] = PrinterFacts("ipp", serial="SN1")
    back = await (await api.post("/v1/printers/id-1/replace", json={})).json()
    assert (back["serial"], back["former_serials"]) == ("SN1", ["NEW1"])


async def test_a_device_that_is_another_printers_takes_no_place(api, devices):
    devices.facts["ipp://192.0.2.9:631/ipp/print"] = PrinterFacts("ipp", serial="SN2")
    answer = await api.post("/v1/printers/id-1/replace", json={"address": "192.0.2.9"})
    assert (answer.status, "registered already, as plotter-2" in (await answer.json())["detail"]) == (409, True)


SECRETS = ("pass-word-1", "comm-unity-1", "auth-key-1234", "priv-key-1234")
LOGIN = {"username": "admin", "password": SECRETS[0], "snmp": {"community": SECRETS[1]}}
V3 = {"version": "3", "user": "u", "auth_protocol": "SHA256", "auth_key": SECRETS[2], "priv_protocol": "AES"}


async def test_how_to_log_in_is_never_shown(api, devices, tmp_path):
    devices.facts["ipp://192.0.2.9:631/ipp/print"] = PrinterFacts("ipp", serial="SN9")
    added = await api.post("/v1/printers", json={"address": "192.0.2.9", "name": "new", "access": LOGIN})
    one = added.headers["Location"]
    text = await added.text()
    assert (await added.json())["access"] == {
        "username": "admin",
        "password_set": True,
        "certificate_sha256": "",
        "snmp": {
            "version": "2c", "port": 161, "context": "", "user": "", "auth_protocol": "", "priv_protocol": "",
        },
        "fault": None,
    }  # fmt: skip
    assert devices.access == Access(username="admin", password=SECRETS[0], snmp=SnmpAccess(community=SECRETS[1]))
    edit = {"access": {"snmp": V3 | {"priv_key": SECRETS[3]}}}
    text += await (await api.patch(one, json=edit)).text()
    text += await (await api.get(one)).text() + await (await api.get("/v1/printers")).text()
    assert '"password_set":true' in text, "what an edit leaves out stays"
    journal = b"".join(each.read_bytes() for each in tmp_path.glob("journal.sqlite*"))
    for secret in SECRETS:
        assert secret not in text
        assert secret.encode() not in journal
    await api.patch(one, json={"access": {"snmp": None, "password": ""}})
    after = await (await api.get(one)).json()
    assert (after["access"]["snmp"], after["access"]["password_set"]) == (None, False)


async def test_what_an_edit_of_a_log_in_leaves_out_stays(api, registry_rows):
    one = "/v1/printers/id-1"
    await api.patch(one, json={"access": LOGIN})
    await api.patch(one, json={"access": {"snmp": {"port": 1161}}})
    kept = Vault([KEY]).open("id-1", registry_rows.rows["id-1"].sealed_access)
    assert kept == Access(username="admin", password=SECRETS[0], snmp=SnmpAccess(community=SECRETS[1], port=1161))


@pytest.mark.parametrize(
    ("snmp", "words"),
    [
        ({"version": "3"}, "needs a user"),
        (V3 | {"auth_key": "short"}, "authentication key of 8 characters"),
        (V3 | {"priv_key": ""}, "privacy key of 8 characters"),
        (V3 | {"auth_protocol": "", "priv_key": SECRETS[3]}, "no privacy without authentication"),
        ({"community": ""}, "needs a community"),
        ({"port": 53}, "port 53 is another service's"),
    ],
)
async def test_a_log_in_by_snmp_that_can_not_work_is_refused(api, snmp, words):
    answer = await api.patch("/v1/printers/id-1", json={"access": {"snmp": snmp}})
    assert (answer.status, words in (await answer.json())["detail"]) == (422, True)
    assert (await (await api.get("/v1/printers/id-1")).json())["version"] == 1


async def test_a_key_that_is_lost_is_told_and_the_log_in_can_be_given_again(api, registry_rows):
    registry_rows.rows["id-1"] = replace(
        registry_rows.rows["id-1"], sealed_access=Vault([bytes(32)]).seal("id-1", Access(password="x")), version=2
    )
    await api.app_registry.refresh()
    one = await (await api.get("/v1/printers/id-1")).json()
    assert "encrypted with key" in one["access"]["fault"]
    report = await (await api.post("/v1/printers/id-1/test")).json()
    (check,) = report["checks"]
    assert (check["name"], check["result"]) == ("credentials", "FAIL")
    assert check["remedy"].startswith("Add that key to INKMETER_SECRET_KEY")
    assert (await (await api.get("/v1/printers/id-2")).json())["access"]["fault"] is None
    again = await (await api.patch("/v1/printers/id-1", json={"access": {"password": "y"}})).json()
    assert again["access"] | {"snmp": None} == {
        "username": "", "password_set": True, "certificate_sha256": "", "snmp": None, "fault": None,
    }  # fmt: skip
