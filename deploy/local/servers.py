"""PostgreSQL and Kafka of one stack: its own, or those of the operator."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from deploy.local.guard import Guard
from deploy.local.kafka import VERSION as KAFKA_VERSION
from deploy.local.kafka import KafkaServer
from deploy.local.paths import Layout
from deploy.local.postgres import PostgresServer
from deploy.local.postgres_files import wheel_version
from deploy.local.say import Say
from deploy.local.settings import LocalSettings
from deploy.local.stack_options import External
from deploy.local.supervisor import Supervisor
from deploy.local.waiting import Abort


@dataclass(slots=True)
class Servers:
    """Both servers; `kafka` and `postgres` are None where they are not ours to start."""

    external: External
    kafka: KafkaServer | None
    postgres: PostgresServer | None
    _threads: list[asyncio.Future[None]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        layout: Layout,
        *,
        settings: LocalSettings,
        external: External,
        ports: Mapping[str, int],
        guard: Guard,
        say: Say,
    ) -> Self:
        """The servers that a stack needs, not started yet."""
        kafka = postgres = None
        if not external.kafka_bootstrap:
            kafka = KafkaServer(
                layout.kafka,
                port=ports["kafka"],
                controller_port=ports["kafka-controller"],
                heap=settings.local_kafka_heap,
                log_path=layout.log_of("kafka"),
                guard=guard,
                say=say,
            )
        if not external.database_url:
            postgres = PostgresServer(
                layout.postgres,
                port=ports["postgres"],
                settings={"shared_buffers": settings.local_shared_buffers},
                log_path=layout.log_of("postgres"),
                guard=guard,
            )
        return cls(external, kafka, postgres)

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka's clients begin."""
        return self.kafka.bootstrap if self.kafka else self.external.kafka_bootstrap or ""

    @property
    def database_url(self) -> str:
        """The database, with its password."""
        return self.postgres.url if self.postgres else self.external.database_url or ""

    async def start(self, supervisor: Supervisor, abort: Abort, say: Say) -> None:
        """Starts both side by side, and has them watched.

        Raises:
            ConfigError: one can't start.
            Unreachable: one is not ready in time.
        """
        started_s = time.monotonic()

        async def start(server: PostgresServer | KafkaServer, name: str) -> None:
            await self._in_thread(lambda: server.spawn(abort))
            supervisor.add(server.child)
            await self._in_thread(lambda: server.wait_ready(abort=abort))
            say(f"{name} is ready at {server.child.program.url} ({time.monotonic() - started_s:.1f} s)")

        starts = []
        if self.postgres:
            starts.append(start(self.postgres, f"PostgreSQL {wheel_version()}"))
        if self.kafka:
            starts.append(start(self.kafka, f"Apache Kafka {KAFKA_VERSION}"))
        await asyncio.gather(*starts)

    async def prepare(self, topic_prefix: str, say: Say) -> None:
        """Brings the schemas and the topics up to date."""
        from shared.migrate import migrate  # noqa: PLC0415 - Alembic and the Kafka client take a while to import
        from shared.topics import apply_topics  # noqa: PLC0415

        applied, changes = await asyncio.gather(
            asyncio.to_thread(migrate, self.database_url), apply_topics(self.kafka_bootstrap, topic_prefix)
        )
        created = [change.topic for change in changes if change.what == "created"]
        say(f"Schemas and topics are up to date ({len(applied)} migrations, {len(created)} topics new)")

    async def stop(self) -> None:
        """Waits for starts that were broken off (their `abort` is set), and stops what they left, in order."""
        await asyncio.gather(*self._threads, return_exceptions=True)
        for server in (self.kafka, self.postgres):
            if server:
                await asyncio.to_thread(server.stop)

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Runs blocking work; it is remembered, as a thread goes on when nobody waits for it any more."""
        thread = asyncio.ensure_future(asyncio.to_thread(work))
        self._threads.append(thread)
        await asyncio.shield(thread)
