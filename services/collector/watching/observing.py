"""Who wants to know of each reading of a device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.collector.devices.reading import DeviceReading
from services.collector.registry.printers import Printer

Observer = Callable[[Printer, DeviceReading], Awaitable[None]]
"""Called with every reading, changed or not, one printer's readings in order. What it raises is logged, and the
reading of devices goes on."""
