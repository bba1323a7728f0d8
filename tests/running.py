"""Inkmeter's services as real processes: started, stopped, killed and asked by their public names."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from deploy.local.ports import free_port
from tests.deadline import eventually

INKMETER: Final = str(Path(sys.executable).with_name("inkmeter"))
__all__ = ["Running", "free_port"]

SERVICES: Final = ("collector", "accounting", "reporting")
START_S: Final = 60.0


class Running:
    """A set of services on one database and one set of topics; each keeps its URL over restarts."""

    def __init__(self, data_dir: Path, *, database_url: str, bootstrap: str, topic_prefix: str) -> None:
        self.data_dir = data_dir
        self.token = secrets.token_urlsafe(24)
        self.ports = {service: free_port() for service in (*SERVICES, "aggregates")}
        self.settings = {
            "INKMETER_KAFKA_BOOTSTRAP": bootstrap,
            "INKMETER_DATABASE_URL": database_url,
            "INKMETER_TOPIC_PREFIX": topic_prefix,
            "INKMETER_DATA_DIR": str(data_dir),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (data_dir / "token").write_text(self.token)
        (data_dir / "token").chmod(0o600)
        self._write_stack()

    # --- processes ---------------------------------------------------------------------------------------

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of a service, over the environment of the tests without its own INKMETER_ variables."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("INKMETER_")}
        token = {"INKMETER_TOKEN_FILE": str(self.data_dir / "token")}
        return clean | self.settings | token | more

    def start(self, *services: str, **settings: str) -> None:
        """Starts services side by side and waits until each is ready."""
        self.launch(*services, **settings)
        for service in services or SERVICES:
            self.wait_ready(service)

    def launch(self, *services: str, **settings: str) -> None:
        """Starts services side by side and does not wait for them."""
        for service in services or SERVICES:
            log = (self.data_dir / f"{service}.log").open("ab")
            environment = self.environment(INKMETER_HTTP_PORT=str(self.ports[service]), **settings)
            folder = self.data_dir / service
            folder.mkdir(exist_ok=True)
            environment["INKMETER_DATA_DIR"] = str(folder)
            command = [INKMETER, "run", service]
            self._processes[service] = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.data_dir
            )
            log.close()
        self._write_stack()

    def wait_ready(self, service: str, *, within_s: float = START_S) -> None:
        """Waits until a service says that it can do its work."""

        def ready() -> bool:
            if (code := self._processes[service].poll()) is not None:
                raise RuntimeError(f"{service} ended with {code}: {self.log_of(service)[-2_000:]}")
            status, answer = self.http(service, "GET", "/readyz")
            assert status == 200, answer
            return True

        eventually(ready, within_s=within_s, what=f"{service} is ready")

    def kill(self, service: str) -> None:
        """Kills a service with SIGKILL, as a power cut would."""
        process = self._processes.pop(service)
        process.kill()
        process.wait()

    def stop(self, *services: str) -> None:
        """Stops services with SIGTERM, as an operator would; each must end well."""
        processes = {name: self._processes.pop(name) for name in services or tuple(self._processes)}
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for name, process in processes.items():
            code = process.wait(timeout=30)
            assert code == 0, f"{name} ended with {code}: {self.log_of(name)[-2_000:]}"

    def close(self) -> None:
        """Ends whatever still runs."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            process.kill()
            process.wait()
        self._processes.clear()

    def pid(self, service: str) -> int:
        """The process id of a running service."""
        return self._processes[service].pid

    def ended(self, service: str) -> bool:
        """Whether a service has ended by itself, or was ended."""
        process = self._processes.get(service)
        return process is None or process.poll() is not None

    def log_of(self, service: str) -> str:
        """All that a service has logged so far."""
        return (self.data_dir / f"{service}.log").read_text(errors="replace")

    # --- asking ------------------------------------------------------------------------------------------

    def http(
        self, service: str, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """One HTTP call with the token: status and the decoded answer; ConnectionError while nobody listens."""
        url = f"http://127.0.0.1:{self.ports[service]}{path}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("authorization", f"Bearer {self.token if token is None else token}")
        request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def inkmeter(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs one command as an operator would, against these services."""
        return subprocess.run(
            [INKMETER, *arguments],
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """Runs one command with --json, which must succeed, and gives what it printed."""
        done = self.inkmeter(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def _write_stack(self) -> None:
        services = {
            name: {
                "url": f"http://127.0.0.1:{port}",
                "pid": self._processes[name].pid if name in self._processes else None,
            }
            for name, port in self.ports.items()
        }
        stack = {
            "data_dir": str(self.data_dir),
            "kafka": {"bootstrap": self.settings["INKMETER_KAFKA_BOOTSTRAP"]},
            "database": {"url": self.settings["INKMETER_DATABASE_URL"]},
            "services": services,
            "token_file": str(self.data_dir / "token"),
        }
        (self.data_dir / "stack.json").write_text(json.dumps(stack))


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
