"""The demo on a stack that runs: simulated printers, seeding, live jobs and the figures, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
import structlog

from deploy.demo.api import Api
from deploy.demo.figures import period, read_figures, write_page
from deploy.demo.live import print_live
from deploy.demo.models import MODELS
from deploy.demo.screen import Screen
from deploy.demo.seeding import seed_history, seed_people, seed_prices, seed_printers, seed_projects
from deploy.demo.server import Serving, serve_printer
from shared.clock import Clock
from shared.errors import InkmeterError
from shared.stack import Stack

PAGE_FILE: Final = "summary.html"
FIGURES_EVERY_S: Final = 2.0
PAGE_EVERY_S: Final = 30.0
PAGE_AT_FIRST_EVERY_S: Final = 4.0
UNHURRIED_JOBS_PER_MINUTE: Final = 5.0
"""Up to this rate the printers take their time; above it they print faster, so that no queue grows."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the demo was asked for."""

    jobs_per_minute: float = 12.0
    days: int = 60
    currency: str = "EUR"
    topic_prefix: str = "inkmeter."


async def show(stack: Stack, wishes: Wishes, screen: Screen, clock: Clock) -> None:
    """Runs the demo on a stack until it is cancelled."""
    pace = min(1.0, UNHURRIED_JOBS_PER_MINUTE / max(wishes.jobs_per_minute, 0.1))
    async with AsyncExitStack() as held:
        served = [await held.enter_async_context(serve_printer(model, pace=pace)) for model in MODELS]
        api = Api(stack, await held.enter_async_context(aiohttp.ClientSession()))
        screen.show("Naming prices, projects, people and printers ...")
        await seed_prices(api, currency=wishes.currency)
        await seed_projects(api)
        await seed_people(stack.kafka.bootstrap, topic_prefix=wishes.topic_prefix, clock=clock)
        await seed_printers(api, served)
        page = Path(stack.data_dir) / PAGE_FILE
        screen.ready(stack, page, [(one.model.make_and_model, one.uri) for one in served])
        showing = Showing(api, wishes, screen, clock)
        try:
            async with asyncio.TaskGroup() as together:
                posted = together.create_task(seed_history(api, clock.now(), wishes.days))
                together.create_task(print_live(served, jobs_per_minute=wishes.jobs_per_minute, random=Random()))
                together.create_task(showing.keep_figures(served, posted))
                together.create_task(showing.keep_page(page))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed


@dataclass(frozen=True, slots=True)
class Showing:
    """Keeps what people look at up to date; a service that is down is part of the show."""

    api: Api
    wishes: Wishes
    screen: Screen
    clock: Clock

    @property
    def period(self) -> str:
        """From the first day of history until today."""
        return period(self.clock.now().date(), self.wishes.days)

    async def keep_figures(self, served: Sequence[Serving], posted: asyncio.Task[int]) -> None:
        """Renews the status line, for ever."""
        while True:
            before = posted.result() if posted.done() else 0
            printed = before + sum(one.printer.queue.ended_count for one in served)
            try:
                figures = await read_figures(self.api, self.period, printed=printed)
            except InkmeterError as error:
                self.screen.show(str(error))
            else:
                self.screen.show(figures.line())
            await asyncio.sleep(FIGURES_EVERY_S)

    async def keep_page(self, page: Path) -> None:
        """Renews the page for the browser, for ever; more often at first."""
        pause_s = PAGE_AT_FIRST_EVERY_S
        while True:
            try:
                await write_page(self.api, self.period, page)
            except (InkmeterError, OSError) as error:
                _log.warning("demo_page_not_written", path=str(page), reason=str(error))
            await asyncio.sleep(pause_s)
            pause_s = min(PAGE_EVERY_S, pause_s * 2)
