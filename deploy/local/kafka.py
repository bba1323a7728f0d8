"""A real Apache Kafka (KRaft, one node) on 127.0.0.1, by itself or in the local stack."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, Self

from deploy.local import kafka_files as files
from deploy.local.child import Child, Program
from deploy.local.guard import Guard, guard_of_this_process
from deploy.local.jars import kafka_jars
from deploy.local.java import find_java
from deploy.local.ports import free_port, listens
from deploy.local.say import Say, silent
from deploy.local.state import write_private
from deploy.local.stopping import Stage
from deploy.local.waiting import NEVER, Abort, wait_until
from shared.errors import InkmeterError

VERSION: Final = "4.3.0"
READY_WITHIN_S: Final = 60.0
HEAP: Final = "384m"


class KafkaServer:
    """One node on a folder of its own; `start` and `stop` as often as needed, always on the same port.

    Args:
        folder: holds the log segments; made when missing.
        port: None takes a free one; the same for `controller_port`, which only Kafka itself uses.
        heap: the most memory for Java objects, as -Xmx takes it.
        settings: lines of server.properties that differ.
        guard: who stops the server when this process dies.
        say: is told when the jars are fetched.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        controller_port: int | None = None,
        heap: str = HEAP,
        settings: Mapping[str, str] | None = None,
        log_path: Path | None = None,
        guard: Guard | None = None,
        say: Say = silent,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.controller_port = controller_port or free_port(exclude=[self.port])
        self._heap = heap
        self._settings = dict(settings or {})
        self._log_path = log_path or self.folder / "kafka.log"
        self._guard = guard or guard_of_this_process()
        self._say = say
        self._child: Child | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients begin."""
        return f"{files.HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        return self._child.pid if self._child else None

    @property
    def child(self) -> Child:
        """The server's process; after the first `start` only."""
        assert self._child  # noqa: S101
        return self._child

    def start(self, *, within_s: float = READY_WITHIN_S, abort: Abort = NEVER) -> None:
        """Starts the server, in a new folder after formatting it, and waits until it takes requests.

        Raises:
            ConfigError: no Java, wrong jars, or the server ends at once; says its last words.
            Unreachable: the jars can't be fetched, or it is not ready in time.
        """
        self.spawn(abort)
        self.wait_ready(within_s=within_s, abort=abort)

    def spawn(self, abort: Abort = NEVER) -> None:
        """The first half of `start`: does not wait until the server is ready."""
        if not self._child:
            self._child = Child(self._prepared(abort), self._guard)
        self._child.start()

    def wait_ready(self, *, within_s: float = READY_WITHIN_S, abort: Abort = NEVER) -> None:
        """Waits until the broker is in service."""
        wait_until(self._answers, self.child, within_s=within_s, abort=abort)

    def stop(self) -> None:
        """Stops the server cleanly."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """Kills the server as a crash would; `start` then recovers from its log."""
        if self._child:
            self._child.kill()

    def restart(self) -> None:
        """Stops and starts it on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        return listens(self.port) and brokers_at(self.bootstrap) > 0

    def _prepared(self, abort: Abort) -> Program:
        """Checks Java and jars, writes the properties, formats a new folder, and says how to run the server."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        jars = kafka_jars(self.folder, abort=abort, say=self._say)
        java = [str(find_java()), "-cp", ":".join(str(jar) for jar in jars)]
        logging = self.folder / "log4j2.properties"
        write_private(logging, resources.files("deploy.local").joinpath(logging.name).read_bytes())
        told = self.folder / "server.properties"
        text = files.properties(
            self.folder / "data", port=self.port, controller_port=self.controller_port, settings=self._settings
        )
        write_private(told, text.encode())
        flags = [f"-Xmx{self._heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
        flags += [f"-Dlog4j2.configurationFile={logging}", "-Djava.net.preferIPv4Stack=true"]
        java[1:1] = flags
        if not files.is_formatted(self.folder / "data"):
            files.format_logs(java, told)
        return Program(
            name="kafka",
            argv=(*java, "kafka.Kafka", str(told)),
            log_path=self._log_path,
            stage=Stage.KAFKA,
            url=self.bootstrap,
        )


def brokers_at(bootstrap: str) -> int:
    """How many brokers are in service there; 0 when none answers. May be called inside a running event loop."""
    from shared.topics.admin import admin_client  # noqa: PLC0415 - the Kafka client takes a while to import

    found: list[int] = []

    async def ask() -> None:
        async with admin_client(bootstrap) as client:
            found.append(len((await client.describe_cluster())["brokers"]))

    def run() -> None:
        try:
            asyncio.run(ask())
        except InkmeterError:
            found.append(0)

    thread = threading.Thread(target=run, name="ask-kafka")
    thread.start()
    thread.join()
    return found[-1] if found else 0
