"""The local stack: servers, schema and topics, services, in this order; stopped the other way round."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Final, Self

from deploy.local import leftovers
from deploy.local.child import Child
from deploy.local.guard import Guard
from deploy.local.lock import StackLock
from deploy.local.paths import layout_of
from deploy.local.ports import choose_ports
from deploy.local.readiness import not_ready
from deploy.local.servers import Servers
from deploy.local.service_programs import service_program
from deploy.local.settings import LocalSettings
from deploy.local.stack_options import StackOptions, external_servers, topic_prefix
from deploy.local.state import StackState, read_json, secret_of, write_json, write_private
from deploy.local.supervisor import Supervisor
from shared.errors import ConfigError, Unreachable
from shared.settings import load
from shared.stack import DatabaseAddress, KafkaAddress, ServiceAddress, Stack

READY_WITHIN_S: Final = 60.0
POLL_S: Final = 0.05
WRONG_SETTINGS: Final = 2
"""The exit code of a service that can't start with its settings: starting it again would not help."""


class LocalStack:
    """One stack on one data directory: `async with LocalStack(StackOptions(...)) as stack`."""

    def __init__(self, options: StackOptions | None = None) -> None:
        self.options = options or StackOptions()
        self.layout = layout_of(self.options.data_dir)
        self._lock = StackLock(self.layout.lock_file)
        self._guard = Guard(self.layout.log_of("watchdog"))
        self._supervisor = Supervisor(self._guard, self._write_state)
        self._abort = threading.Event()
        self._ports: dict[str, int] = {}
        self._servers: Servers | None = None
        self._watching: asyncio.Task[None] | None = None
        self._ready = False
        self.ready_after_s = 0.0

    @property
    def servers(self) -> Servers:
        """PostgreSQL and Kafka, the stack's own or others'; after `start` began."""
        assert self._servers  # noqa: S101
        return self._servers

    @property
    def stack(self) -> Stack:
        """What stack.json says."""
        running = {state.name: state for state in self._supervisor.states()}
        return Stack(
            data_dir=str(self.layout.root),
            kafka=KafkaAddress(self.servers.kafka_bootstrap),
            database=DatabaseAddress(self.servers.database_url),
            services={
                name: ServiceAddress(running[name].url, running[name].pid)
                for name in self.options.services
                if name in running
            },
            token_file=str(self.layout.token_file),
            kafka_pid=self.servers.kafka.pid if self.servers.kafka else None,
            postgres_pid=self.servers.postgres.pid if self.servers.postgres else None,
        )

    def child(self, name: str) -> Child:
        """A running process by its name: `postgres`, `kafka` or a service."""
        return self._supervisor[name]

    async def start(self) -> None:
        """Brings all up and writes stack.json when every service is ready.

        Raises:
            ConfigError: it can't start; one sentence with the remedy. What was started must be stopped.
            Unreachable: something did not become ready in time.
        """
        say = self.options.say
        started_s = time.monotonic()
        self.layout.make()
        self._lock.acquire()
        if stopped := await asyncio.to_thread(leftovers.clear, self.layout):
            say(f"Stopped what an earlier stack left: {', '.join(stopped)}")
        self._prepare_files()
        self._watching = asyncio.create_task(self._supervisor.watch(), name="supervisor")
        await self._or_give_up(self._start_servers())
        if self.options.prepare:
            await self._or_give_up(self.servers.prepare(topic_prefix(), say))
        self._start_services()
        await self._or_give_up(self._services_ready())
        self._ready, self.ready_after_s = True, time.monotonic() - started_s
        self._write_state()

    async def failed(self) -> None:
        """Waits until the stack can't go on, then raises why; cancel it to stop waiting."""
        assert self._watching  # noqa: S101
        await asyncio.shield(self._watching)

    async def stop(self) -> tuple[str, ...]:
        """Stops all in order, bounded; may be called at any time, and again.

        Returns:
            the names of what had to be killed.
        """
        self._abort.set()
        if self._watching:
            self._watching.cancel()
            with suppress(asyncio.CancelledError, ConfigError):
                await self._watching
        killed = await asyncio.to_thread(self._supervisor.stop)
        if self._servers:
            await self._servers.stop()
        await asyncio.to_thread(self._guard.close)
        if self._lock.held:
            self.layout.stack_file.unlink(missing_ok=True)
            self.layout.state_file.unlink(missing_ok=True)
            self._lock.release()
        self._ready = False
        return killed

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def _prepare_files(self) -> None:
        """Ports, token, key and database URL; the servers' objects, not started yet."""
        options, layout, external = self.options, self.layout, external_servers()
        settings = load(LocalSettings)
        names = [*options.services]
        names += [] if external.kafka_bootstrap else ["kafka", "kafka-controller"]
        names += [] if external.database_url else ["postgres"]
        remembered = read_json(layout.ports_file, dict[str, int]) or {}
        self._ports = choose_ports(names, free=options.free_ports, fixed=settings.ports(), remembered=remembered)
        write_json(layout.ports_file, {**remembered, **self._ports})
        secret_of(layout.token_file)
        secret_of(layout.secret_key_file)
        self._guard.remove_at_end(layout.stack_file)
        self._servers = Servers.of(
            layout, settings=settings, external=external, ports=self._ports, guard=self._guard, say=options.say
        )

    async def _start_servers(self) -> None:
        await self.servers.start(self._supervisor, self._abort, self.options.say)
        write_private(self.layout.database_url_file, self.servers.database_url.encode() + b"\n")

    def _start_services(self) -> None:
        """In the event loop's own thread: with it, the kernel would stop them."""
        for name in self.options.services:
            program = service_program(
                name,
                self.layout,
                port=self._ports[name],
                kafka_bootstrap=self.servers.kafka_bootstrap,
                inherited=os.environ,
                extra=self.options.environment,
                command=self.options.command,
            )
            self._supervisor.add(Child(program, self._guard))

    async def _services_ready(self) -> None:
        waiting: Mapping[str, str] = dict.fromkeys(self.options.services, "")
        end = time.monotonic() + READY_WITHIN_S
        while waiting:
            waiting = {name: why for name in waiting if (why := await self._why_not_ready(name))}
            if waiting and time.monotonic() > end:
                told = "; ".join(f"{name}: {why}" for name, why in waiting.items())
                raise Unreachable(f"Not ready after {READY_WITHIN_S:g} s: {told}. The logs: {self.layout.logs}.")
            if waiting:
                await asyncio.sleep(POLL_S)

    async def _why_not_ready(self, name: str) -> str | None:
        child = self._supervisor[name]
        if child.exit_code == WRONG_SETTINGS:
            raise ConfigError(f"{name} can't start: {child.last_words().removeprefix('inkmeter: ')}")
        why = await asyncio.to_thread(not_ready, child.program.url)
        if why is None:
            self.options.say(f"{name} is ready at {child.program.url}")
        return why

    async def _or_give_up(self, step: Coroutine[None, None, None]) -> None:
        """Waits for a step, but no longer than the supervisor keeps what was started alive."""
        assert self._watching  # noqa: S101
        doing = asyncio.create_task(step)
        try:
            await asyncio.wait([doing, self._watching], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not doing.done():
                self._abort.set()
                doing.cancel()
                with suppress(asyncio.CancelledError):
                    await doing
        if doing.cancelled():
            self._watching.result()
        await doing

    def _write_state(self) -> None:
        """After each change: the pids for `status`, and for tools once all was ready."""
        write_json(self.layout.state_file, StackState(os.getpid(), self._supervisor.states()))
        if self._ready:
            write_json(self.layout.stack_file, self.stack)
