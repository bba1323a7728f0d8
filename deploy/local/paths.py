"""Where the local stack keeps what: one data directory, one name for each file in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigError
from shared.settings import default_data_dir
from shared.stack import STACK_FILE


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one data directory."""

    root: Path

    @property
    def logs(self) -> Path:
        """Folder with one log for each process."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """Folder of PostgreSQL: its data and its password."""
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        """Folder of Kafka: its log segments and its properties."""
        return self.root / "kafka"

    @property
    def token_file(self) -> Path:
        """The bearer token of this installation."""
        return self.root / "token"

    @property
    def secret_key_file(self) -> Path:
        """The key that the collector encrypts passwords of devices with."""
        return self.root / "secret-key"

    @property
    def database_url_file(self) -> Path:
        """The database URL with its password, for the services."""
        return self.root / "database-url"

    @property
    def lock_file(self) -> Path:
        """Locked by the one supervisor of this directory."""
        return self.root / "up.lock"

    @property
    def ports_file(self) -> Path:
        """The ports that were chosen, so that a restart uses them again."""
        return self.root / "ports.json"

    @property
    def state_file(self) -> Path:
        """What the supervisor runs now: pids, restarts."""
        return self.root / "processes.json"

    @property
    def stack_file(self) -> Path:
        """What tools need to reach a stack that is ready."""
        return self.root / STACK_FILE

    def log_of(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Creates the directory; as root, others may pass through it, as PostgreSQL runs as another user.

        Raises:
            ConfigError: it can't be made or written to.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"The data directory {self.root} can't be made ({error.strerror}).",
                remedy="Name another one with --data-dir.",
            ) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise ConfigError(
                f"The data directory {self.root} can't be written to.",
                remedy="Name another one with --data-dir, or run as the user who owns it.",
            )


def layout_of(data_dir: Path | None = None) -> Layout:
    """The layout of a data directory, or of the user's own one."""
    return Layout((data_dir or default_data_dir()).expanduser().absolute())
