"""Follows a task of accounting until it ends, with a line of progress for people."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from shared.errors import Reject
from shared.http.client import call

_POLL_S: Final = 0.5
_ENDED: Final = frozenset({"done", "failed", "cancelled"})


def followed(task: dict[str, Any], path: str, data_dir: Path | None, *, quiet: bool) -> dict[str, Any]:
    """The task once it is done; Ctrl-C calls it off.

    Raises:
        Reject: it failed, or was called off.
    """
    is_shown = not quiet and sys.stderr.isatty()
    try:
        while task["state"] not in _ENDED:
            if is_shown:
                click.echo(f"\r{_progress(task)}", nl=False, err=True)
            time.sleep(_POLL_S)
            task = call("accounting", "GET", path, data_dir=data_dir)
    except KeyboardInterrupt:
        call("accounting", "DELETE", path, data_dir=data_dir)
        raise
    finally:
        if is_shown:
            click.echo("\r\033[K", nl=False, err=True)
    if task["state"] != "done":
        raise Reject(task["problem"] or "It was called off.")
    return task


def _progress(task: dict[str, Any]) -> str:
    if not task["total"]:
        return f"{task['state']} ..."
    return f"{task['done']:,} of {task['total']:,} lines ({100 * task['done'] // task['total']} %)"
