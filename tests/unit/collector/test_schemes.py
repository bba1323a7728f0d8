"""Addresses of printers: one form for each device, and nothing in them that leads elsewhere."""

from __future__ import annotations

import pytest

from services.collector.access import Access
from services.collector.addresses import AddressGuard, GuardedResolver, normal_address
from services.collector.networks import parse_networks
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.opening import fingerprint_of, open_source
from shared.errors import Reject
from shared.events.jobs import PrinterRef


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plotter.example", "ipp://plotter.example:631/ipp/print"),
        ("IPP://192.0.2.1/ipp/print", "ipp://192.0.2.1:631/ipp/print"),
        ("https://192.0.2.1/ipp", "ipps://192.0.2.1:443/ipp"),
        ("piws://Plotter.Example", "piws://plotter.example:443"),
        ("piws+http://192.0.2.1:8080/", "piws+http://192.0.2.1:8080"),
        ("ews://[2001:db8::1]", "ews://[2001:db8::1]:443"),
        ("snmp://192.0.2.1", "snmp://192.0.2.1:161"),
    ],
)
def test_an_address_is_stored_in_one_form(text, stored):
    assert normal_address(text) == stored
    assert normal_address(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "gopher://192.0.2.1",
        "piws://admin:pw@192.0.2.1",
        "piws://@192.0.2.1",
        "ipp://admin@192.0.2.1/ipp/print",
        "piws://192.0.2.1/LFPWebServices",
        "snmp://192.0.2.1?community=private",
        "snmp://192.0.2.1#x",
        "snmp://",
        "snmp://192.0.2.1:99999",
        "ews://[::1",
        "piws://192.0.2.1 /",
    ],
)
def test_what_is_no_device_is_refused_with_the_place(text):
    with pytest.raises(Reject) as refused:
        normal_address(text)
    assert refused.value.pointer == "/address"


async def test_the_scheme_chooses_the_source():
    resolver = GuardedResolver(AddressGuard(parse_networks("127.0.0.0/8")))
    source = open_source("ipp://127.0.0.1:631/ipp/print", PrinterRef(), Access(), resolver)
    assert isinstance(source, IppSource)
    await source.close()
    with pytest.raises(Reject, match="can't be read by gopher:// here"):
        open_source("gopher://127.0.0.1:70", PrinterRef(), Access(), resolver)


def test_a_pinned_certificate_is_handed_to_the_source():
    assert fingerprint_of(Access()) is None
    assert fingerprint_of(Access(certificate_sha256="ab" * 32)) == b"\xab" * 32
