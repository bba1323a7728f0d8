"""A batch taken by column reads as record by record: moments, identities, hashes, kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.ledger.fast.identity import equal_texts, job_ids
from services.accounting.ledger.fast.moments import moments_of_texts
from services.accounting.ledger.read import microseconds, moments_of, payload_hash
from shared.events.jobs import JobRef, identified
from shared.ids import job_id
from tests.unit.accounting.price_lists import a1_line, job

MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


def written(moment: datetime, timespec: str) -> str:
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


@given(st.lists(st.tuples(MOMENTS, st.sampled_from(["seconds", "milliseconds", "microseconds"]))))
def test_moments_are_read_as_datetime_reads_them(told: list[tuple[datetime, str]]) -> None:
    texts = [written(*each) for each in told]
    found, is_read = moments_of_texts(texts)
    assert is_read.all()
    assert found.tolist() == [microseconds(datetime.fromisoformat(text)) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00:00.Z",
        "2026-11-24t12:00:00Z",
        "2026-11-24T12:00:00z",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T12:00:00.1234567Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-11-31T12:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:60:00Z",
        "2026-11-24T12:00:60Z",
        "0000-01-01T00:00:00Z",
        "2026-11-24T12:00:0\u0660Z",
        "2026-11-24T12:00:0:Z",
    ],
)
def test_what_is_written_otherwise_is_left_to_the_plain_reader(text: str) -> None:
    found, is_read = moments_of_texts(["2024-02-29T23:59:59.5Z", text])
    assert is_read.tolist() == [True, False]
    assert found[0] == microseconds(datetime(2024, 2, 29, 23, 59, 59, 500_000, tzinfo=UTC))


@given(st.lists(st.tuples(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.text(min_size=1))))  # noqa: DTZ001
def test_job_ids_by_column_are_the_contract_s(told: list[tuple[datetime, str]]) -> None:
    moments = [moment.replace(tzinfo=UTC) for moment, _ in told]
    expected = [job_id(moment, key) for moment, (_, key) in zip(moments, told, strict=True)]
    completed = np.array([microseconds(moment) for moment in moments], np.int64)
    found = job_ids(completed, [key.encode() for _, key in told])
    assert [each.tobytes() for each in found] == [each.bytes for each in expected]
    assert equal_texts(found, [str(each) for each in expected]).all()
    assert not equal_texts(found, [str(each).replace("-", "") for each in expected]).any()
    assert not equal_texts(found, [str(each)[:-1] + "\u20ac" for each in expected]).any()


def test_what_is_hashed_of_a_job_stays_as_it_is() -> None:
    told = identified(
        job(
            a1_line(ink_ul={"magenta": 7, "cyan": 3}, finishing=["fold"]),
            completed_at=datetime(2026, 11, 2, 9, 15, tzinfo=UTC),
            job=JobRef(device_job_id="7"),
        )
    )
    assert payload_hash(told, moments_of(told)) == GOLDEN
    other = identified(
        job(
            a1_line(finishing=["fold"], ink_ul={"cyan": 3, "magenta": 7}),
            completed_at=datetime(2026, 11, 2, 10, 15, tzinfo=UTC) - timedelta(hours=1),
            job=JobRef(device_job_id="7", source="another"),
        )
    )
    assert payload_hash(other, moments_of(other)) == GOLDEN


GOLDEN = -5_188_675_725_214_332_832
