"""When a process that died is started again."""

from __future__ import annotations

from deploy.local.restarts import MAX_DEATHS, STABLE_AFTER_S, WITHIN_S, Restarts


def test_the_first_deaths_are_answered_at_once_then_delays_grow_to_five_seconds():
    restarts = Restarts()
    delays = [restarts.died(now_s=float(number), lived_s=0.1) for number in range(10)]
    assert delays == [0.0, 0.0, 0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_process_that_had_run_well_is_back_at_once():
    restarts = Restarts()
    for number in range(6):
        restarts.died(now_s=float(number), lived_s=0.1)
    assert restarts.died(now_s=7.0, lived_s=STABLE_AFTER_S) == 0.0


def test_it_is_given_up_after_too_many_deaths_within_a_minute():
    restarts = Restarts()
    delays = [restarts.died(now_s=float(number), lived_s=0.1) for number in range(MAX_DEATHS + 1)]
    assert None not in delays[:-1]
    assert delays[-1] is None


def test_deaths_of_long_ago_do_not_count():
    restarts = Restarts()
    for number in range(50):
        assert restarts.died(now_s=number * (WITHIN_S / MAX_DEATHS + 0.1), lived_s=STABLE_AFTER_S) is not None
    assert restarts.count == 50
