"""What every measured run has: the servers, a database of its own, its processes, a result."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from bench.measure import Meters, Reading
from bench.servers import TEMPLATE, Content, Servers
from deploy.local.child import Child, Program
from deploy.local.guard import guard_of_this_process
from deploy.local.stopping import Stage

ROOT: Final = Path(__file__).parent.parent
DEADLINE_S: Final = 600.0
MICRO: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one pipeline.

    Attributes:
        jobs: different jobs that were posted within `seconds`.
        peak_rss_mb: of the largest process; 0 where it was not measured.
        steady_jobs_per_s: of the ledger, from its first commit on, so without its start; 0 elsewhere.
        relayed_jobs_per_s: of the whole service, until the last charge was told to Kafka; 0 elsewhere.
        rss_growth: of the ledger, its memory in the last quarter over that in the first one; 0 elsewhere.
    """

    pipeline: str
    round: int
    jobs: float
    seconds: float
    jobs_per_s: float
    client_us_per_job: float
    server_us_per_job: float
    wal_bytes_per_job: float
    peak_rss_mb: float
    steady_jobs_per_s: float = 0.0
    relayed_jobs_per_s: float = 0.0
    rss_growth: float = 0.0


class Processes:
    """The processes of one run; they end with it, and with this process however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    def start(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
        """Starts one; its pid."""
        program = Program(
            name=name,
            argv=list(argv),
            log_path=self._folder / f"{name}.log",
            stage=Stage.SERVICE,
            environment={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            cwd=str(self._folder),
            dies_with_parent=True,
        )
        child = Child(program, guard_of_this_process())
        child.start()
        self._children.append(child)
        assert child.pid
        return child.pid

    def check(self) -> None:
        """All of them must still run."""
        for child in self._children:
            if child.pid is None:
                log = child.program.log_path.read_text(errors="replace")[-3_000:]
                sys.stderr.write(log)
                raise RuntimeError(f"{child.program.name} ended with {child.exit_code}: {child.last_words()}")

    def close(self, *, gently: bool) -> None:
        """Ends them by SIGTERM, or at once."""
        for child in self._children:
            if gently:
                child.stop()
            else:
                child.kill()


@dataclass(frozen=True, slots=True)
class Run:
    """One run about to be measured."""

    servers: Servers
    pipeline: str
    number: int
    database: str
    content: Content
    folder: Path
    connection: psycopg.Connection[tuple[int]]

    @property
    def url(self) -> str:
        """Of the run's database."""
        return self.servers.postgres.url_of(self.database)

    def meters(self, pids: Sequence[int]) -> Meters:
        """The meters for these clients."""
        assert self.servers.postgres.pid
        return Meters(self.servers.postgres.pid, self.connection, pids)

    def scalar(self, query: str) -> int:
        """The one number that a query answers."""
        row = self.connection.execute(query.encode()).fetchone()
        assert row
        return int(row[0])


def result(run: Run, jobs: float, first: Reading, last: Reading, peak_rss_bytes: int) -> Result:
    """What two readings say of a run that posted `jobs` between them."""
    seconds = last.at_s - first.at_s
    return Result(
        pipeline=run.pipeline,
        round=run.number,
        jobs=jobs,
        seconds=seconds,
        jobs_per_s=jobs / seconds,
        client_us_per_job=(last.client_cpu_s - first.client_cpu_s) / jobs * MICRO,
        server_us_per_job=(last.server_cpu_s - first.server_cpu_s) / jobs * MICRO,
        wal_bytes_per_job=(last.wal_bytes - first.wal_bytes) / jobs,
        peak_rss_mb=peak_rss_bytes / 2**20,
    )


@contextmanager
def run_of(
    servers: Servers, pipeline: str, number: int, prefix: str, *, template: str | None = None
) -> Iterator[Run]:
    """A fresh database, or a copy of another one, and a folder for one run."""
    name = f"{pipeline.replace('-', '_')}_{number}"
    folder = servers.folder / name
    folder.mkdir(mode=0o700)
    with (
        servers.database(name, template or TEMPLATE) as database,
        psycopg.connect(servers.postgres.url_of(database), autocommit=True) as connection,
    ):
        yield Run(servers, pipeline, number, database, servers.contents[prefix], folder, connection)
