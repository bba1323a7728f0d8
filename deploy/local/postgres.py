"""A real PostgreSQL on 127.0.0.1, by itself or in the local stack."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from deploy.local import postgres_files as files
from deploy.local.account import Account, hand_over, let_pass, server_account
from deploy.local.child import Child, Program
from deploy.local.guard import Guard, guard_of_this_process
from deploy.local.ports import free_port
from deploy.local.state import secret_of
from deploy.local.stopping import Stage
from deploy.local.waiting import NEVER, Abort, wait_until
from shared.errors import ConfigError

HOST: Final = "127.0.0.1"
ROLE: Final = "inkmeter"
DATABASE: Final = "inkmeter"
READY_WITHIN_S: Final = 60.0
SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "cluster_name": "inkmeter",
}
"""Sized for a small machine; durable as in production."""


class PostgresServer:
    """One server on a folder of its own; `start` and `stop` as often as needed, always on the same port.

    Args:
        folder: holds `data` and the password; made when missing.
        port: None takes a free one.
        settings: what differs from SETTINGS, such as {"shared_buffers": "1GB"}.
        guard: who stops the server when this process dies.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        log_path: Path | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.data = self.folder / "data"
        self._settings = {**SETTINGS, "port": str(self.port), **(settings or {})}
        self._log_path = log_path or self.folder / "postgres.log"
        self._guard = guard or guard_of_this_process()
        self._password = ""
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The URL of the database `inkmeter`, with its password."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The URL of another database on this server."""
        password = quote(self._password or secret_of(self.folder / "password"), safe="")
        return f"postgresql://{ROLE}:{password}@{HOST}:{self.port}/{database}"

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
        """Starts the server, on a new folder after making its data, and waits until it answers.

        Raises:
            ConfigError: the folder can't be used, or the server ends at once; says its last words.
        """
        self.spawn()
        self.wait_ready(within_s=within_s, abort=abort)

    def spawn(self, _abort: Abort = NEVER) -> None:
        """The first half of `start`: does not wait until the server is ready."""
        if not self._child:
            self._child = Child(self._prepared(), self._guard)
        self._child.start()

    def wait_ready(self, *, within_s: float = READY_WITHIN_S, abort: Abort = NEVER) -> None:
        """Waits until the database answers; makes it when it is missing."""
        wait_until(self._answers, self.child, within_s=within_s, abort=abort)

    def stop(self) -> None:
        """Stops the server cleanly, whoever is still connected."""
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
        try:
            with psycopg.connect(self.url_of("postgres"), connect_timeout=2, autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if not found:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ConfigError(
                    f"PostgreSQL refuses the password in {self.folder / 'password'}.",
                    remedy="Put the file back that belongs to this data directory, or name another --data-dir.",
                ) from error
            return False
        return True

    def _prepared(self) -> Program:
        """Makes folder, password and data when missing, and says how to run the server."""
        programs, version = files.programs_folder(), files.wheel_version()
        files.refuse_other_major(self.data, version.split(".")[0])
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._password = secret_of(self.folder / "password")
        account = server_account(self.data)
        if account:
            hand_over(account, self.folder, files.program_folders())
        if not (self.data / "PG_VERSION").exists():
            files.initialise(self.data, ROLE, self._password, account)
        argv = [str(programs / "postgres"), "-D", str(self.data)]
        for name, value in self._settings.items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            argv=argv,
            log_path=self._log_path,
            stage=Stage.POSTGRES,
            url=f"{HOST}:{self.port}",
            stop_signal=signal.SIGINT,
            environment=files.environment(),
            account=account,
            before_start=lambda: self._before_start(account),
        )

    def _before_start(self, account: Account | None) -> None:
        """After a crash as well: the pid file may be there, and the way to the data closed meanwhile."""
        files.clear_leftovers(self.data)
        if account:
            let_pass([self.folder])
