"""Discovery: which sightings are one device, which addresses are asked, and that it can be stopped at any time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf.asyncio import AsyncServiceInfo

from services.collector.access import SnmpAccess
from services.collector.discovery.dns_sd import sightings_of
from services.collector.discovery.search import Search, Wanted
from services.collector.discovery.sightings import Asked, RegisteredAs, Sighting, proposals
from services.collector.discovery.snmp_scan import (
    A_PRINTER,
    DEVICE_TYPE,
    SERIAL,
    SYS_DESCR,
    Scan,
    ScanProgress,
    sighting_of,
)
from services.collector.discovery.targets import MAX_ADDRESSES, broadcasts, parse_range, parse_ranges
from services.collector.networks import parse_networks
from services.collector.snmp.message import Message, Pdu, encode
from services.collector.snmp.values import Tag, VarBind
from shared.clock import SystemClock
from shared.errors import Reject
from shared.printable import has_controls

PRIVATE = parse_networks("10.0.0.0/8,192.168.0.0/16,127.0.0.0/8")


def heard(ip: str = "10.0.0.1", path: str = "ipp/print", **more: str) -> Sighting:
    return Sighting(way="dns-sd", ip=ip, address=f"ipp://{ip}:631/{path}", **more)


def by_snmp(ip: str = "10.0.0.1", **more: str) -> Sighting:
    return Sighting(way="snmp", ip=ip, address=f"snmp://{ip}:161", **more)


def fine(address: str, **more: str) -> Asked:
    return Asked(address=address, kind="snmp" if address.startswith("snmp") else "ipp", **more)


def test_a_device_seen_in_three_ways_is_proposed_once_by_its_best_address():
    tls = Sighting(way="dns-sd", ip="10.0.0.1", address="ipps://10.0.0.1:631/ipp/print", uuid="U-1")
    seen = [
        tls,
        heard(uuid="u-1", name="Plotter", location="2nd floor"),
        by_snmp(serial="SN1", model="Example 36"),
    ]
    answers = [fine(each.address or "", uuid="u-1") for each in seen[:2]] + [fine("snmp://10.0.0.1:161")]
    (found,) = proposals(seen, answers)
    assert (found.address, found.ways) == ("ipp://10.0.0.1:631/ipp/print", ("dns-sd", "snmp"))
    assert (found.name, found.serial, found.model, found.location) == ("Plotter", "SN1", "Example 36", "2nd floor")
    assert len(found.addresses) == 3


def test_one_device_at_two_addresses_is_one_by_its_serial_number():
    seen = [by_snmp("10.0.0.1"), by_snmp("10.0.0.2")]
    answers = [fine("snmp://10.0.0.1:161", serial="SN1"), fine("snmp://10.0.0.2:161", serial="SN1")]
    (found,) = proposals(seen, answers)
    assert found.addresses == ("snmp://10.0.0.1:161", "snmp://10.0.0.2:161")


def test_queues_of_one_print_server_are_several_and_its_snmp_agent_is_none_of_them():
    seen = [heard(path="printers/a"), heard(path="printers/b"), by_snmp()]
    answers = [
        fine("ipp://10.0.0.1:631/printers/a", uuid="a"),
        fine("ipp://10.0.0.1:631/printers/b", uuid="b"),
        fine("snmp://10.0.0.1:161"),
    ]
    assert [each.address for each in proposals(seen, answers)] == [
        "ipp://10.0.0.1:631/printers/a", "ipp://10.0.0.1:631/printers/b", "snmp://10.0.0.1:161",
    ]  # fmt: skip


def test_devices_with_different_serial_numbers_are_never_one():
    seen = [heard(uuid="same"), heard("10.0.0.2", uuid="same")]
    answers = [fine(seen[0].address or "", serial="A"), fine(seen[1].address or "", serial="B")]
    assert len(proposals(seen, answers)) == 2


def test_what_can_not_be_read_is_shown_with_the_reason():
    raw = Sighting(way="dns-sd", ip="10.0.0.9", name="Old one")
    (found,) = proposals([raw], [])
    assert (found.address, found.name) == (None, "Old one")
    assert found.fault is not None
    assert "only takes print data" in found.fault
    (refused,) = proposals([heard()], [Asked(address="ipp://10.0.0.1:631/ipp/print", fault="it is on fire")])
    assert (refused.address, refused.fault) == (None, "it is on fire")
    (both,) = proposals(
        [Sighting(way="dns-sd", ip="10.0.0.1", name="Old one"), by_snmp()], [fine("snmp://10.0.0.1:161")]
    )
    assert (both.address, both.name, both.fault) == ("snmp://10.0.0.1:161", "Old one", None)


def test_what_is_registered_already_is_marked_and_comes_last():
    seen = [heard("10.0.0.1", name="a"), heard("10.0.0.2", name="b")]
    answers = [fine(seen[0].address or "", serial="SN1"), fine(seen[1].address or "", serial="SN2")]
    known = RegisteredAs("id-1", "plotter-1")
    found = proposals(seen, answers, lambda each: known if each.serial == "SN1" else None)
    assert [(each.serial, each.registered_as) for each in found] == [("SN2", None), ("SN1", known)]


@given(
    st.lists(
        st.builds(
            Sighting,
            way=st.sampled_from(["dns-sd", "snmp"]),
            ip=st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            address=st.sampled_from([None, "ipp://10.0.0.1:631/a", "ipp://10.0.0.2:631/b", "snmp://10.0.0.1:161"]),
            serial=st.sampled_from([None, "A", "B"]),
            uuid=st.sampled_from([None, "u", "U", "v"]),
        ),
        max_size=12,
    ),
    st.lists(
        st.builds(
            Asked,
            address=st.sampled_from(["ipp://10.0.0.1:631/a", "ipp://10.0.0.2:631/b", "snmp://10.0.0.1:161"]),
            serial=st.sampled_from([None, "A", "B"]),
            fault=st.sampled_from([None, "no"]),
        ),
        max_size=4,
    ),
)
def test_every_address_is_in_some_proposal_and_no_serial_number_in_two(seen, answers):
    found = proposals(seen, answers)
    told = {address for each in found for address in each.addresses}
    assert {each.address for each in seen if each.address} <= told
    assert all(each.address is not None or each.fault for each in found)


@pytest.mark.parametrize(
    ("text", "first", "last", "count"),
    [
        ("10.0.0.0/24", "10.0.0.1", "10.0.0.254", 254),
        ("10.0.0.7/24", "10.0.0.1", "10.0.0.254", 254),
        ("10.0.0.0/31", "10.0.0.0", "10.0.0.1", 2),
        ("10.0.0.7", "10.0.0.7", "10.0.0.7", 1),
        ("10.0.0.250-10.0.1.5", "10.0.0.250", "10.0.1.5", 12),
        ("10.0.0.10 - 20", "10.0.0.10", "10.0.0.20", 11),
    ],
)
def test_ranges_are_read(text, first, last, count):
    found = parse_range(text)
    assert (str(found.first), str(found.last), len(found)) == (first, last, count)
    assert next(iter(found)) == first


@pytest.mark.parametrize("text", ["", "x", "10.0.0.5-10.0.0.1", "fd00::/64", "10.0.0.0/33", "10.0.0.1-999", "1-2"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(Reject):
        parse_range(text)


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        (["10.0.0.0/24", "8.8.8.0/24"], "outside the networks"),
        (["192.168.255.0-192.169.0.5"], "outside the networks"),
        (["169.254.169.254"], "outside the networks"),
        (["10.0.0.0/15"], f"too many for one search: {MAX_ADDRESSES} at most"),
    ],
)
def test_a_search_stays_in_the_allowed_networks_and_within_bounds(ranges, words):
    with pytest.raises(Reject, match=words) as refused:
        parse_ranges(ranges, PRIVATE)
    assert refused.value.pointer.startswith("/ranges")


def test_only_networks_that_are_allowed_hear_a_broadcast():
    interfaces = ["127.0.0.1/8", "192.168.7.3/24", "203.0.113.5/24", "10.1.1.1/32"]
    assert broadcasts(interfaces, PRIVATE) == ["127.255.255.255", "192.168.7.255"]


def test_an_agent_is_a_printer_when_its_first_device_is_one_or_it_knows_the_printer_mib():
    about = VarBind(SYS_DESCR, Tag.OCTETS, b"Example  36\x00")
    is_printer = VarBind(DEVICE_TYPE, Tag.OID, A_PRINTER)
    serial = VarBind(SERIAL, Tag.OCTETS, b"SN1")
    missing = VarBind(SERIAL, Tag.NO_SUCH_OBJECT)
    assert sighting_of((about, missing), "10.0.0.1", 161) is None
    assert sighting_of((about, is_printer), "10.0.0.1", 161) == Sighting(
        way="snmp", ip="10.0.0.1", address="snmp://10.0.0.1:161", model="Example 36"
    )
    found = sighting_of((about, serial), "10.0.0.1", 161)
    assert found is not None
    assert found.serial == "SN1"


def announced(**more: object) -> AsyncServiceInfo:
    told = {
        "type_": "_ipp._tcp.local.",
        "name": "Plotter._ipp._tcp.local.",
        "addresses": [bytes([10, 0, 0, 1])],
        "port": 631,
        "properties": {"rp": "ipp/print", "ty": "Example 36", "UUID": "U-1", "note": "2nd floor"},
        **more,
    }
    return AsyncServiceInfo(**told)  # type: ignore[arg-type]


def test_an_announcement_is_read():
    (found,) = sightings_of(announced(), PRIVATE)
    assert found == Sighting(
        way="dns-sd", ip="10.0.0.1", address="ipp://10.0.0.1:631/ipp/print",
        name="Plotter", model="Example 36", uuid="U-1", location="2nd floor",
    )  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"addresses": [bytes([8, 8, 8, 8])]},
        {"addresses": [bytes([169, 254, 169, 254])]},
        {"addresses": []},
        {"port": 22},
        {"port": 0},
    ],
)
def test_an_announcement_leads_nowhere_else(more):
    assert sightings_of(announced(**more), PRIVATE) == []


def test_what_is_announced_is_bounded_and_can_not_steer_a_terminal_or_an_address():
    nasty = {"rp": "/../x y?z#\x1b[2J", "ty": "\x1b]0;title\x07" + "m" * 240, "note": "\u202e"}
    (found,) = sightings_of(announced(properties=nasty), PRIVATE)
    assert found.address == "ipp://10.0.0.1:631/../x%20y%3Fz%23%1B%5B2J"
    assert found.model is not None
    assert len(found.model) <= 200
    assert not has_controls(found.model + found.address)
    assert found.location is None


@given(st.binary(max_size=200))
def test_datagrams_of_strangers_are_passed_over(data):
    progress, seen = ScanProgress(total=1), []
    scan = Scan(SnmpAccess(), PRIVATE, progress, seen.append)
    scan._heard(data, "10.0.0.1")
    scan._heard(encode(Message(1, b"public", Pdu.RESPONSE, 0, (VarBind(SERIAL, Tag.OCTETS, b"x"),))), "10.0.0.2")
    assert (seen, progress.answered) == ([], set())


def test_an_answer_counts_once_and_only_from_where_printers_may_be():
    progress, seen = ScanProgress(total=1), []
    scan = Scan(SnmpAccess(), PRIVATE, progress, seen.append)
    answer = encode(Message(1, b"public", Pdu.RESPONSE, scan._number, (VarBind(SERIAL, Tag.OCTETS, b"SN1"),)))
    for ip in ("203.0.113.9", "10.0.0.1", "10.0.0.1"):
        scan._heard(answer, ip)
    assert [each.ip for each in seen] == ["10.0.0.1"]


async def test_a_search_ends_although_a_cancellation_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(listen=False, listen_s=1, broadcasts=(), ranges=(), snmp=SnmpAccess(), rate_per_s=1)
    search = Search("s1", wanted, PRIVATE, SimpleNamespace(clock=SystemClock()))  # type: ignore[arg-type]
    passed_over: list[str] = []
    begun = asyncio.Event()

    async def look_around() -> None:
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        passed_over.append("once")
        await asyncio.Event().wait()

    monkeypatch.setattr(search, "_look_around", look_around)
    search.start()
    await begun.wait()
    await search.cancel()

    assert (search.state, passed_over) == ("cancelled", ["once"])
