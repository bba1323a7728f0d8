"""Settings of the aggregates worker."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from services.accounting.aggregates.alerts import Limits
from services.accounting.aggregates.cells import Keep
from services.accounting.aggregates.rebuild import Installation
from shared.settings import CommonSettings, Port, load

_MM2_PER_M2 = 1_000_000


class AggregatesSettings(CommonSettings):
    """What the aggregates worker needs beyond what every service does."""

    http_port: Port = Field(7086, description="Port the service listens on.")
    aggregates_keep_minutes_hours: int = Field(
        3, ge=1, le=48, description="Hours that windows of a minute are kept after their end."
    )
    aggregates_keep_hours_days: int = Field(
        3, ge=1, le=31, description="Days that windows of an hour are kept after their end."
    )
    aggregates_keep_days_days: int = Field(
        40, ge=1, le=45, description="Days that windows of a day are kept after their end."
    )
    aggregates_repeats: int = Field(
        3, ge=2, le=100, description="Prints of one document by one person within the time that are an alert."
    )
    aggregates_repeat_minutes: int = Field(
        60, ge=1, le=1_440, description="The time within which prints of one document are repeats, in minutes."
    )
    aggregates_density_times: int = Field(
        3, ge=1, le=100, description="Ink density above so many times the usual one is far above it,"
    )
    aggregates_density_deviations: int = Field(
        6, ge=1, le=100, description="if it is so many of the usual deviations above it, too."
    )
    aggregates_cancelled_percent: int = Field(
        30, ge=1, le=100, description="Share of a printer's used area of a day that may be cancelled, in percent."
    )
    aggregates_cancelled_least_m2: int = Field(
        5, ge=0, le=100_000, description="Used area of a printer and day below which no share is an alert, in m2."
    )

    @property
    def limits(self) -> Limits:
        """When something is unusual."""
        return Limits(
            repeats=self.aggregates_repeats,
            repeat_within_s=self.aggregates_repeat_minutes * 60,
            density_times=self.aggregates_density_times,
            density_deviations=self.aggregates_density_deviations,
            cancelled_percent=self.aggregates_cancelled_percent,
            cancelled_least_mm2=self.aggregates_cancelled_least_m2 * _MM2_PER_M2,
        )

    @property
    def installation(self) -> Installation:
        """Where it works, and how long it keeps windows."""
        return Installation(
            database_url=self.database_url.get_secret_value(),
            bootstrap=self.kafka_bootstrap,
            topic_prefix=self.topic_prefix,
            zone=ZoneInfo(self.timezone),
            keep=Keep(
                minute=timedelta(hours=self.aggregates_keep_minutes_hours),
                hour=timedelta(days=self.aggregates_keep_hours_days),
                day=timedelta(days=self.aggregates_keep_days_days),
            ),
        )


def load_settings() -> AggregatesSettings:
    """Reads the settings from the environment.

    Raises:
        ConfigError: names every variable that is missing or wrong.
    """
    return load(AggregatesSettings)
