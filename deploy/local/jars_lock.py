"""Writes the lock of Kafka's jars anew: `python -m deploy.local.jars_lock`, after its coordinates were changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.jar_fetch import fetch
from deploy.local.jars import LOCK, digest, read_lock


def lock_text(coordinates: Sequence[str], sha256: Mapping[str, str]) -> str:
    """The lock file for these jars."""
    return (
        "# Apache Kafka with all it needs, and the binding that lets it log: every jar by its SHA-256.\n"
        "# A new version: change the coordinates, run `python -m deploy.local.jars_lock`, review what changed.\n"
        "coordinates = [\n"
        + "".join(f'  "{each}",\n' for each in coordinates)
        + "]\n\n[sha256]\n"
        + "".join(f'"{name}" = "{sha256[name]}"\n' for name in sorted(sha256))
    )


def main() -> None:
    """Resolves the coordinates and writes what they come to."""
    lock = read_lock()
    jars = fetch(lock.coordinates, expected=len(lock.sha256), abort=threading.Event(), say=print)
    text = lock_text(lock.coordinates, {jar.name: digest(jar) for jar in jars})
    (Path(__file__).parent / LOCK).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
