"""What a local stack is asked for, and which servers it uses instead of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.local.say import Say, silent
from deploy.local.service_programs import SERVICES, Command, service_command
from shared.settings import PREFIX, CommonSettings, load

_NO_TOKEN: Final = "-" * 16


@dataclass(frozen=True, slots=True)
class StackOptions:
    """How to bring a stack up.

    Attributes:
        data_dir: None is the user's own one.
        free_ports: take free ports instead of the fixed ones.
        services: which to run, in this order; none for the servers alone.
        command: what to run for a service, given its name.
        environment: more variables for the services.
        prepare: migrate the database and create the topics.
        say: is told each step in a line for people.
    """

    data_dir: Path | None = None
    free_ports: bool = False
    services: tuple[str, ...] = SERVICES
    command: Command = service_command
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: bool = True
    say: Say = silent


@dataclass(frozen=True, slots=True)
class External:
    """Servers of the operator's own; None where the stack starts one."""

    kafka_bootstrap: str | None
    database_url: str | None


def external_servers() -> External:
    """What INKMETER_KAFKA_BOOTSTRAP and INKMETER_DATABASE_URL (or its _FILE) name.

    Raises:
        ConfigError: one of them is wrong.
    """
    bootstrap = os.environ.get(f"{PREFIX}KAFKA_BOOTSTRAP") or None
    url = None
    if os.environ.get(f"{PREFIX}DATABASE_URL") or os.environ.get(f"{PREFIX}DATABASE_URL_FILE"):
        url = load(CommonSettings, token=_NO_TOKEN).database_url.get_secret_value()
    return External(bootstrap, url)


def topic_prefix() -> str:
    """The prefix that the services will use."""
    return os.environ.get(f"{PREFIX}TOPIC_PREFIX", "inkmeter.")
