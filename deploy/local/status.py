"""What of a local stack runs: for `inkmeter status`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from deploy.local.identity import is_alive
from deploy.local.lock import holder_of
from deploy.local.paths import Layout
from deploy.local.ports import listens
from deploy.local.readiness import not_ready
from deploy.local.state import ChildState, StackState, read_json
from deploy.local.stopping import Stage
from shared.errors import Unreachable
from shared.stack import Stack


class Part(Struct, frozen=True):
    """One server or service.

    Attributes:
        why: what is wrong, empty when it is ready.
    """

    name: str
    running: bool
    ready: bool
    pid: int | None
    url: str
    restarts: int
    why: str = ""


class Status(Struct, frozen=True):
    """All of a stack; `ready` once stack.json is written and all its parts are well."""

    data_dir: str
    supervisor_pid: int
    ready: bool
    parts: list[Part]


def status_of(layout: Layout) -> Status:
    """Looks at every part, side by side.

    Raises:
        Unreachable: no stack runs on this data directory.
    """
    holder = holder_of(layout.lock_file)
    if holder is None:
        raise Unreachable(
            f"No stack runs with the data directory {layout.root}: start one with `inkmeter up`, "
            "or name its directory with --data-dir."
        )
    state = read_json(layout.state_file, StackState) or StackState(holder)
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(_look_at, sorted(state.children, key=lambda child: -child.stage)))
    parts += _external(read_json(layout.stack_file, Stack), {part.name for part in parts})
    ready = layout.stack_file.exists() and all(part.ready for part in parts)
    return Status(str(layout.root), holder, ready, parts)


def _look_at(child: ChildState) -> Part:
    running = is_alive(child.pid, child.mark)
    why = "it has ended and is started again" if not running else _why_not_ready(child)
    return Part(child.name, running, not why, child.pid if running else None, child.url, child.restarts, why)


def _why_not_ready(child: ChildState) -> str:
    if child.stage == Stage.SERVICE:
        return not_ready(child.url) or ""
    port = int(child.url.rpartition(":")[2])
    return "" if listens(port) else "it does not accept connections"


def _external(stack: Stack | None, own: set[str]) -> list[Part]:
    """Servers that the stack only uses."""
    if not stack:
        return []
    found = []
    if "kafka" not in own:
        found.append(_elsewhere("kafka", stack.kafka.bootstrap))
    if "postgres" not in own:
        address = stack.database.url.rpartition("@")[2].partition("/")[0]
        found.append(_elsewhere("postgres", address))
    return found


def _elsewhere(name: str, address: str) -> Part:
    host, _, port = address.partition(",")[0].rpartition(":")
    reached = bool(host) and port.isdecimal() and listens(int(port), host.strip("[]"))
    why = "" if reached else "it does not accept connections"
    return Part(name, reached, reached, None, address, 0, why)
