"""The watchdog stops what it was told of, and nothing that was forgotten."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from deploy.local.guard import Guard
from deploy.local.identity import mark_of
from deploy.local.state import ChildState
from deploy.local.stopping import Stage
from deploy.local.watchdog import Forget, Remove, Watch, obey
from tests.deadline import eventually

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


def line(order):
    return msgspec.json.encode(order) + b"\n"


def test_it_keeps_what_is_watched_and_not_forgotten():
    kept = ChildState("kafka", 2, "b", Stage.KAFKA, 15)
    gone = ChildState("collector", 1, "a", Stage.SERVICE, 15)
    orders = [line(Watch(gone)), line(Watch(kept)), line(Remove("/data/stack.json")), line(Forget(1))]
    assert obey(orders) == ([kept], [Path("/data/stack.json")])


def test_a_line_cut_off_by_the_supervisors_death_is_passed_over():
    kept = ChildState("kafka", 2, "b", Stage.KAFKA, 15)
    assert obey([line(Watch(kept)), line(Watch(kept))[:20]]) == ([kept], [])


def test_a_guard_that_is_closed_stops_what_it_still_watches_and_removes_the_file(tmp_path):
    stack_file = tmp_path / "stack.json"
    stack_file.write_text("{}")
    guard = Guard(tmp_path / "watchdog.log")
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    guard.remove_at_end(stack_file)
    guard.watch(ChildState("it", process.pid, mark_of(process.pid), Stage.SERVICE, signal.SIGTERM))
    guard.close()
    assert process.wait(5) == -signal.SIGTERM
    assert not stack_file.exists()
    assert "stopping it" in (tmp_path / "watchdog.log").read_text()


def test_a_watchdog_that_was_killed_is_replaced_and_knows_all_again(tmp_path):
    guard = Guard(tmp_path / "watchdog.log")
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    guard.watch(ChildState("it", process.pid, mark_of(process.pid), Stage.SERVICE, signal.SIGTERM))
    first = guard.pid
    subprocess.run(["kill", "-9", str(first)], check=True)
    eventually(lambda: guard.check() or guard.pid != first, within_s=5, what="another watchdog runs")
    guard.close()
    assert process.wait(5) == -signal.SIGTERM


def test_what_was_forgotten_goes_on(tmp_path):
    guard = Guard(tmp_path / "watchdog.log")
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    guard.watch(ChildState("it", process.pid, mark_of(process.pid), Stage.SERVICE, signal.SIGTERM))
    guard.forget(process.pid)
    guard.close()
    assert process.poll() is None
    process.kill()
    process.wait()
