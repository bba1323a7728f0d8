"""Settings of the collector."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.collector.networks import parse_networks
from services.collector.polling.poller import FORGOTTEN_AFTER
from services.collector.vault import parse_keys
from shared.errors import Reject
from shared.settings import CommonSettings, Port, load

PRIVATE_NETWORKS: Final = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,fc00::/7,::1/128"


class CollectorSettings(CommonSettings):
    """What the collector needs beyond what every service does."""

    http_port: Port = Field(7081, description="Port the service listens on.")
    collector_id: str = Field(
        "c1", pattern=r"^[a-z0-9][a-z0-9-]{0,40}$", description="Name of this collector, in each event's source."
    )
    poll_interval_s: float = Field(
        10.0,
        ge=0.2,
        lt=FORGOTTEN_AFTER.total_seconds(),
        description="How often each printer is asked for jobs, in seconds.",
    )
    poll_max_delay_s: float = Field(
        55.0,
        ge=0.2,
        le=3_600,
        description="Longest pause after failures, in seconds; above 60 a printer may forget jobs meanwhile.",
    )
    poll_timeout_s: float = Field(30.0, ge=1, le=600, description="Longest time of one look at a printer.")
    events_interval_s: float = Field(
        1.0,
        ge=0,
        le=60,
        description="How often each CUPS server is asked for events, in seconds; 0: its queues are only polled.",
    )
    poll_concurrency: int = Field(64, ge=1, le=1_000, description="Printers asked at the same time at most.")
    correlate_window_s: int = Field(
        900,
        ge=0,
        le=86_400,
        description="How far apart in time two sources may tell of one job, in seconds; see docs/printers.",
    )
    reconcile_grace_s: int = Field(
        600,
        ge=0,
        le=604_800,
        description="How long a device's counter may be ahead of its jobs before the rest is booked on Unknown, "
        "in seconds.",
    )
    estimate_ink: bool = Field(
        False,
        description="Whether jobs of which no source tells the ink get their part of what the supplies' levels "
        "fell by, marked as estimated; it moves prices.",
    )
    printer_networks: str = Field(
        PRIVATE_NETWORKS,
        description="Networks that printers may be in, comma-separated; all else is never connected to.",
    )

    device_interval_s: float = Field(
        60.0, ge=0.2, le=86_400, description="How often each device is read by SNMP, in seconds."
    )
    device_timeout_s: float = Field(60.0, ge=1, le=600, description="Longest time of one reading by SNMP.")
    device_concurrency: int = Field(
        32, ge=1, le=1_000, description="Devices read by SNMP at the same time at most."
    )
    trap_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="UDP port for SNMP traps, after which a device is read at once; 0 for none.",
    )
    trap_host: str = Field("0.0.0.0", description="Address that SNMP traps are heard at.")  # noqa: S104

    secret_key: SecretStr | None = Field(
        None,
        description="Key that passwords and communities of devices are encrypted with: 32 bytes in base64; "
        "several with commas between, of which the first encrypts and all decrypt.",
    )

    @field_validator("secret_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            parse_keys(value.get_secret_value() if value else "")
        except Reject as error:
            raise ValueError(error.reason) from error
        return value

    mappings: Path | None = Field(
        None, description="Folder of mapping files that addresses ews://HOST?mapping=NAME may name."
    )
    watch: Path | None = Field(
        None, description="TOML file that names the watched folders, see docs/printers/files.md; without it none."
    )
    watch_interval_s: float = Field(
        5.0, ge=0.2, le=3_600, description="How often each watched folder is looked at, in seconds."
    )

    windows_printers: Path | None = Field(
        None,
        description="TOML file that says which queues of Windows print on which printers, see "
        "docs/printers/windows.md.",
    )
    windows_wait_s: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="How long a job of a Windows print server waits for the event that tells copies and colour.",
    )

    @field_validator("printer_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            parse_networks(value)
        except Reject as error:
            raise ValueError(error.reason) from error
        return value

    @field_validator("poll_max_delay_s")
    @classmethod
    def _not_below_interval(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("poll_interval_s", 0.0):
            raise ValueError("must not be below INKMETER_POLL_INTERVAL_S")
        return value

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys of the vault, the one that seals first."""
        return parse_keys(self.secret_key.get_secret_value() if self.secret_key else "")

    @property
    def journal_file(self) -> Path:
        """Where the journal lies."""
        return self.data_dir / "collector" / "journal.sqlite"


def load_settings() -> CollectorSettings:
    """Reads the settings from the environment.

    Raises:
        ConfigError: names every variable that is missing or wrong.
    """
    return load(CollectorSettings)
