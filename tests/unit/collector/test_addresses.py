"""Printers' addresses lead only to where printers may be."""

from __future__ import annotations

import pytest

from services.collector.addresses import AddressGuard, normal_address
from services.collector.networks import parse_networks
from services.collector.settings import PRIVATE_NETWORKS, CollectorSettings
from shared.errors import ConfigError, Reject, Retry
from shared.settings import load

NAMES = {
    "plotter.example": ["10.1.2.3"],
    "both.example": ["10.1.2.3", "203.0.113.9"],
    "meta.example": ["169.254.169.254"],
}


async def resolve(host: str):
    if host not in NAMES:
        raise OSError(host)
    return NAMES[host]


def guard(networks: str = PRIVATE_NETWORKS) -> AddressGuard:
    return AddressGuard(parse_networks(networks), resolve)


@pytest.mark.parametrize("host", ["10.0.0.9", "192.168.1.2", "127.0.0.1", "[::1]", "[fd00::1]", "plotter.example"])
async def test_private_networks_and_this_machine_are_allowed(host):
    await guard().check(f"ipp://{host}:631/ipp/print")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "8.8.8.8",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[2001:db8::1]",
        "both.example",
        "meta.example",
    ],
)
async def test_all_else_is_refused_by_the_address_it_resolves_to(host):
    with pytest.raises(Reject, match="INKMETER_PRINTER_NETWORKS"):
        await guard().check(f"ipp://{host}:631/ipp/print")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[::169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[2002:a9fe:a9fe::1]",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "[::]",
        "224.0.0.251",
        "[ff02::fb]",
        "255.255.255.255",
    ],
)
async def test_what_is_never_a_printer_is_refused_even_when_everything_is_allowed(host):
    with pytest.raises(Reject):
        await guard("0.0.0.0/0,::/0").check(f"ipp://{host}:631/ipp/print")


async def test_an_address_that_carries_another_is_allowed_only_with_it():
    await guard("64:ff9b::/96,10.0.0.0/8").check("ipp://[64:ff9b::10.1.2.3]:631/")
    with pytest.raises(Reject):
        await guard("64:ff9b::/96,10.0.0.0/8").check("ipp://[64:ff9b::8.8.8.8]:631/")


@pytest.mark.parametrize(("port", "allowed"), [(22, False), (25, False), (389, False), (80, True), (9100, True)])
async def test_ports_of_other_services_are_refused(port, allowed):
    if allowed:
        await guard().check(f"ipp://10.0.0.9:{port}/")
        return
    with pytest.raises(Reject, match="below 1024 printers are read at"):
        await guard().check(f"ipp://10.0.0.9:{port}/")


async def test_a_network_that_the_operator_names_is_allowed():
    await guard("203.0.113.0/24").check("ipp://203.0.113.9:631/")


async def test_a_name_that_is_not_known_now_may_be_later():
    with pytest.raises(Retry, match="nowhere"):
        await guard().check("ipp://nowhere:631/")


@pytest.mark.parametrize(
    "text", ["file:///etc/passwd", "ftp://host/", "ipp://", "a b", "ipp://u:p@host/", "ipp://h:99999/"]
)
def test_what_is_no_printers_address_is_refused(text):
    with pytest.raises(Reject) as caught:
        normal_address(text)
    assert caught.value.pointer == "/address"


def test_a_bare_host_means_the_usual_path():
    assert normal_address("plotter.example") == "ipp://plotter.example:631/ipp/print"


def test_wrong_settings_are_all_told_at_once():
    with pytest.raises(ConfigError) as caught:
        load(
            CollectorSettings,
            database_url="postgresql://x",
            token="x" * 16,
            printer_networks="10.0.0.1/8",
            poll_interval_s=60,
            collector_id="C 1",
        )
    for name in ("INKMETER_PRINTER_NETWORKS", "INKMETER_POLL_INTERVAL_S", "INKMETER_COLLECTOR_ID"):
        assert name in str(caught.value)


def test_the_longest_pause_is_not_below_the_interval():
    with pytest.raises(ConfigError, match="INKMETER_POLL_MAX_DELAY_S"):
        load(
            CollectorSettings,
            database_url="postgresql://x",
            token="x" * 16,
            poll_interval_s=20,
            poll_max_delay_s=10,
        )
