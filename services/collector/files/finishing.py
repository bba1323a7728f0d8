"""What is left to do with a file that is taken: its refused records beside it, then the file to `done/`.

Both can be done again after a crash at any moment: the jobs are in the journal by then, and what was refused too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from services.collector.files.looking import DONE, REJECTS, Seen
from services.collector.files.memory import RefusedRecord
from shared.errors import Retry

_KEY_SHOWN: Final = 8
MAX_ASIDE: Final = 10_000


def write_rejects(folder: Path, name: str, key: str, records: Sequence[RefusedRecord]) -> Path:
    """Writes one JSON object a line beside the file, whole or not at all; only the owner can read it.

    Raises:
        Retry: the folder can't be written, or the disk is full.
    """
    path = folder / f"{name}{REJECTS}"
    if not key.startswith("grows:"):
        path = folder / f"{name}.{key[:_KEY_SHOWN]}{REJECTS}"
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            file.writelines(msgspec.json.encode(each) + b"\n" for each in records)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise Retry(f"its refused records can't be written to {path} ({error.strerror})") from error
    return path


def set_aside(folder: Path, name: str) -> None:
    """Gives the refused records of an earlier file of that name a number: a log was turned over.

    Raises:
        Retry: the folder can't be written.
    """
    path = folder / f"{name}{REJECTS}"
    try:
        for number in range(1, MAX_ASIDE):
            aside = folder / f"{name}.earlier-{number}{REJECTS}"
            if not aside.exists():
                path.rename(aside)
                return
    except FileNotFoundError:
        return
    except OSError as error:
        raise Retry(f"earlier refused records can't be set aside ({error.strerror})") from error


def move(folder: Path, seen: Seen, key: str) -> None:
    """Moves a file to `done/`, unless it is not the one that was taken any more.

    Raises:
        Retry: it can't be moved.
    """
    path = folder / seen.name
    try:
        told = path.lstat()
        if (told.st_dev, told.st_ino) != (seen.device, seen.inode):
            return
        (folder / DONE).mkdir(exist_ok=True)
        # A link in its place, put there by who may write to the folder, would lead the file elsewhere.
        done = os.open(folder / DONE, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.rename(path, _free_name(done, path, key), dst_dir_fd=done)
        finally:
            os.close(done)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Retry(f"is taken, but can't be moved to {DONE}/ ({error.strerror})") from error


def _free_name(done: int, path: Path, key: str) -> str:
    """The file's name, or one with its content's hash in it where a file of that name was taken before."""
    try:
        os.stat(path.name, dir_fd=done, follow_symlinks=False)
    except FileNotFoundError:
        return path.name
    return f"{path.stem}.{key[:_KEY_SHOWN]}{path.suffix}"
