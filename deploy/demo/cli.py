"""`inkmeter demo`: the local stack with simulated printers, people, prices and a past."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from deploy.demo.screen import Screen
from deploy.demo.show import Wishes, show
from deploy.local.stack import LocalStack
from deploy.local.stack_options import StackOptions, topic_prefix
from shared.clock import SystemClock
from shared.log import configure
from shared.process import run_until_stopped
from shared.terminal import data_dir_option

STOPPED_WITHIN_S = 45.0
POLL_INTERVAL_VARIABLE = "INKMETER_POLL_INTERVAL_S"
LIVELY_POLL_INTERVAL_S = "3"


@click.command()
@data_dir_option
@click.option("--ports", type=click.Choice(["fixed", "free"]), default="fixed", help="Which ports to listen on.")
@click.option(
    "--rate",
    "jobs_per_minute",
    type=click.FloatRange(0, 600),
    default=12.0,
    show_default=True,
    help="Live jobs per minute.",
)
@click.option(
    "--days", type=click.IntRange(0, 366), default=60, show_default=True, help="Days of history to make up."
)
def demo(data_dir: Path | None, ports: str, jobs_per_minute: float, days: int) -> None:
    """Start everything with simulated printers; Ctrl-C stops it all.

    Two plotters and an office printer speak real IPP and print at the given rate; the ordinary collector reads
    them. People, projects, prices and past jobs are brought in through the public interfaces.

    Example: inkmeter demo --rate 30
    """
    configure("console", service="demo", level="error")
    screen = Screen()
    wishes = Wishes(
        jobs_per_minute=jobs_per_minute,
        days=days,
        currency=os.environ.get("INKMETER_CURRENCY", "EUR"),
        topic_prefix=topic_prefix(),
    )
    interval_s = os.environ.get(POLL_INTERVAL_VARIABLE, LIVELY_POLL_INTERVAL_S)
    options = StackOptions(
        data_dir=data_dir,
        free_ports=ports == "free",
        environment={POLL_INTERVAL_VARIABLE: interval_s},
        say=screen.say,
    )
    asyncio.run(_run(options, wishes, screen))
    screen.say("Stopped.")


async def _run(options: StackOptions, wishes: Wishes, screen: Screen) -> None:
    async def all_of_it() -> None:
        async with LocalStack(options) as stack:
            try:
                await _first_to_end(
                    asyncio.create_task(stack.failed()),
                    asyncio.create_task(show(stack.stack, wishes, screen, SystemClock())),
                )
            finally:
                screen.close()
                screen.say("Stopping ...")

    await run_until_stopped({"demo": all_of_it}, grace_s=STOPPED_WITHIN_S)


async def _first_to_end(*tasks: asyncio.Task[None]) -> None:
    """Waits for one of the tasks to end or fail, and ends the others."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
