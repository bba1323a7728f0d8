"""`inkmeter printers probe`: reads a device without adding it."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from services.collector.access import SnmpAccess
from services.collector.cli.snmp_options import Opened, first_that_answers, snmp_options
from services.collector.devices.reader import DeviceReader
from services.collector.devices.reading import DeviceReading
from services.collector.devices.standard import told_as_probe
from shared.clock import SystemClock
from shared.terminal import json_option, print_json, print_table, say


@click.command("probe")
@click.argument("address")
@snmp_options
@click.option("--timeout", type=click.FloatRange(1, 600), default=60.0, help="Seconds  [default: 60]")
@json_option
def probe(*, address: str, timeout: float, as_json: bool, **snmp: Any) -> None:
    """Read a device by SNMP without adding it: who it is, its counters, supplies, trays and alerts.

    What the device does not say stays empty; it is never 0.

    Example: inkmeter printers probe 192.0.2.10 --snmp-community public
    """

    async def read(opened: Opened, access: SnmpAccess) -> DeviceReading:
        reader = DeviceReader(opened, access, clock=SystemClock())
        try:
            return await reader.read()
        finally:
            await reader.close()

    reading: DeviceReading = asyncio.run(first_that_answers(address, snmp, read, timeout_s=timeout))
    if as_json:
        print_json(told_as_probe(reading))
    else:
        show_reading(reading)


def show_reading(reading: DeviceReading) -> None:
    """Prints a reading for people."""
    rows = [
        ("Vendor", reading.vendor),
        ("Model", reading.model),
        ("Serial number", reading.serial),
        ("System object id", reading.sys_object_id),
        ("Status", reading.status),
    ]
    print_table(["", ""], [row for row in rows if row[1]])
    if reading.alerts:
        alerts = [(each.severity, each.kind, each.words, each.part) for each in reading.alerts]
        print_table(["Alert", "Kind", "Says", "Part"], alerts)
    if reading.counters:
        print_table(
            ["Counter", ("Value", "right"), "Unit"],
            [(each.name, each.value, each.unit) for each in reading.counters],
        )
    if reading.supplies:
        print_table(
            ["Supply", "Kind", "Colour", ("Left", "right"), "State"],
            [
                (each.name, each.kind, each.colour, _left(each.level_percent), each.state)
                for each in reading.supplies
            ],
        )
    if reading.inputs:
        print_table(
            ["Input", "Media", ("Left", "right"), "State"],
            [(each.name, each.media, _left(each.level_percent), each.state) for each in reading.inputs],
        )
    if not (reading.supplies or reading.counters or reading.inputs):
        say("It says nothing of counters, supplies or trays.")


def _left(percent: int | None) -> str:
    return "" if percent is None else f"{percent} %"
