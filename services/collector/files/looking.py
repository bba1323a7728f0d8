"""What lies in a folder, and which of it is complete; nothing is opened that could hang or lead elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from services.collector.files.folders import Folder
from shared.errors import Reject, Retry

MAX_ENTRIES: Final = 20_000
REJECTS: Final = ".rejects.jsonl"
DONE: Final = "done"
_UNFINISHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~", REJECTS)
"""Names that programs give to what is not whole yet, and our own."""
HEAD_BYTES: Final = 65_536
TAIL_BYTES: Final = 4_096
_HASHED_AT_ONCE: Final = 1_000_000


class Seen(NamedTuple):
    """A file as it is now; equal as long as nobody wrote to it."""

    name: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class Problem(NamedTuple):
    """Something in a folder that can't be taken, and why; the file's name is "" for the folder itself."""

    name: str
    why: str


def look(folder: Folder) -> tuple[list[Seen], list[Problem]]:
    """The files that match, oldest first, and what matches but is no file that may be read.

    Raises:
        Retry: the folder can't be read.
    """
    found: list[Seen] = []
    problems: list[Problem] = []
    try:
        with os.scandir(folder.path) as entries:
            for count, entry in enumerate(entries):
                if count >= MAX_ENTRIES:
                    problems.append(Problem("", f"has more than {MAX_ENTRIES} entries; the others wait"))
                    break
                if _is_wanted(entry.name, folder.pattern):
                    _sort(entry, found, problems)
    except OSError as error:
        raise Retry(f"{folder.path} can't be read ({error.strerror})") from error
    return sorted(found, key=lambda each: (each.mtime_ns, each.name)), problems


def _is_wanted(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) and not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def _sort(entry: os.DirEntry[str], found: list[Seen], problems: list[Problem]) -> None:
    name = entry.name
    if name != name.encode(errors="replace").decode():
        problems.append(Problem(ascii(name), "its name is not UTF-8"))
        return
    try:
        told = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(name, f"can't be looked at ({error.strerror})"))
        return
    if stat.S_ISREG(told.st_mode):
        found.append(_seen(name, told))
    elif not stat.S_ISDIR(told.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(told.st_mode) else "no regular file"
        problems.append(Problem(name, f"is {what}, which is never read"))


def _seen(name: str, told: os.stat_result) -> Seen:
    return Seen(name, told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)


class Settling:
    """Since when each file has been as it is: a file that somebody still writes to is not complete."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[Seen, float]] = {}

    def settled(self, seen: list[Seen], now_s: float) -> list[Seen]:
        """Those that have not changed for long enough, by a clock that only goes forward."""
        since: dict[str, tuple[Seen, float]] = {}
        for each in seen:
            before, at_s = self._since.get(each.name, (each, now_s))
            since[each.name] = (each, at_s if before == each else now_s)
        self._since = since
        return [each for each in seen if now_s - since[each.name][1] >= self._settle_s]


class OpenFile:
    """A file that is open for reading, and still the one that was seen. Reading raises Retry when it fails."""

    def __init__(self, folder: Path, seen: Seen, *, grows: bool) -> None:
        """Opens a file that was seen; one that grows may be longer by now.

        Raises:
            Retry: it was changed, moved or replaced meanwhile, or can't be read.
            Reject: it is no regular file any more.
        """
        # Never follows a link, never waits for the other end of a pipe.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with _readable():
            self._descriptor = os.open(folder / seen.name, flags)
        try:
            self.seen = self._still(seen, grows=grows)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes it."""
        os.close(self._descriptor)

    def read(self, start: int, size: int) -> bytes:
        """Some bytes; fewer only at the end."""
        parts: list[bytes] = []
        with _readable():
            while size > 0 and (part := os.pread(self._descriptor, size, start)):
                parts.append(part)
                start, size = start + len(part), size - len(part)
        return b"".join(parts)

    def is_unchanged(self) -> bool:
        """Whether nobody wrote to it since it was opened."""
        return self._now(self.seen.name) == self.seen

    def _still(self, seen: Seen, *, grows: bool) -> Seen:
        now = self._now(seen.name)
        if (now.device, now.inode) != (seen.device, seen.inode) or (now != seen and not grows):
            raise Retry("is still being written")
        return now

    def _now(self, name: str) -> Seen:
        with _readable():
            told = os.fstat(self._descriptor)
        if not stat.S_ISREG(told.st_mode):
            raise Reject("is no regular file, which is never read")
        return _seen(name, told)

    def digest(self) -> str:
        """A hash of all its bytes."""
        made = blake2b(digest_size=20)
        start = 0
        while part := self.read(start, _HASHED_AT_ONCE):
            made.update(part)
            start += len(part)
        return made.hexdigest()

    def marks(self, done: int) -> bytes:
        """A hash of how it begins and of what is just before a place: tells whether a grown file is the same."""
        made = blake2b(self.read(0, min(done, HEAD_BYTES)), digest_size=20)
        made.update(self.read(max(0, done - TAIL_BYTES), min(done, TAIL_BYTES)))
        return made.digest()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Retry(f"can't be read ({error.strerror})") from error
