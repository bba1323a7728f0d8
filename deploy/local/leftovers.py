"""What a stack that did not end cleanly left in its data directory."""

from __future__ import annotations

from deploy.local.identity import is_alive
from deploy.local.paths import Layout
from deploy.local.state import ChildState, StackState, read_json
from deploy.local.stopping import stop_in_order


def leftovers(layout: Layout) -> tuple[ChildState, ...]:
    """Processes of an earlier stack that still run, such as those its watchdog is just stopping."""
    state = read_json(layout.state_file, StackState)
    return tuple(child for child in (state.children if state else ()) if is_alive(child.pid, child.mark))


def clear(layout: Layout) -> tuple[str, ...]:
    """Stops them and removes what says that a stack is there; call it only with the lock in hand.

    Returns:
        the names of what was stopped.
    """
    layout.stack_file.unlink(missing_ok=True)
    found = leftovers(layout)
    if found:
        stop_in_order(found)
    layout.state_file.unlink(missing_ok=True)
    return tuple(child.name for child in found)
