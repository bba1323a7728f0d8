"""The printers that bench.fleet measures against: a process of their own, so that what they cost is known."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from deploy.demo.fleet import FleetPrinter, serve_fleet


def address_of(number: int) -> str:
    """Each printer has an address of its own in 127.0.0.0/8."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


async def serve(printers: int, port: int, history: int, job_every_s: float) -> None:
    """Serves until it is killed; every printer remembers some jobs, and now and then ends another one."""
    fleet = [FleetPrinter(number, dated=number % 2 == 0, history=history) for number in range(printers)]
    for printer in fleet:
        printer.started_s -= 7 * 24 * 3_600
        for _ in range(history):
            printer.print()
    async with serve_fleet(fleet, host="0.0.0.0", port=port):  # noqa: S104 - all of 127.0.0.0/8, for the bench
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            await asyncio.sleep(job_every_s / printers)
            random.choice(fleet).print()


def main() -> None:
    """Reads what to serve from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet_printers", description=__doc__)
    parser.add_argument("--printers", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--history", type=int, required=True)
    parser.add_argument("--job-every-s", type=float, required=True, help="of each printer")
    asked = parser.parse_args()
    asyncio.run(serve(asked.printers, asked.port, asked.history, asked.job_every_s))


if __name__ == "__main__":
    main()
