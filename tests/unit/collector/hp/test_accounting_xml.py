"""The accounting XML of HP's web pages is read as a mapping file says, and not at all without one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from services.collector.access import Access
from services.collector.addresses import AddressGuard, GuardedResolver
from services.collector.networks import parse_networks
from services.collector.sources.ews.accounts import AccountsTable, accounts_at
from services.collector.sources.ews.source import EwsSource
from services.collector.sources.opening import open_source
from shared.clock import FixedClock
from shared.errors import Reject
from shared.events.jobs import PrinterRef, identified
from tests.unit.collector.hp.hostile import answering, body
from tests.unit.collector.hp.plotter import NOON, REF

ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "docs" / "printers"
DOCUMENT = (ROOT / "tests" / "fixtures" / "hp" / "accounting.xml").read_bytes()
NAMED = "?mapping=hp-accounting-example"


def source_at(address: str) -> EwsSource:
    return EwsSource.at(
        address, REF, accounts=accounts_at(f"{address}{NAMED}", REF, EXAMPLES), clock=FixedClock(NOON)
    )


async def test_the_example_mapping_reads_the_example_file():
    async with answering(body(DOCUMENT), "ews+http") as asked:
        source = source_at(asked.address)
        first = await source.completed_jobs()
        await source.close()
        again = source_at(asked.address)
        await again.completed_jobs(first.cursor)
        await again.close()
    plan, scan = first.jobs
    assert (plan.title, plan.person.claimed, plan.project, plan.copies) == ("site plan.pdf", "alice", "P-100", 2)
    assert plan.completed_at == datetime(2026, 11, 2, 12, 4, 10, tzinfo=UTC)
    assert plan.printer == REF
    assert (plan.job.source, plan.measured) == ("hp-accounting", "by_device")
    assert plan.lines[0].used_area_mm2 == 1_086_307
    assert plan.lines[0].ink_ul == {"cyan": 400, "magenta": 400, "yellow": 200, "black": 200}
    assert scan.kind == "scan"
    assert len({identified(job).job.id for job in first.jobs}) == 2
    assert first.refused[0].startswith("record 3: job/completed_at: 'yesterday'")
    assert "Hologram" in first.refused[0]
    assert asked.paths == [
        "GET /hp/device/webAccess/open_accounting.xml?startDate=03/08/2026&endDate=03/11/2026",
        "GET /hp/device/webAccess/open_accounting.xml?startDate=30/10/2026&endDate=03/11/2026",
    ]


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "DTD"),
        (b"<a>" * 500, "levels"),
        (b"<html>", "not XML"),
        (b"\x00\xff", "not XML"),
    ],
)
async def test_hostile_files_are_refused_in_words(octets: bytes, words: str):
    async with answering(body(octets), "ews+http") as asked:
        source = source_at(asked.address)
        with pytest.raises(Reject, match=f"answers what can't be read: .*{words}"):
            await source.completed_jobs()
        await source.close()


async def test_a_file_of_other_names_gives_no_job():
    async with answering(body(b"<Serviceability><JOBS/></Serviceability>"), "ews+http") as asked:
        source = source_at(asked.address)
        assert (await source.completed_jobs()).jobs == ()
        await source.close()


def test_mappings_come_from_the_operators_folder_only(tmp_path: Path):
    (tmp_path / "table.toml").write_text(
        'name = "x"\nformat = "csv"\n[job]\ncompleted_at = 1\nidentity = [1]\n[[lines]]\n'
    )
    for name, folder, words in (
        ("hp-accounting-example", None, "INKMETER_MAPPINGS names no folder"),
        ("../secret", EXAMPLES, "is no name of a mapping file"),
        ("missing", EXAMPLES, "can't be read: No such file"),
        ("table", tmp_path, "is for csv files; open_accounting.xml needs one for xml"),
    ):
        with pytest.raises(Reject, match=words) as refused:
            accounts_at(f"ews://192.0.2.1?mapping={name}", REF, folder)
        assert refused.value.pointer == "/address"


async def test_the_address_says_which_form_of_accounting_is_read():
    resolver = GuardedResolver(AddressGuard(parse_networks("127.0.0.0/8")))
    assert isinstance(accounts_at("ews://192.0.2.1", REF, None), AccountsTable)
    source = open_source(f"ews://192.0.2.1:443{NAMED}", PrinterRef(), Access(), resolver, EXAMPLES)
    assert isinstance(source, EwsSource)
    await source.close()


async def test_a_page_that_leads_elsewhere_is_not_followed():
    def lead(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://192.0.2.1/"})

    async with answering(lead, "ews+http") as asked:
        source = source_at(asked.address)
        with pytest.raises(Reject, match="leads elsewhere"):
            await source.completed_jobs()
        await source.close()
