"""L1, the limit: psql's copy of the very rows that the ledger wrote, as CSV, into empty clones of its tables."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from bench.measure import Reading
from bench.run import Result, Run, result
from deploy.local.postgres_files import environment, programs_folder

TABLES = ("job", "charge")
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_TIMES = re.compile(r"^Time: ([0-9.]+) ms", re.MULTILINE)


def keep_rows(run: Run, folder: Path) -> None:
    """Writes the rows of a run of ours as CSV, in the order in which they stand in the tables."""
    for table in TABLES:
        _psql(run, [f"\\copy (SELECT * FROM accounting.{table}) TO '{_file(folder, table)}' (FORMAT csv)"])


def measure(run: Run, folder: Path) -> Result:
    """Loads them, each table by one copy command, job first; the time is what psql itself takes for the two."""
    meters = run.meters([])
    first = meters.read()
    loads = [f"\\copy accounting.{table} FROM '{_file(folder, table)}' (FORMAT csv)" for table in TABLES]
    output, cpu_s = _psql(run, ["\\timing on", *loads])
    _wait_for_backend(run)
    last = meters.read()
    times_ms = [float(found) for found in _TIMES.findall(output)]
    assert len(times_ms) == len(TABLES), output
    assert run.scalar("SELECT count(*) FROM accounting.job") == run.content.jobs
    assert run.scalar("SELECT count(*) FROM accounting.charge") == run.content.lines_posted
    before = Reading(0.0, 0.0, first.server_cpu_s, first.wal_bytes)
    after = Reading(sum(times_ms) / 1_000, cpu_s, last.server_cpu_s, last.wal_bytes)
    return result(run, run.content.jobs, before, after, peak_rss_bytes=0)


def _wait_for_backend(run: Run) -> None:
    """Until the server process of psql has ended and been waited for, so that its CPU is known."""
    give_up_s = time.monotonic() + 5
    while run.scalar(_OTHERS) and time.monotonic() < give_up_s:
        time.sleep(0.02)
    time.sleep(0.2)


def _psql(run: Run, commands: list[str]) -> tuple[str, float]:
    """Runs psql commands in one session: what it printed, and its CPU in seconds."""
    argv = [str(programs_folder() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", run.url]
    for command in commands:
        argv += ["-c", command]
    with (run.folder / "psql.log").open("w+") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, **(environment() or {})})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read()
    if process.returncode:
        raise RuntimeError(f"psql ended with {process.returncode}: {output}")
    return output, usage.ru_utime + usage.ru_stime


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv"
