"""How commands put a printer into words."""

from __future__ import annotations

import pytest

from services.collector.cli.words import snmp_words


@pytest.mark.parametrize(
    ("address", "port"),
    [("snmp://192.0.2.1:1161", 1161), ("snmp://192.0.2.1", 161), ("ipp://192.0.2.1:8631/ipp/print", 161)],
)
def test_the_port_of_snmp_is_the_one_that_is_asked_at(address: str, port: int) -> None:
    assert snmp_words({"version": "2c", "port": 161}, address) == f"version 2c, port {port}, not encrypted"
