"""The PIWS client finds a queue again after a reboot, leaves pauses, and holds a device to its certificate."""

from __future__ import annotations

import ssl
import warnings

import pytest
from aiohttp import web

from deploy.demo import piws_server
from deploy.demo.piws_server import serve_piws
from services.collector.access import Access
from services.collector.sources.piws.queue import PAUSE_S
from services.collector.sources.piws.source import PiwsSource
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from tests.unit.collector.hp.hostile import answering, body, status
from tests.unit.collector.hp.plotter import NOON, REF, a1_job, device, no_pause, source_at

PIWS = "/LFPWebServices/PI"


async def read(address: str, access: Access | None = None):
    source = source_at(address, access)
    try:
        return await source.completed_jobs()
    finally:
        await source.close()


async def test_who_the_printer_is_and_its_clock():
    async with serve_piws(device(a1_job())) as served:
        source = source_at(served.address)
        facts = await source.probe()
        await source.close()
    assert (facts.kind, facts.make_and_model, facts.serial) == ("piws", "HP DesignJet Z9", "CN12345Z9A")
    assert facts.current_time == NOON


async def test_a_reboot_gives_the_queue_another_id_which_is_found_and_nothing_is_told_twice():
    machine = device(a1_job())
    async with serve_piws(machine) as served:
        source = source_at(served.address)
        first = await source.completed_jobs()
        machine.reboot()
        machine.jobs.append(a1_job("after the reboot"))
        second = await source.completed_jobs(first.cursor)
        await source.close()
    assert [job.title for job in first.jobs] == ["site plan.pdf"]
    assert [job.title for job in second.jobs] == ["after the reboot"]


async def test_snapshots_are_always_whole_and_requests_apart():
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    machine = device(a1_job())
    async with serve_piws(machine) as served:
        source = PiwsSource.at(served.address, REF, clock=FixedClock(NOON), sleep=pause)
        for _ in range(3):
            await source.completed_jobs()
        await source.close()
    assert [path.rpartition("?")[2] for path in machine.asked[1:]] == ["fromModificationNumber=0"] * 3
    assert pauses == [PAUSE_S] * 3


async def test_a_queue_that_is_named_and_not_known_is_asked_for_later():
    def answer(request: web.Request) -> web.Response:
        if request.path.endswith("Collection"):
            return web.json_response(
                {"JobQueueCollection": {"Queue": {"Type": "Print", "URI": "/JQ/JobQueue/x-1"}}}
            )
        return web.Response(status=404, text="Unkownw QueueID")

    async with answering(answer, "piws+http") as asked:
        with pytest.raises(Retry, match="names a queue and does not know it: is it starting"):
            await read(asked.address)
        assert len(asked.paths) == 4


async def test_a_certificate_that_the_device_signed_itself_must_be_the_pinned_one():
    machine = device(a1_job())
    async with serve_piws(machine, tls=True) as served:
        with pytest.raises(Reject, match="TLS certificate that is not trusted"):
            await read(served.address)
        with pytest.raises(Reject, match=f"another TLS certificate than the pinned one: {served.fingerprint}"):
            await read(served.address, Access(username="admin", password="secret", certificate_sha256="0" * 64))
        assert machine.asked == []
        reading = await read(served.address, Access(certificate_sha256=served.fingerprint))
    assert len(reading.jobs) == 1


async def test_a_password_is_given_where_one_is_asked_for():
    async with serve_piws(device(a1_job(), password="s3cret")) as served:
        with pytest.raises(Reject, match="asks for a password"):
            await read(served.address)
        with pytest.raises(Reject, match="refuses this user name and password") as refused:
            await read(served.address, Access(username="admin", password="wrong"))
        assert "wrong" not in str(refused.value)
        assert len((await read(served.address, Access(username="admin", password="s3cret"))).jobs) == 1


async def test_a_sleeping_device_is_asked_again_later():
    async with serve_piws(device(asleep=True)) as served:
        with pytest.raises(Retry, match="HTTP 503, as it does while it sleeps"):
            await read(served.address)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(502), Retry, "HTTP 502"),
        (status(404), Reject, f"does not speak PIWS: it has no {PIWS}/JQ/JobQueueCollection"),
        (status(302, Location="http://192.0.2.1/"), Reject, "leads elsewhere"),
        (body(b"<html><form name='x'><input name=\"WakeUp\"></form>", "text/html"), Retry, "sleeps"),
        (body(b"<html><body>Log in</body></html>", "text/html"), Reject, "answers a web page"),
        (body(b"\x00\x01garbage"), Reject, "neither XML nor JSON"),
        (body(b"<a><b></a>"), Reject, "is not XML"),
        (body(b'{"JobQueueCollection": '), Reject, "is not JSON"),
        (body(b'{"JobQueueCollection": {}}'), Reject, "names no job queue"),
        (body(b'{"JobQueueCollection": {"Queue": {"URI": "/JobQueue/../../x"}}}'), Reject, "names no job queue"),
        (body(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), Reject, "document type"),
        (body(b"x" * 9_000_000), Reject, "more than 8388608 octets"),
        (body(b"", "text/xml", **{"Content-Encoding": "gzip"}), Reject, "compresses its answer"),
    ],
)
async def test_each_failure_is_of_its_kind(answer, error: type[Exception], words: str):
    async with answering(answer, "piws+http") as asked:
        with pytest.raises(error, match=words):
            await read(asked.address)


async def test_an_address_of_another_kind_is_refused():
    for address in ("snmp://127.0.0.1:161", "file:///etc/passwd", "piws://"):
        with pytest.raises(Reject, match="not the address of a device's web server"):
            PiwsSource.at(address, REF, sleep=no_pause)


async def test_a_pinned_device_may_speak_an_old_version_of_tls(monkeypatch: pytest.MonkeyPatch):
    """Firmware that signs its own certificate often knows nothing newer than TLS 1.1."""
    context, fingerprint = piws_server.self_signed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    monkeypatch.setattr(piws_server, "self_signed", lambda: (context, fingerprint))
    async with serve_piws(device(a1_job()), tls=True) as served:
        assert len((await read(served.address, Access(certificate_sha256=fingerprint))).jobs) == 1
