"""The files Kafka starts from: its properties, and a formatted log folder."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from shared.errors import ConfigError

HOST: Final = "127.0.0.1"
FORMAT_WITHIN_S: Final = 60
SINGLE_NODE: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    # A hard-killed broker is let in again after this time instead of 9 s: nobody else could be waiting for it.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "300",
}


def properties(
    log_dir: Path, *, port: int, controller_port: int, settings: Mapping[str, str] | None = None
) -> str:
    """The text of server.properties for one node on loopback."""
    lines = {
        **SINGLE_NODE,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "log.dirs": _escaped(str(log_dir)),
        **(settings or {}),
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _escaped(text: str) -> str:
    """Backslashes would be read as escapes, and commas as another folder."""
    if "," in text:
        raise ConfigError(
            f"Kafka can't keep its data in {text}: there is a comma in it.", remedy="Name another --data-dir."
        )
    return text.replace("\\", "\\\\")


def cluster_id() -> str:
    """A new id: 16 random bytes in 22 characters, as Kafka's own tool makes them; it never begins with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text


def is_formatted(log_dir: Path) -> bool:
    """Whether the log folder belongs to a cluster already."""
    return (log_dir / "meta.properties").exists()


def format_logs(java: Sequence[str], server_properties: Path) -> None:
    """Makes the log folder ready for its first start (0.7 s).

    Raises:
        ConfigError: Kafka's tool fails; gives its words.
    """
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(server_properties)]
    try:
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, timeout=FORMAT_WITHIN_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"Kafka's log folder can't be formatted: {error}.") from error
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).split())[-500:]
        raise ConfigError(f"Kafka's log folder can't be formatted: {words or done.returncode}.")
