"""One child process: its log, its exit, its last words; and the supervisor that starts it again."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from deploy.local.child import MAX_LOG_BYTES, Child, Program, rotate, tail
from deploy.local.guard import Guard
from deploy.local.stopping import Stage
from deploy.local.supervisor import Supervisor
from shared.errors import ConfigError
from tests.deadline import eventually, eventually_async

PAUSES = "import signal; print('up', flush=True); signal.pause()"
DIES = "import sys; sys.exit('no such setting')"


@pytest.fixture
def guard(tmp_path):
    found = Guard(tmp_path / "watchdog.log")
    yield found
    found.close()


def program(tmp_path, code, name="it"):
    return Program(name, [sys.executable, "-c", code], tmp_path / "it.log", Stage.SERVICE, dies_with_parent=True)


def test_a_child_runs_in_a_session_of_its_own_and_writes_its_log(tmp_path, guard):
    child = Child(program(tmp_path, PAUSES), guard)
    child.start()
    eventually(lambda: "up" in tail(tmp_path / "it.log"), within_s=5, what="it has written")
    assert child.exit_code is None
    child.stop()
    assert child.pid is None
    assert child.exit_code == -signal.SIGTERM


def test_its_last_words_are_the_last_line_of_its_log(tmp_path, guard):
    child = Child(program(tmp_path, DIES), guard)
    child.start()
    eventually(lambda: child.exit_code == 1, within_s=5, what="it has ended")
    assert child.last_words() == "no such setting"


def test_a_large_log_is_set_aside(tmp_path):
    path = tmp_path / "it.log"
    path.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    rotate(path)
    assert not path.exists()
    assert (tmp_path / "it.1.log").stat().st_size == MAX_LOG_BYTES + 1


async def test_a_killed_child_is_started_again_and_its_new_pid_made_known(tmp_path, guard):
    known = []
    supervisor = Supervisor(guard, lambda: known.append(supervisor.states()[0].pid))
    child = Child(program(tmp_path, PAUSES), guard)
    supervisor.add(child)
    watching = asyncio.create_task(supervisor.watch())
    first = child.pid
    child.kill()

    async def again():
        return child.pid not in {None, first}

    await eventually_async(again, within_s=2, what="it runs again")
    watching.cancel()
    assert known == [first, child.pid]
    assert supervisor.states()[0].restarts == 1
    supervisor.stop()


async def test_a_child_that_dies_again_and_again_is_given_up_with_its_last_words(tmp_path, guard, monkeypatch):
    monkeypatch.setattr("deploy.local.restarts.FIRST_DELAY_S", 0.0)
    supervisor = Supervisor(guard, lambda: None)
    supervisor.add(Child(program(tmp_path, DIES), guard))
    with pytest.raises(ConfigError, match=r"it died more than 10 times.*no such setting.*it.log"):
        await asyncio.wait_for(supervisor.watch(), 30)
