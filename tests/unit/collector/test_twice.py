"""A queue and the device behind it tell of the same jobs: whoever registers both is told they count once."""

from __future__ import annotations

import pytest

from services.collector.registry.twice import told_twice
from tests.unit.collector.registry_rows import printer

DEVICE = printer(1, name="plotter", address="ipp://plotter.example:631/ipp/print", uuid="ABCD-1")
QUEUE = printer(2, name="queue", kind="cups", serial=None, address="ipp://cups.example:631/printers/plotter")


def warned(uri: str | None, device=DEVICE, queue=QUEUE) -> set[str]:
    return set(told_twice([device, queue], lambda each: uri if each.id == queue.id else None))


@pytest.mark.parametrize(
    "uri",
    [
        "ipp://plotter.example/ipp/print",
        "ipps://PLOTTER.example:631/ipp/print",
        "socket://plotter.example:9100",
        "lpd://plotter.example/queue",
        "dnssd://Plotter._ipp._tcp.local/?uuid=abcd-1",
        "implicitclass://x/?uuid=abcd-1",
    ],
)
def test_a_queue_that_prints_on_a_registered_device_is_told_and_so_is_the_device(uri: str):
    assert warned(uri) == {"id-1", "id-2"}


@pytest.mark.parametrize(
    "uri",
    [None, "", "usb://HP/T1700", "ipp://plotter.example:8631/", "ipp://[::1/", "socket://other.example:9100"],
)
def test_a_queue_that_prints_elsewhere_is_not(uri: str | None):
    assert warned(uri) == set()


def test_a_disabled_printer_counts_nothing():
    assert warned("socket://plotter.example", device=printer(1, address=DEVICE.address, enabled=False)) == set()


def test_this_machine_has_several_names():
    here = printer(1, address="ipp://127.0.0.1:8631/ipp/print")
    assert warned("ipp://localhost:8631/ipp/print", device=here) == {"id-1", "id-2"}
    assert warned("ipp://localhost:8632/ipp/print", device=here) == set()
