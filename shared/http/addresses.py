"""Where commands find a service: the running local stack, or a service elsewhere, named by settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from shared.errors import ConfigError, Unreachable
from shared.settings import PREFIX
from shared.stack import read_stack

SERVICES: Final = ("collector", "accounting", "reporting")
VARIABLES: Final = tuple(f"{PREFIX}{service.upper()}_URL" for service in SERVICES)
"""INKMETER_<SERVICE>_URL: commands speak to this address instead of a local stack's."""


def address_of(service: str, data_dir: Path | None) -> tuple[str, str]:
    """The URL of a service and the token for it.

    A data directory that was named counts most, then INKMETER_<SERVICE>_URL with the token of the settings,
    then the stack of the default data directory.

    Raises:
        Unreachable: no stack runs there, or it has no such service.
        ConfigError: the token is not given or can't be read.
    """
    url = os.environ.get(f"{PREFIX}{service.upper()}_URL")
    if url and data_dir is None:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{PREFIX}{service.upper()}_URL must start with http:// or https://, unlike {url!r}."
            )
        return url.rstrip("/"), _token()
    stack = read_stack(data_dir)
    address = stack.services.get(service)
    if address is None:
        raise Unreachable(f"The running stack has no service {service}.")
    return address.url.rstrip("/"), stack.token


def _token() -> str:
    path = os.environ.get(f"{PREFIX}TOKEN_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{PREFIX}TOKEN_FILE: {path} can't be read ({error}).") from error
    if token := os.environ.get(f"{PREFIX}TOKEN"):
        return token
    raise ConfigError(f"A service's address is set, but not the token: set {PREFIX}TOKEN_FILE.")
