"""What `--aggregates` adds to `inkmeter accounting verify` and `rebuild`: the live windows."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from services.accounting.aggregates.check import WindowsReport, check
from services.accounting.aggregates.rebuild import Installation, Rebuilt, rebuild
from services.accounting.aggregates.settings import AggregatesSettings
from services.accounting.aggregates.store import AggregateStore
from shared.clock import Clock, SystemClock
from shared.errors import Retry, Unreachable
from shared.postgres import open_pool
from shared.settings import PREFIX, load
from shared.stack import read_stack

T = TypeVar("T")


def check_windows(database_url: str, data_dir: Path | None) -> WindowsReport:
    """Compares the live windows with the ledger.

    Raises:
        ConfigError: the settings are wrong. Unreachable: Kafka or the database is away.
    """
    return _run(check, _installation(database_url, data_dir))


def rebuild_windows(database_url: str, data_dir: Path | None) -> Rebuilt:
    """Makes the live windows anew from the ledger; the running worker goes over to them by itself.

    Raises:
        ConfigError: the settings are wrong. Unreachable: Kafka or the database is away.
    """
    return _run(rebuild, _installation(database_url, data_dir))


def _installation(database_url: str, data_dir: Path | None) -> Installation:
    """The installation of the settings, else that of the running local stack."""
    bootstrap = os.environ.get(f"{PREFIX}KAFKA_BOOTSTRAP") if data_dir is None else None
    kafka = bootstrap or read_stack(data_dir).kafka.bootstrap
    return load(AggregatesSettings, token="-" * 16, database_url=database_url, kafka_bootstrap=kafka).installation


def _run(action: Callable[[Installation, AggregateStore, Clock], Awaitable[T]], where: Installation) -> T:
    # The Kafka client logs each try at topics that were just made; what fails is said in one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def run() -> T:
        pool = await open_pool(where.database_url, name="inkmeter-aggregates-command", max_size=1)
        try:
            return await action(where, AggregateStore(pool), SystemClock())
        except Retry as error:
            raise Unreachable(str(error)) from error
        finally:
            await pool.close()

    return asyncio.run(run())
