"""One accounting ledger worker as a process: what the service runs, without its HTTP, relay and reference data."""

from __future__ import annotations

import asyncio
import sys

from services.accounting.ledger.worker import Ledger, LedgerOptions
from services.accounting.main import ledger_options
from services.accounting.settings import load_settings
from shared import log
from shared.process import run_until_stopped


async def work(options: LedgerOptions) -> None:
    """Works until SIGTERM."""
    await run_until_stopped({"ledger": Ledger(options).run})


def main() -> int:
    """Takes its settings from the environment as the service does."""
    settings = load_settings()
    log.configure("json", service="accounting")
    asyncio.run(work(ledger_options(settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
