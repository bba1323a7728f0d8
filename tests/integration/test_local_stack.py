"""`inkmeter up` for real: what dies comes back, and nothing is left when the supervisor itself dies."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.identity import is_alive
from deploy.local.lock import holder_of
from deploy.local.paths import Layout
from deploy.local.state import StackState, read_json
from shared.stack import read_stack
from tests.deadline import eventually

NAMES = ["accounting", "aggregates", "collector", "kafka", "postgres", "reporting"]
BACK_WITHIN_S = 60
GONE_WITHIN_S = 40


class Local:
    """One data directory and the commands on it."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("INKMETER_")}

    def command(self, name, *arguments):
        return [sys.executable, "-m", "services.cli", name, "--data-dir", str(self.layout.root), *arguments]

    def run(self, name, *arguments, **environment):
        return subprocess.run(
            self.command(name, *arguments),
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def up(self):
        """Has it running and ready, whatever a test before this one did to it."""
        if not holder_of(self.layout.lock_file):
            done = self.run("up", "--ports", "free", "--detach")
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout
        self.wait_ready()
        return ""

    def wait_ready(self):
        def ready():
            found = self.run("status", "--json")
            assert found.returncode == 0, found.stdout + found.stderr
            return True

        eventually(ready, within_s=BACK_WITHIN_S, what="all parts are ready")

    def pid_of(self, name):
        stack = read_stack(self.layout.root)
        return {"kafka": stack.kafka_pid, "postgres": stack.postgres_pid}.get(name) or stack.services[name].pid

    def children(self):
        return read_json(self.layout.state_file, StackState).children


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    root = tmp_path_factory.mktemp("stack")
    local = Local(root / "data")
    yield local
    local.run("down")


@pytest.fixture
def local(directory):
    directory.up()
    return directory


def test_stack_json_is_private_and_names_what_runs(local):
    path = local.layout.stack_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = json.loads(path.read_text())
    assert set(found["services"]) == {"collector", "accounting", "reporting", "aggregates"}
    assert sorted(child.name for child in local.children()) == NAMES
    assert all(is_alive(child.pid, child.mark) for child in local.children())
    token = Path(found["token_file"])
    assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_status_tells_every_part(local):
    local.wait_ready()
    parts = {part["name"]: part for part in json.loads(local.run("status", "--json").stdout)["parts"]}
    assert sorted(parts) == NAMES
    assert all(part["ready"] and part["pid"] for part in parts.values())


def test_a_second_up_on_the_same_data_directory_is_refused(local):
    done = local.run("up", "--ports", "free")
    assert done.returncode == 2
    assert "already runs" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["accounting", "kafka", "postgres"])
def test_what_is_killed_comes_back_at_the_same_address_with_its_new_pid_written_down(local, name):
    before = read_stack(local.layout.root)
    killed = local.pid_of(name)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: local.pid_of(name) not in {None, killed}, within_s=10, what="the new pid is in stack.json")
    local.wait_ready()
    after = read_stack(local.layout.root)
    assert (after.kafka, after.database) == (before.kafka, before.database)
    assert {service: address.url for service, address in after.services.items()} == {
        service: address.url for service, address in before.services.items()
    }
    restarts = {child.name: child.restarts for child in local.children()}
    assert restarts[name] >= 1


def test_nothing_is_left_when_the_supervisors_whole_group_is_killed_and_up_works_at_once(local):
    before, children = read_stack(local.layout.root), local.children()
    supervisor = holder_of(local.layout.lock_file)
    os.killpg(supervisor, signal.SIGKILL)
    eventually(lambda: not holder_of(local.layout.lock_file), within_s=5, what="the supervisor is gone")
    assert local.run("status").returncode == 3
    told = local.up()
    assert "Ready" in told
    assert not [child.name for child in children if is_alive(child.pid, child.mark)]
    after = read_stack(local.layout.root)
    assert (after.kafka, after.database) == (before.kafka, before.database), "free ports are kept"


def test_the_watchdog_alone_ends_everything_when_the_supervisor_is_killed(local):
    children = local.children()
    os.kill(holder_of(local.layout.lock_file), signal.SIGKILL)
    eventually(
        lambda: not [child.name for child in children if is_alive(child.pid, child.mark)],
        within_s=GONE_WITHIN_S,
        what="no process of the stack is left",
    )
    assert not local.layout.stack_file.exists()


def test_down_says_what_it_stopped_and_leaves_nothing(local):
    children = local.children()
    done = local.run("down")
    assert done.returncode == 0
    assert all(name in done.stdout for name in NAMES)
    assert not [child.name for child in children if is_alive(child.pid, child.mark)]
    assert not local.layout.stack_file.exists()
    missing = local.run("status")
    assert missing.returncode == 3
    assert "inkmeter up" in missing.stderr


def test_ctrl_c_in_the_foreground_stops_all_in_order(directory):
    directory.run("down")
    process = subprocess.Popen(
        directory.command("up", "--ports", "free"),
        env=directory.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        eventually(directory.layout.stack_file.exists, within_s=BACK_WITHIN_S, what="stack.json is written")
        children = directory.children()
        # As a terminal does: to every process of the foreground group.
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=GONE_WITHIN_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "Stopped." in told
    assert "killed" not in told
    assert not [child.name for child in children if is_alive(child.pid, child.mark)]
    assert not directory.layout.stack_file.exists()
