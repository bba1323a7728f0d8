"""Bounds of job ids for lists by time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.events.jobs import EARLIEST
from shared.ids import first_job_id, job_id

MOMENT = st.integers(0, 10**12).map(lambda ms: EARLIEST + timedelta(milliseconds=ms))


@given(completed_at=MOMENT, start=MOMENT, key=st.text())
def test_a_job_is_within_the_bounds_of_its_time(completed_at, start, key):
    assert (job_id(completed_at, key) >= first_job_id(start)) == (completed_at >= start)
