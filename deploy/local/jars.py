"""Kafka's jars: fetched once as a Maven client would, and refused when they differ from the lock."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import structlog

from deploy.local.say import Say, silent
from deploy.local.state import read_json, write_json
from deploy.local.waiting import NEVER, Abort
from shared.errors import ConfigError

LOCK: Final = "kafka_jars.lock.toml"
REMEMBERED: Final = "kafka-jars.json"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JarLock:
    """What the lock file says.

    Attributes:
        coordinates: each is resolved by itself. Together, the version wishes of log4j's parent (its tests use an
            old Kafka) would win over Kafka's own, and a 4.3 broker would run with the client jar of 3.9.
        sha256: file name -> digest of every jar.
    """

    coordinates: Sequence[str]
    sha256: Mapping[str, str]


def read_lock(text: str | None = None) -> JarLock:
    """The lock that is kept with the code."""
    found = tomllib.loads(text or resources.files("deploy.local").joinpath(LOCK).read_text(encoding="utf-8"))
    return JarLock(tuple(found["coordinates"]), dict(found["sha256"]))


def check_jars(jars: Sequence[Path], sha256: Mapping[str, str]) -> None:
    """Compares jars with the lock.

    Raises:
        ConfigError: one is missing, is not in the lock, or differs; names them.
    """
    there = {jar.name: jar for jar in jars if jar.is_file()}
    missing, extra = sorted(sha256.keys() - there.keys()), sorted(there.keys() - sha256.keys())
    differing = [
        str(there[name]) for name in sorted(there.keys() & sha256.keys()) if digest(there[name]) != sha256[name]
    ]
    told = [
        f"{what} {', '.join(names)}"
        for what, names in (
            ("different:", differing),
            ("missing:", missing),
            ("not in the lock:", extra),
        )
        if names
    ]
    if told:
        raise ConfigError(
            f"Kafka's jars are refused; {'; '.join(told)}.",
            remedy="Remove these files and their copies in the local Maven repository and start again; "
            "if it happens again, somebody changes what you download.",
        )


def digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kafka_jars(
    folder: Path, *, lock: JarLock | None = None, abort: Abort = NEVER, say: Say = silent
) -> tuple[Path, ...]:
    """The checked jars; where they lie is remembered in `folder`, so that only a first start has to look for them.

    Raises:
        ConfigError: they differ from the lock.
        Unreachable: they can't be fetched.
    """
    lock = lock or read_lock()
    remembered = tuple(Path(name) for name in read_json(folder / REMEMBERED, list[str]) or ())
    if {jar.name for jar in remembered} == set(lock.sha256) and all(jar.is_file() for jar in remembered):
        check_jars(remembered, lock.sha256)
        return remembered
    from deploy.local.jar_fetch import fetch  # noqa: PLC0415 - half a second that only a first start needs

    jars = fetch(lock.coordinates, expected=len(lock.sha256), abort=abort, say=say)
    check_jars(jars, lock.sha256)
    write_json(folder / REMEMBERED, [str(jar) for jar in jars])
    _log.info("kafka_jars_checked", count=len(jars))
    return jars
