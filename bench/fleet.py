"""What it takes to read a thousand printers: processor time and memory of one collector: `make bench-fleet`."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import psycopg

from bench.fleet_printers import address_of
from deploy.local.guard import guard_of_this_process
from deploy.local.kafka import KafkaServer
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from shared.migrate import migrate
from shared.topics.admin import apply_topics

INTERVAL_S: Final = 30
JOB_EVERY_S: Final = 300.0
CORE_AT_MOST: Final = 0.60
MEMORY_AT_MOST_MB: Final = 300
METERS: Final = {
    "done": 'inkmeter_collector_looks_total{outcome="done"}',
    "failed": 'inkmeter_collector_looks_total{outcome="retry"}',
    "refused": 'inkmeter_collector_looks_total{outcome="refused"}',
    "late": "inkmeter_collector_late_looks_total",
    "jobs": 'inkmeter_collector_jobs_total{source="ipp"}',
}
READY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a collector at work."""

    seconds: float
    cpu_s: float
    children_cpu_s: float
    peak_mb: float
    meters: dict[str, float]


class Collector:
    """The process that is measured."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._log = (folder / "collector.log").open("wb")
        program = str(Path(sys.executable).with_name("inkmeter"))
        self._process = subprocess.Popen(
            [program, "run", "collector"],
            env=os.environ | environment | {"INKMETER_HTTP_PORT": str(self.port)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._told = psutil.Process(self._process.pid)

    def wait_ready(self) -> None:
        """Waits until it serves."""
        give_up_s = time.monotonic() + READY_S
        while True:
            try:
                self._get("/healthz")
            except OSError:
                assert time.monotonic() < give_up_s, "the collector does not start"
                time.sleep(0.2)
            else:
                return

    def meters(self) -> dict[str, float]:
        """Those of its metrics that count here."""
        lines = [line.rpartition(" ") for line in self._get("/metrics").splitlines() if not line.startswith("#")]
        values = {name: float(value) for name, _, value in lines}
        return {name: values.get(metric, 0.0) for name, metric in METERS.items()}

    def measure(self, seconds: float) -> Measured:
        """Lets so many seconds go by."""
        before, cpu, began_s = self.meters(), self._told.cpu_times(), time.monotonic()
        time.sleep(seconds)
        after, now, took_s = self.meters(), self._told.cpu_times(), time.monotonic() - began_s
        return Measured(
            took_s,
            now.user + now.system - cpu.user - cpu.system,
            now.children_user + now.children_system - cpu.children_user - cpu.children_system,
            self._peak_mb(),
            {name: after[name] - before[name] for name in after},
        )

    def _peak_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak) / 1_024

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def close(self) -> None:
        """Stops it."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()


def register(url: str, printers: int, port: int) -> None:
    """Puts printers into the registry as an earlier run would have."""
    rows = [
        (f"fleet-{number:05}", f"fleet-{number}", f"ipp://{address_of(number)}:{port}/ipp/print/{number}")
        for number in range(printers)
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO collector.printer (id, name, address, kind, added_at, changed_at)"
            " VALUES (%s, %s, %s, 'ipp', now(), now())",
            rows,
        )


@contextmanager
def simulated(printers: int, history: int) -> Iterator[int]:
    """Serves the printers from a process of their own; gives their port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.fleet_printers", "--printers", str(printers), "--port", str(port)]
    command += ["--history", str(history), "--job-every-s", str(JOB_EVERY_S)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        yield port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def collector_of(printers: int, history: int, more: dict[str, str]) -> Iterator[Collector]:
    """A collector that reads a fleet, on servers of its own; all of it goes afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inkmeter-fleet-")))
        folder.chmod(0o755)
        stack.callback(guard_of_this_process().close)
        postgres = stack.enter_context(PostgresServer(folder / "postgres"))
        kafka = stack.enter_context(KafkaServer(folder / "kafka"))
        url = postgres.url_of("postgres")
        migrate(url)
        asyncio.run(apply_topics(kafka.bootstrap, "inkmeter."))
        register(url, printers, stack.enter_context(simulated(printers, history)))
        (folder / "token").write_text("bench-bench-bench-bench")
        environment = {
            "INKMETER_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "INKMETER_DATABASE_URL": url,
            "INKMETER_DATA_DIR": str(folder / "data"),
            "INKMETER_TOKEN_FILE": str(folder / "token"),
            "INKMETER_POLL_INTERVAL_S": str(INTERVAL_S),
        }
        collector = Collector(folder, environment | more)
        stack.callback(collector.close)
        collector.wait_ready()
        yield collector


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures once the first looks, with all that printers remember, are behind; prints a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--printers", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--warm-up", type=int, default=2 * INTERVAL_S + 10)
    parser.add_argument("--history", type=int, default=20, help="jobs that each printer remembers")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting")
    asked = parser.parse_args(arguments)
    more = dict(each.split("=", 1) for each in asked.set)
    with collector_of(asked.printers, asked.history, more) as collector:
        first = collector.measure(asked.warm_up)
        steady = collector.measure(asked.seconds)
    sys.stdout.write(table(asked.printers, first, steady))
    return 0


def table(printers: int, first: Measured, steady: Measured) -> str:
    """The figures beside their targets."""
    share = steady.cpu_s / steady.seconds
    due = printers * steady.seconds / INTERVAL_S
    done, failed = steady.meters["done"], steady.meters["failed"] + steady.meters["refused"]
    late = steady.meters["late"]
    jobs = steady.seconds * printers / JOB_EVERY_S
    rows = [
        ("processor time, of one core", f"{share:.1%}", f"< {CORE_AT_MOST:.0%}", share < CORE_AT_MOST),
        ("processor time of a look", f"{steady.cpu_s / max(done, 1) * 1_000:.2f} ms", "", None),
        (
            "peak memory",
            f"{steady.peak_mb:.0f} MB",
            f"< {MEMORY_AT_MOST_MB} MB",
            steady.peak_mb < MEMORY_AT_MOST_MB,
        ),
        (f"looks, of {due:.0f} due", f"{done:.0f}", "all", done >= due),
        ("looks that failed", f"{failed:.0f}", "0", not failed),
        ("looks more than a minute after the last", f"{late:.0f}", "0", not late),
        (f"jobs found, of about {jobs:.0f}", f"{steady.meters['jobs']:.0f}", "", None),
        (f"processor time of the first {first.seconds:.0f} s", f"{first.cpu_s:.1f} s", "", None),
    ]
    lines = [f"| {name} | {value} | {target} | {_word(ok)} |" for name, value, target, ok in rows]
    head = f"| {printers} printers, IPP every {INTERVAL_S} s, over {steady.seconds:.0f} s | measured | target | |"
    return "\n".join([head, "|---|---:|---:|---|", *lines]) + "\n"


def _word(reached: bool | None) -> str:
    return "" if reached is None else "reached" if reached else "not reached"


if __name__ == "__main__":
    raise SystemExit(main())
