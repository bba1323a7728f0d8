"""Identities: in order of time, and the same job from whichever collector."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import job_id, job_key, uuid7

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
NAMES = st.text(min_size=1, max_size=40)


def test_fresh_ids_are_version_7_unique_and_in_order_of_time() -> None:
    ids = [uuid7() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert all(each.version == 7 and each.variant == "specified in RFC 4122" for each in ids)
    prefixes = [each.int >> 80 for each in ids]
    assert prefixes == sorted(prefixes)


@given(MOMENTS, NAMES, MOMENTS, NAMES)
def test_job_ids_are_in_order_of_completion(
    first: datetime, first_key: str, second: datetime, second_key: str
) -> None:
    if first + timedelta(milliseconds=1) <= second:
        assert job_id(first, first_key) < job_id(second, second_key)


@given(MOMENTS, NAMES, NAMES)
def test_a_job_has_one_id_whatever_the_zone_it_was_told_in(moment: datetime, printer: str, number: str) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    key = job_key(printer, number, moment)
    assert key == job_key(printer, number, elsewhere)
    assert job_id(moment, key) == job_id(elsewhere, key)
    assert job_id(moment, key).version == 8


@given(MOMENTS, NAMES, NAMES)
def test_other_keys_give_other_ids(moment: datetime, one: str, other: str) -> None:
    assert (job_id(moment, one) == job_id(moment, other)) == (one == other)


def test_the_id_of_a_known_job_never_changes() -> None:
    moment = datetime(2026, 11, 2, 8, 15, 0, 250_000, tzinfo=UTC)
    key = job_key("serial:CN12345678", "42", moment)
    assert key == "serial:CN12345678/42/2026-11-02T08:15:00.250Z"
    assert str(job_id(moment, key)) == "01a19b53-749a-8afa-b5e5-f64fb8bbfc29"
