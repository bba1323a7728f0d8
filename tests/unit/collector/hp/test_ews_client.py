"""The accounting page is fetched seldom, a sleeping device is woken once, and every answer has a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import web

from services.collector.addresses import normal_address
from services.collector.sources.ews.accounts import TABLE
from services.collector.sources.ews.pages import WAKE_UP
from services.collector.sources.ews.source import EMPTY, LEAST_INTERVAL, EwsSource
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from tests.unit.collector.hp.ews_pages import ASLEEP, RU_ROW, page, row
from tests.unit.collector.hp.hostile import answering, body, status
from tests.unit.collector.hp.plotter import NOON, REF

PRODUCT = (
    b'<prdcfgdyn:ProductConfigDyn xmlns:prdcfgdyn="urn:a" xmlns:dd="urn:b"><prdcfgdyn:ProductInformation>'
    b"<dd:MakeAndModel>HP PageWide XL 8000</dd:MakeAndModel><dd:SerialNumber>MY9</dd:SerialNumber>"
    b"</prdcfgdyn:ProductInformation></prdcfgdyn:ProductConfigDyn>"
)


class Device:
    """Shows its table, or sleeps until it is woken."""

    def __init__(self, *rows: str) -> None:
        self.page = page(*rows)
        self.asleep = False

    def __call__(self, request: web.Request) -> web.Response:
        if request.path == WAKE_UP:
            self.asleep = False
            return web.Response(status=405)
        if self.asleep:
            return web.Response(body=ASLEEP, content_type="text/html")
        if request.path == "/DevMgmt/ProductConfigDyn.xml":
            return web.Response(body=PRODUCT, content_type="text/xml")
        if request.path_qs == TABLE:
            return web.Response(body=self.page, content_type="application/vnd.ms-excel")
        return web.Response(status=404)


async def test_who_it_is_and_its_jobs_and_the_page_is_not_fetched_with_every_look():
    clock = FixedClock(NOON)
    async with answering(Device(row(RU_ROW)), "ews+http") as asked:
        source = EwsSource.at(f"{asked.address}?timezone=Europe/Moscow", REF, clock=clock)
        facts = await source.probe()
        first = await source.completed_jobs()
        soon = await source.completed_jobs(first.cursor)
        clock.advance(LEAST_INTERVAL)
        later = await source.completed_jobs(first.cursor)
        await source.close()
    assert (facts.kind, facts.make_and_model, facts.serial) == ("ews", "HP PageWide XL 8000", "MY9")
    assert [job.completed_at.isoformat() for job in first.jobs] == ["2024-07-18T13:08:11+00:00"]
    assert soon.jobs == ()
    assert later.jobs == ()
    assert later.cursor == first.cursor
    assert [path for path in asked.paths if "accounting" in path] == [f"GET {TABLE}"] * 3


async def test_a_sleeping_device_is_woken_for_what_was_never_read_and_left_alone_afterwards():
    clock = FixedClock(NOON)
    device = Device(row(RU_ROW))
    device.asleep = True
    async with answering(device, "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=clock)
        with pytest.raises(Retry, match="slept and was woken"):
            await source.completed_jobs()
        first = await source.completed_jobs()
        device.asleep = True
        clock.advance(timedelta(hours=1))
        asleep = await source.completed_jobs(first.cursor)
        await source.close()
    assert len(first.jobs) == 1
    assert (asleep.jobs, asleep.cursor, asleep.state.reasons) == ((), first.cursor, ("asleep",))
    assert [path for path in asked.paths if path.startswith("POST")] == [f"POST {WAKE_UP}"]


async def test_jobs_of_a_device_whose_clock_was_set_back_are_told():
    clock, device = FixedClock(NOON), Device(row(RU_ROW))
    async with answering(device, "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=clock)
        first = await source.completed_jobs()
        device.page = page(row([*RU_ROW[:16], "01.01.2016 00:10:00", RU_ROW[17]]), row(RU_ROW))
        clock.advance(LEAST_INTERVAL)
        second = await source.completed_jobs(first.cursor)
        await source.close()
    assert [job.completed_at.year for job in second.jobs] == [2016]


async def test_what_could_not_be_taken_in_is_told_again():
    """The disk was full: the next look has the cursor of the one before."""
    clock, device = FixedClock(NOON), Device(row(RU_ROW))
    async with answering(device, "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=clock)
        first = await source.completed_jobs()
        device.page = page(row([*RU_ROW[:16], "01.01.2016 00:10:00", RU_ROW[17]]), row(RU_ROW))
        found = []
        for cursor in (first.cursor, first.cursor):
            clock.advance(LEAST_INTERVAL)
            found.append(await source.completed_jobs(cursor))
        clock.advance(LEAST_INTERVAL)
        last = await source.completed_jobs(found[-1].cursor)
        await source.close()
    assert [len(reading.jobs) for reading in (*found, last)] == [1, 1, 0]


async def test_a_table_that_shows_no_job_any_more_is_told_of():
    clock, device = FixedClock(NOON), Device(row(RU_ROW))
    async with answering(device, "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=clock)
        first = await source.completed_jobs()
        device.page = page()
        clock.advance(LEAST_INTERVAL)
        second = await source.completed_jobs(first.cursor)
        await source.close()
    assert second.jobs == ()
    assert second.refused == (EMPTY,)


async def test_old_jobs_are_not_told_again_once_newer_ones_were():
    new = [*RU_ROW[:16], "20.07.2024 16:08:11", RU_ROW[17]]
    newest = [*RU_ROW[:16], "25.07.2024 16:08:11", RU_ROW[17]]
    async with answering(Device(row(newest), row(new), row(RU_ROW)), "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=FixedClock(NOON))
        first = await source.completed_jobs()
        await source.close()
        again = EwsSource.at(asked.address, REF, clock=FixedClock(NOON))
        second = await again.completed_jobs(first.cursor)
        await again.close()
    assert (len(first.jobs), [job.completed_at.day for job in second.jobs]) == (3, [25])


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(404), Reject, "has no page /hp/device/webAccess/accounting.xls with its accounting"),
        (status(401), Reject, "asks for a password"),
        (status(302, Location="https://192.0.2.1/"), Reject, "leads elsewhere"),
        (status(500), Retry, "HTTP 500"),
        (body(b"", "text/html"), Reject, "can't be read"),
        (body(b"\xff\xfe\x00garbage", "text/html"), Reject, "no table"),
        (body(b"<html><body>Hello</body></html>", "text/html"), Reject, "no table"),
        (body(page(), "text/html"), Reject, "shows no job in its accounting"),
        (body(b"<tr><td>x</td></tr>" * 1_400_000, "text/html"), Reject, "more than 25165824 octets"),
    ],
)
async def test_each_failure_is_of_its_kind(answer, error: type[Exception], words: str):
    async with answering(answer, "ews+http") as asked:
        source = EwsSource.at(asked.address, REF, clock=FixedClock(NOON))
        with pytest.raises(error, match=words):
            await source.probe()
        await source.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [("locale=xx", "no locale 'xx'"), ("timezone=Mars/Base", "no time zone"), ("layout=x", "no layout 'x'")],
)
def test_options_without_such_a_value_are_refused(options: str, words: str):
    with pytest.raises(Reject, match=words) as refused:
        EwsSource.at(f"ews://192.0.2.1?{options}", REF)
    assert refused.value.pointer == "/address"


def test_an_address_with_options_is_stored_in_one_form():
    stored = "ews://latex.example:443?locale=pt&timezone=America/Sao_Paulo"
    assert normal_address("ews://Latex.example/?timezone=America%2FSao_Paulo&locale=pt") == stored
    assert normal_address(stored) == stored
    assert normal_address("ews://latex.example?locale=") == "ews://latex.example:443"
    for wrong in ("ews://latex.example?community=x", "piws://latex.example?locale=pt"):
        with pytest.raises(Reject):
            normal_address(wrong)
