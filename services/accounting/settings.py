"""Settings of accounting."""

from __future__ import annotations

from pydantic import Field

from services.accounting.ledger.worker import MAX_BATCH
from shared.settings import CommonSettings, Port, load


class AccountingSettings(CommonSettings):
    """What accounting needs beyond what every service does."""

    http_port: Port = Field(7083, description="Port the service listens on.")
    ledger_batch: int = Field(
        MAX_BATCH, ge=1, le=MAX_BATCH, description="Jobs posted in one transaction at most; it takes what waits."
    )
    accounting_connections: int = Field(
        4, ge=2, le=100, description="Database connections for HTTP and reference data; the ledger has its own."
    )


def load_settings() -> AccountingSettings:
    """Reads the settings from the environment.

    Raises:
        ConfigError: names every variable that is missing or wrong.
    """
    return load(AccountingSettings)
