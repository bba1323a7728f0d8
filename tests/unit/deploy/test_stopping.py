"""Real processes are told apart, asked to end, and killed when they do not."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

from deploy.local import stopping
from deploy.local.identity import is_alive, mark_of
from deploy.local.state import ChildState
from deploy.local.stopping import Stage, stop_in_order

OBEYS = "import signal; print('up', flush=True); signal.pause()"
REFUSES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@contextmanager
def running(code):
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def child(process, stage=Stage.SERVICE, name="it"):
    return ChildState(name, process.pid, mark_of(process.pid), stage, signal.SIGTERM)


def test_a_process_is_known_by_its_pid_and_its_start():
    with running(OBEYS) as process:
        assert is_alive(process.pid, mark_of(process.pid))
        assert not is_alive(process.pid, "another start")


def test_a_process_that_waits_to_be_reaped_is_not_alive():
    with running(OBEYS) as process:
        mark = mark_of(process.pid)
        stop_in_order([child(process)])
        assert not is_alive(process.pid, mark)


def test_a_pid_that_was_given_to_another_process_is_left_alone():
    with running(OBEYS) as process:
        stop_in_order([ChildState("it", process.pid, "an earlier start", Stage.SERVICE, signal.SIGTERM)])
        assert process.poll() is None


def test_a_process_that_does_not_end_in_time_is_killed_and_named(monkeypatch):
    monkeypatch.setitem(stopping.GRACE_S, Stage.SERVICE, 0.2)
    with running(REFUSES) as stubborn, running(OBEYS) as obedient:
        assert stop_in_order([child(stubborn, name="stubborn"), child(obedient)]) == ("stubborn",)
        assert stubborn.wait() == -signal.SIGKILL
        assert obedient.wait() == -signal.SIGTERM


def test_services_end_before_kafka_and_kafka_before_postgresql(monkeypatch):
    order = []
    monkeypatch.setattr(stopping, "_stop_stage", lambda children, _grace_s: order.append(children) or [])
    states = {stage: ChildState(stage.name, 1, "m", stage, 15) for stage in Stage}
    stop_in_order([states[Stage.POSTGRES], states[Stage.SERVICE], states[Stage.KAFKA]])
    assert order == [[states[Stage.SERVICE]], [states[Stage.KAFKA]], [states[Stage.POSTGRES]]]


def test_all_stages_together_are_bounded_by_thirty_seconds():
    assert sum(stopping.GRACE_S.values()) == 30
