"""What a peer's process is told, and how it tells back how far it is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import msgspec

VARIABLE: Final = "BENCH_SPEC"


class Spec(msgspec.Struct, frozen=True):
    """One run of one peer.

    Attributes:
        records: how many there are in the topic.
        roll_up: the statements that add pg_temp.staged_charge to the rollups.
        progress: the file that takes a line per commit.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    bootstrap: str
    topic: str
    group: str
    records: int
    roll_up: list[str]
    progress: str

    @property
    def conninfo(self) -> str:
        """For libpq."""
        return (
            f"host={self.host} port={self.port} dbname={self.database} user={self.user} password={self.password}"
        )


def load() -> Spec:
    """The spec that the environment names."""
    return msgspec.json.decode(Path(os.environ[VARIABLE]).read_bytes(), type=Spec)


class Progress:
    """Counts records whose rows are committed, with the time; by os.write, as Faust takes stdout for its log."""

    def __init__(self, spec: Spec) -> None:
        self._records = spec.records
        self._file = os.open(spec.progress, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._done = 0

    def add(self, records: int, *, every: int = 1) -> None:
        """So many more records are done; `every` thins out the lines of those who commit one by one."""
        before, self._done = self._done, self._done + records
        if before == 0 or self._done >= self._records or before // every != self._done // every:
            os.write(self._file, b"%d %.6f\n" % (self._done, time.monotonic()))
