"""Which port each server and service listens on: the fixed ones, or free ones that are kept for the next start."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping
from typing import Final

from shared.errors import ConfigError

HOST: Final = "127.0.0.1"
FREE_PORTS: Final = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections: none of those can be in the way."""
TRIES: Final = 200
CONNECT_WITHIN_S: Final = 0.5


def choose_ports(
    names: Iterable[str], *, free: bool, fixed: Mapping[str, int], remembered: Mapping[str, int]
) -> dict[str, int]:
    """A port for each name.

    Args:
        names: what needs a port.
        free: take free ports, those of the last start if they are still free; else the fixed ones.
        fixed: the fixed ports; a name that has none takes a free one.
        remembered: the ports of the last start.

    Raises:
        ConfigError: a fixed port is taken; names all of them at once.
    """
    chosen: dict[str, int] = {}
    taken: list[str] = []
    for name in names:
        if free or name not in fixed:
            before = remembered.get(name)
            usable = before and before not in chosen.values() and is_free(before)
            chosen[name] = before if before and usable else free_port(exclude=chosen.values())
            continue
        chosen[name] = fixed[name]
        if not is_free(chosen[name]):
            taken.append(f"{chosen[name]} ({name})")
    if taken:
        raise ConfigError(
            f"Already in use on {HOST}: port {', port '.join(taken)}.",
            remedy="Stop what listens there, or start with `--ports free`.",
        )
    return chosen


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen there now."""
    if listens(port, host):
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def listens(port: int, host: str = HOST) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_WITHIN_S):
            return True
    except (OSError, OverflowError):
        return False


def free_port(*, exclude: Iterable[int] = ()) -> int:
    """A port on which nobody listens.

    Raises:
        ConfigError: none was found.
    """
    avoided = set(exclude)
    for _ in range(TRIES):
        port = random.choice(FREE_PORTS)
        if port not in avoided and is_free(port):
            return port
    raise ConfigError(f"No free port was found between {FREE_PORTS.start} and {FREE_PORTS.stop}.")
