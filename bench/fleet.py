"""What it takes to read a thousand printers: processor time and memory of one collector: `make bench-fleet`."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import psycopg

from bench.fleet_printers import JOB_EVERY_S, address_of, simulated
from deploy.local.guard import guard_of_this_process
from deploy.local.kafka import KafkaServer
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from services.collector.access import Access, SnmpAccess
from services.collector.vault import Vault
from shared.migrate import migrate
from shared.topics.admin import apply_topics

INTERVAL_S: Final = 30
SNMP_INTERVAL_S: Final = 60
CORE_AT_MOST: Final = 0.60
MEMORY_AT_MOST_MB: Final = 300
METERS: Final = {
    "done": 'inkmeter_collector_looks_total{outcome="done"}',
    "failed": 'inkmeter_collector_looks_total{outcome="retry"}',
    "refused": 'inkmeter_collector_looks_total{outcome="refused"}',
    "snmp": 'inkmeter_collector_device_looks_total{outcome="done"}',
    "snmp_failed": 'inkmeter_collector_device_looks_total{outcome="retry"}',
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


def register(url: str, printers: int, port: int, key: bytes, *, snmp: bool) -> None:
    """Puts printers into the registry as an earlier run would have."""
    vault = Vault([key])
    access = Access(snmp=SnmpAccess(port=port) if snmp else None)
    rows = [
        (
            f"fleet-{number:05}",
            f"fleet-{number}",
            f"ipp://{address_of(number)}:{port}/ipp/print/{number}",
            vault.seal(f"fleet-{number:05}", access),
        )
        for number in range(printers)
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO collector.printer (id, name, address, kind, added_at, changed_at, sealed_access)"
            " VALUES (%s, %s, %s, 'ipp', now(), now(), %s)",
            rows,
        )


@contextmanager
def collector_of(printers: int, history: int, *, snmp: bool) -> Iterator[Collector]:
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
        key = secrets.token_bytes(32)
        register(url, printers, stack.enter_context(simulated(printers, history)), key, snmp=snmp)
        (folder / "token").write_text("bench-bench-bench-bench")
        environment = {
            "INKMETER_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "INKMETER_DATABASE_URL": url,
            "INKMETER_DATA_DIR": str(folder / "data"),
            "INKMETER_TOKEN_FILE": str(folder / "token"),
            "INKMETER_POLL_INTERVAL_S": str(INTERVAL_S),
            "INKMETER_DEVICE_INTERVAL_S": str(SNMP_INTERVAL_S),
            "INKMETER_SECRET_KEY": b64encode(key).decode(),
        }
        collector = Collector(folder, environment)
        stack.callback(collector.close)
        collector.wait_ready()
        yield collector


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures once the first looks, with all that printers remember, are behind; prints a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--printers", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--warm-up", type=int, default=2 * SNMP_INTERVAL_S + 10)
    parser.add_argument("--history", type=int, default=20, help="jobs that each printer remembers")
    parser.add_argument("--no-snmp", action="store_true", help="read by IPP alone")
    asked = parser.parse_args(arguments)
    with collector_of(asked.printers, asked.history, snmp=not asked.no_snmp) as collector:
        first = collector.measure(asked.warm_up)
        steady = collector.measure(asked.seconds)
    sys.stdout.write(table(asked.printers, first, steady))
    return 0


def table(printers: int, first: Measured, steady: Measured) -> str:
    """The figures beside their targets."""
    share = steady.cpu_s / steady.seconds
    due = printers * steady.seconds / INTERVAL_S
    done, failed = steady.meters["done"], steady.meters["failed"] + steady.meters["refused"]
    snmp_due = printers * steady.seconds / SNMP_INTERVAL_S
    read, lost = steady.meters["snmp"], steady.meters["snmp_failed"]
    late = steady.meters["late"]
    jobs = steady.seconds * printers / JOB_EVERY_S
    rows = [
        ("processor time, of one core", f"{share:.1%}", f"< {CORE_AT_MOST:.0%}", share < CORE_AT_MOST),
        ("processor time for each look", f"{steady.cpu_s / max(done, 1) * 1_000:.2f} ms", "", None),
        (
            "peak memory",
            f"{steady.peak_mb:.0f} MB",
            f"< {MEMORY_AT_MOST_MB} MB",
            steady.peak_mb < MEMORY_AT_MOST_MB,
        ),
        (f"looks, of {due:.0f} due", f"{done:.0f}", "all", done >= due),
        ("looks that failed", f"{failed:.0f}", "0", not failed),
        (f"readings by SNMP, of {snmp_due:.0f} due", f"{read:.0f}", "all", read >= snmp_due),
        ("readings by SNMP that failed", f"{lost:.0f}", "0", not lost),
        ("looks more than a minute after the last", f"{late:.0f}", "0", not late),
        (f"jobs found, of about {jobs:.0f}", f"{steady.meters['jobs']:.0f}", "", None),
        (f"processor time of the first {first.seconds:.0f} s", f"{first.cpu_s:.1f} s", "", None),
    ]
    lines = [f"| {name} | {value} | {target} | {_word(ok)} |" for name, value, target, ok in rows]
    rhythm = f"IPP every {INTERVAL_S} s, SNMP every {SNMP_INTERVAL_S} s, over {steady.seconds:.0f} s"
    head = f"| {printers} printers, {rhythm} | measured | target | |"
    return "\n".join([head, "|---|---:|---:|---|", *lines]) + "\n"


def _word(reached: bool | None) -> str:
    return "" if reached is None else "reached" if reached else "not reached"


if __name__ == "__main__":
    raise SystemExit(main())
