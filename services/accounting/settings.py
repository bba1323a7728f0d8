"""Settings of accounting."""

from __future__ import annotations

from pydantic import Field, field_validator

from services.accounting.categories import Thresholds, thresholds_of
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
    density_thresholds: str = Field(
        "0.5,2,5",
        description="Where the classes of ink density A, B and C end, in ml per m2 of printed area, for lines "
        "whose device names no category.",
    )

    @field_validator("density_thresholds")
    @classmethod
    def _are_thresholds(cls, told: str) -> str:
        thresholds_of(told)
        return told

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of density classes."""
        return thresholds_of(self.density_thresholds)


def load_settings() -> AccountingSettings:
    """Reads the settings from the environment.

    Raises:
        ConfigError: names every variable that is missing or wrong.
    """
    return load(AccountingSettings)
