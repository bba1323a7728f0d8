"""Reads recordings from files: ours, or .snmprec with its contexts beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from services.collector.snmp.recording import Recording, parse, parse_snmprec
from shared.errors import NotFound, Reject

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
SNMPREC: Final = ".snmprec"

T = TypeVar("T")


def load_recording(path: Path) -> Recording:
    """The recording in a file. Beside `printer.snmprec`, `printer@Name.snmprec` holds the context Name.

    Raises:
        NotFound: there is no such file.
        Reject: it is no recording.
    """
    if path.suffix != SNMPREC:
        return _told(path, parse)
    found: Recording = {"": _told(path, parse_snmprec)}
    for other in sorted(path.parent.glob(f"{_escaped(path.stem)}@*{SNMPREC}")):
        found[other.stem.partition("@")[2]] = _told(other, parse_snmprec)
    return found


def _escaped(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _told(path: Path, read: Callable[[str], T]) -> T:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise Reject(f"{path} can't be read: {error.strerror or error}") from error
    if len(content) > MAX_FILE_BYTES:
        raise Reject(f"{path} is too large to be a recording")
    try:
        return read(content.decode("utf-8", "replace"))
    except Reject as error:
        raise Reject(f"{path}: {error.reason}") from error
