"""Records that are no job events lie in the middle of good ones: they are set aside with the reason, alone."""

from __future__ import annotations

import json

from tests.acceptance.summaries import assert_ledger_is_clean, post, wait_for_jobs
from tests.deadline import eventually
from tests.jobs import job

STRANGE = {
    "specversion": "1.0",
    "id": "x",
    "source": "/s",
    "type": "some.other.v1",
    "time": "2026-01-01T00:00:00Z",
    "data": job(0),
}
POISON = {
    b"not json at all": "JSON is malformed",
    b"{}": "missing",
    json.dumps(STRANGE).encode(): "some.other.v1",
    b"\x00\xff\xfe": "JSON is malformed",
}
"""What is put on the topic, and what the reason must say."""


def test_poison_is_set_aside_with_its_reason_and_the_rest_is_charged(shop, produce):
    project, printer = "P-POISON", "poison"
    post(shop, [job(number, project=project, printer=printer) for number in range(20)])
    produce("jobs.v1", [(printer.encode(), value) for value in POISON])
    post(shop, [job(number, project=project, printer=printer) for number in range(20, 40)])

    assert wait_for_jobs(shop, project, 40, within_s=60)["jobs"] == 40

    def listed():
        found = shop.json("dlq", "list")["items"]
        assert len(found) >= len(POISON), found
        return found

    dead = eventually(listed, within_s=30, what="the dead letters are listed")
    assert all(letter["reason"] for letter in dead)
    told = json.dumps(dead)
    assert all(word in told for word in POISON.values()), told
    assert_ledger_is_clean(shop)


def test_a_job_with_the_same_identity_and_another_content_is_a_conflict_and_changes_nothing(shop, produce):
    project, printer = "P-CONFLICT", "conflict"
    (event_id,) = post(shop, [job(1, project=project, printer=printer)])
    before = wait_for_jobs(shop, project, 1, within_s=30)
    forged = job(1, project=project, printer=printer, copies=7)
    forged["job"]["id"] = event_id
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/test",
        "type": "print.job.completed.v1",
        "time": forged["completed_at"],
        "data": forged,
    }
    produce("jobs.v1", [(printer.encode(), json.dumps(event).encode())])
    post(shop, [job(2, project=project, printer=printer)])
    after = wait_for_jobs(shop, project, 2, within_s=30)

    assert after["jobs"] == 2
    assert int(after["used_area_mm2"]) == 2 * int(before["used_area_mm2"])

    def conflicts():
        found = shop.json("dlq", "list")["items"]
        assert any("with other contents" in letter["reason"] for letter in found), found[-1]
        return found

    eventually(conflicts, within_s=30, what="the conflict is among the dead letters")
