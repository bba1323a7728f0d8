"""Settings of the local stack itself, beside those of the services: INKMETER_LOCAL_*."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import PREFIX, Port


class LocalSettings(BaseSettings):
    """Where the servers and services of a local stack listen, and how much memory the servers take."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    local_postgres_port: Port = Field(5433, description="Port of the local PostgreSQL.")
    local_kafka_port: Port = Field(9092, description="Port of the local Kafka.")
    local_collector_port: Port = Field(7081, description="Port of the collector.")
    local_accounting_port: Port = Field(7083, description="Port of accounting.")
    local_reporting_port: Port = Field(7084, description="Port of reporting.")
    local_aggregates_port: Port = Field(7086, description="Port of the aggregates worker.")
    local_kafka_heap: str = Field(
        "384m", pattern=r"^\d+[kmg]$", description="Memory for Kafka's objects, as -Xmx takes it."
    )
    local_shared_buffers: str = Field("256MB", pattern=r"^\d+(kB|MB|GB)$", description="PostgreSQL's page cache.")

    def ports(self) -> dict[str, int]:
        """The port of each by its name."""
        return {
            "postgres": self.local_postgres_port,
            "kafka": self.local_kafka_port,
            "collector": self.local_collector_port,
            "accounting": self.local_accounting_port,
            "reporting": self.local_reporting_port,
            "aggregates": self.local_aggregates_port,
        }
