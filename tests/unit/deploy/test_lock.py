"""One supervisor for each data directory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.local.lock import StackLock, holder_of
from shared.errors import ConfigError

HOLD = """
import pathlib, signal, sys
from deploy.local.lock import StackLock
lock = StackLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "up.lock")], stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_holds_it(holder, tmp_path):
    with pytest.raises(ConfigError, match=rf"already runs.*pid {holder.pid}.*inkmeter down"):
        StackLock(tmp_path / "up.lock").acquire()


def test_a_holder_that_was_killed_holds_nothing(holder, tmp_path):
    assert holder_of(tmp_path / "up.lock") == holder.pid
    holder.kill()
    holder.wait()
    assert holder_of(tmp_path / "up.lock") is None
    lock = StackLock(tmp_path / "up.lock")
    lock.acquire()
    assert lock.held
    assert holder_of(tmp_path / "up.lock") == os.getpid()
    lock.release()
    assert not lock.held


def test_nobody_holds_a_lock_that_never_was(tmp_path):
    assert holder_of(tmp_path / "up.lock") is None
