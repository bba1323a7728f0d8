"""`inkmeter printers record` and `simulate`: a device as a file, and a file as a device."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import click

from services.collector.access import SnmpAccess
from services.collector.cli.snmp_options import Opened, first_that_answers, snmp_options
from services.collector.devices import mib
from services.collector.devices.recorder import record as record_device
from services.collector.devices.view import View
from services.collector.snmp.agent import RecordingAgent
from services.collector.snmp.files import load_recording
from services.collector.snmp.gather import Objects
from services.collector.snmp.recording import SUFFIX, written
from shared.errors import Reject
from shared.terminal import json_option, print_json, say


@click.command("record")
@click.argument("address")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file  [default: HOST.inkrec]")
@click.option("--everything", is_flag=True, help="Also names, places, addresses and private texts.")
@snmp_options
@click.option("--timeout", type=click.FloatRange(1, 3_600), default=300.0, help="Seconds  [default: 300]")
@json_option
def record(
    *, address: str, output: Path | None, everything: bool, timeout: float, as_json: bool, **snmp: Any
) -> None:
    """Record what a device says by SNMP into a file, to be looked at, sent to us, or simulated.

    Names, places, addresses and whatever else may be personal is left out unless you ask for everything.

    Example: inkmeter printers record 192.0.2.10 --output plotter.inkrec
    """

    async def read(opened: Opened, access: SnmpAccess) -> Objects:
        session = opened(access)
        try:
            return await record_device(session, everything=everything)
        finally:
            await session.close()

    found: Objects = asyncio.run(first_that_answers(address, snmp, read, timeout_s=timeout))
    view = View(found)
    file = output or Path("".join(each if each.isalnum() or each in ".-" else "_" for each in address) + SUFFIX)
    try:
        file.write_text(written({"": found}, title=view.text(mib.SYS_DESCR) or address), "utf-8")
    except OSError as error:
        raise Reject(f"{file} can't be written: {error.strerror}.") from error
    if as_json:
        print_json({"file": str(file), "objects": len(found)})
    else:
        say(f"Recorded {len(found)} objects in {file}.")


@click.command("simulate")
@click.argument("recording", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to answer at.")
@click.option("--snmp-port", type=click.IntRange(0, 65_535), default=0, help="UDP port  [default: a free one]")
@click.option("--snmp-community", default="public", show_default=True, help="Community to answer to.")
@json_option
def simulate(*, recording: Path, host: str, snmp_port: int, snmp_community: str, as_json: bool) -> None:
    """Answer SNMP v1 and v2c like the device in a recording, until Ctrl-C; .snmprec files can be read, too.

    Example: inkmeter printers simulate plotter.inkrec --snmp-port 1161
    """
    agent = RecordingAgent(load_recording(recording), community=snmp_community)

    async def serve() -> None:
        port = await agent.listen(host, snmp_port)
        if as_json:
            print_json({"host": host, "port": port, "community": snmp_community})
        else:
            say(
                f"Answering at {host}:{port}. Try: inkmeter printers probe {host} --snmp-port {port} "
                f"--snmp-community {snmp_community}"
            )
        click.get_text_stream("stdout").flush()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            await stop.wait()
        finally:
            await agent.close()

    asyncio.run(serve())
