"""Finds a running local stack by its stack.json, for commands and tools."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shared.errors import ConfigError, Unreachable
from shared.settings import default_data_dir

STACK_FILE: Final = "stack.json"


class ServiceAddress(Struct, frozen=True):
    """Where one service listens and which process it is."""

    url: str
    pid: int | None = None


class KafkaAddress(Struct, frozen=True):
    """Where Kafka listens."""

    bootstrap: str


class DatabaseAddress(Struct, frozen=True):
    """How to reach PostgreSQL; holds the password, like the file (mode 0600) it comes from."""

    url: str

    def __repr__(self) -> str:
        return "DatabaseAddress(url='********')"


class ConsoleAddress(Struct, frozen=True):
    """Where people open the console, once there is one."""

    url: str | None = None


class Stack(Struct, frozen=True, kw_only=True):
    """What stack.json says of a running local stack."""

    data_dir: str
    kafka: KafkaAddress
    database: DatabaseAddress
    services: dict[str, ServiceAddress]
    token_file: str
    console: ConsoleAddress | None = None
    kafka_pid: int | None = None
    postgres_pid: int | None = None

    @property
    def token(self) -> str:
        """The bearer token that operators' tools use.

        Raises:
            ConfigError: the token file can't be read by this user.
        """
        try:
            return Path(self.token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"The token file {self.token_file} can't be read ({error.strerror}).",
                remedy="Run the command as the user who started the stack.",
            ) from error


def read_stack(data_dir: Path | None = None) -> Stack:
    """Reads stack.json from `data_dir`, or from the default one.

    Raises:
        Unreachable: no stack runs there.
        ConfigError: the file is not one of ours, or not ours to read.
    """
    where = data_dir or default_data_dir()
    path = where / STACK_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Stack)
    except FileNotFoundError:
        raise Unreachable(
            f"No stack runs with the data directory {where}: start one with `inkmeter up`, "
            "or name its directory with --data-dir."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{path} is damaged ({error}).", remedy="Run `inkmeter down`, then `inkmeter up`."
        ) from error
