"""Settings of the reporting service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import CommonSettings, Port


class ReportingSettings(CommonSettings):
    """What reporting needs beyond what every service does."""

    http_port: Port = Field(7084, description="Port the service listens on.")
    report_timeout_s: int = Field(
        20, ge=1, le=600, description="Longest time that one query of a report may take, in seconds."
    )
    report_connections: int = Field(4, ge=1, le=64, description="Most database connections that reporting opens.")
