"""PostgreSQL refuses to run as root: the system user it runs as then, and what that user must be able to reach."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from shared.errors import ConfigError

USER: Final = "embedded_postgres"
_PASS: Final = stat.S_IXOTH
_READ: Final = stat.S_IROTH
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A system user."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """The user that PostgreSQL runs as when this process is root, made when there is none; else None.

    Data that an ordinary user made before stays that user's, and PostgreSQL then runs as that user.

    Raises:
        ConfigError: it can't be made.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(f"uid {owner.st_uid}", owner.st_uid, owner.st_gid)
    try:
        entry = _entry() or _made()
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigError(
            f"PostgreSQL does not run as root, and the system user {USER} for it can't be made.",
            remedy="Run Inkmeter as an ordinary user, or make that user.",
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _made() -> pwd.struct_passwd:
    """Makes the user; one that somebody else makes at the same moment will do as well."""
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
    done = subprocess.run(command, capture_output=True, check=False)
    if entry := _entry():
        return entry
    raise subprocess.CalledProcessError(done.returncode, command)


def hand_over(account: Account, folder: Path, programs: Sequence[Path]) -> None:
    """Gives a folder to the account, and lets it pass to there and run the programs.

    Only what is missing is opened, and only for passing through, not for listing; it is said once.
    """
    opened = [
        *let_pass((folder, *programs)),
        *(each for root in programs for each in (root, *root.rglob("*")) if _add(each, _needed(each))),
    ]
    os.chown(folder, account.uid, account.gid)
    _log.info(
        "postgres_runs_as_user",
        user=account.name,
        why="PostgreSQL refuses root",
        opened=[str(each) for each in opened[:5]],
        opened_count=len(opened),
    )


def let_pass(places: Sequence[Path]) -> list[Path]:
    """Opens the folders above these places for passing through; gives those that were not open."""
    return [each for place in places for each in place.resolve().parents if _add(each, _PASS)]


def _needed(path: Path) -> int:
    """What others need on a file or folder: to read it, and to run or pass it where its owner may."""
    return _READ | (_PASS if path.stat().st_mode & stat.S_IXUSR else 0)


def _add(path: Path, bits: int) -> bool:
    """Adds permission bits; whether any was missing."""
    if path.is_symlink():
        return False
    mode = path.stat().st_mode
    if mode & bits == bits:
        return False
    path.chmod(stat.S_IMODE(mode) | bits)
    return True
