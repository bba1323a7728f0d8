"""Meters: CPU and memory of processes, CPU of the whole database server, bytes of its write-ahead log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import psycopg


@dataclass(frozen=True, slots=True)
class Reading:
    """All meters at one moment; two of them make a measurement."""

    at_s: float
    client_cpu_s: float
    server_cpu_s: float
    wal_bytes: int


class Meters:
    """Reads the meters of one round."""

    def __init__(self, postgres_pid: int, connection: psycopg.Connection[tuple[int]], pids: Sequence[int]) -> None:
        self._postmaster = psutil.Process(postgres_pid)
        self._connection = connection
        self._clients = [psutil.Process(pid) for pid in pids]
        self.peak_rss_bytes = [0] * len(pids)

    def read(self, at_s: float | None = None) -> Reading:
        """Reads them all; `at_s` is when it happened, if that is known better."""
        now = time.monotonic() if at_s is None else at_s
        client = sum(_cpu_s(each) for each in self._clients)
        row = self._connection.execute("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint").fetchone()
        assert row
        return Reading(now, client, self._server_cpu_s(), row[0])

    def watch_memory(self) -> int:
        """Notes the highest resident set of each client so far, and answers the largest now; call it often."""
        sizes = [client.memory_info().rss for client in self._clients]
        self.peak_rss_bytes = [max(pair) for pair in zip(self.peak_rss_bytes, sizes, strict=True)]
        return max(sizes, default=0)

    def _server_cpu_s(self) -> float:
        """CPU of all server processes, also of those that have ended: the postmaster has waited for them."""
        own = self._postmaster.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._postmaster.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


def _cpu_s(process: psutil.Process) -> float:
    """A process and the children that it has waited for."""
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system
