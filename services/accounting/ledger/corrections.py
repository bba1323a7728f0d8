"""Corrections of jobs in the transaction of the batch that brings them: what was told before is voided.

A correction is kept before the batch's jobs are posted and settled after them. One whose job is not there waits,
and whichever batch posts that job voids it: what was taken back never counts, in whatever order records come.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.amend import NewCorrection, open_staging, post_amendments
from services.accounting.amend.at_once import run_at_once, waited_for
from services.accounting.amend.minimums import follow
from services.accounting.amend.sums import QUERIES as AMEND_QUERIES
from services.accounting.ledger.read_correction import Correction
from services.accounting.ledger.work import Refusal, Work
from shared import sqlfile
from shared.errors import Conflict, InkmeterError

QUERIES: Final = sqlfile.load("services.accounting", "queries_job_corrections.sql")
ACTOR: Final = "collector"
_IN_ALL: Final = {
    "same_job": "{} jobs had been told twice, by different sources.",
    "better_reading": "Sources that measure better told of {} jobs.",
    "late_jobs": "Jobs came late that {} bookings on Unknown had stood for.",
    "ink_estimated": "The ink of {} jobs was estimated.",
}
_CARRIED: Final = "What was changed by hand on a job goes with the job that takes its place."


class Contradicted(InkmeterError):  # noqa: N818 - it says what became of the batch
    """A batch corrects a job in another way than before: the simple path leaves that correction out."""

    def __init__(self) -> None:
        super().__init__("a job was corrected before in another way")


def claim(
    connection: Connection[TupleRow], corrections: Sequence[Correction], *, stream: int, posted_at: datetime
) -> list[int]:
    """Keeps a batch's corrections, before its jobs are posted; what they put in place is among those.

    Within the batch's transaction, after the fence. From here to the commit changes by hand wait: they lock the
    rollups after this lock, as this batch does.

    Returns:
        The entries of those that contradict what was kept of their job: they count for nothing.
    """
    if not corrections:
        return []
    connection.execute(AMEND_QUERIES["lock_own_stream"])
    told = {
        "corrects": [each.corrects for each in corrections],
        "replaced_by": [each.replacement.job.id if each.replacement else None for each in corrections],
        "entries": [each.entry_id(stream) for each in corrections],
        "hashes": [each.said_hash for each in corrections],
        "reasons": [each.reason for each in corrections],
        "words": [each.words for each in corrections],
        "evidence": [each.evidence for each in corrections],
    }
    connection.execute(QUERIES["claim"], {**told, "posted_at": posted_at})
    asked = {name: told[name] for name in ("corrects", "entries", "hashes")}
    return [row[0] for row in connection.execute(QUERIES["contradicted"], asked)]


def claim_all(
    connection: Connection[TupleRow], corrections: Sequence[Correction], *, stream: int, posted_at: datetime
) -> None:
    """As `claim`, for a path that can't leave any of them out.

    Raises:
        Contradicted: one contradicts what was kept of its job.
    """
    if claim(connection, corrections, stream=stream, posted_at=posted_at):
        raise Contradicted


def settle(connection: Connection[TupleRow]) -> None:
    """Voids the jobs that corrections wait for, after the batch's jobs are posted, within the same transaction."""
    row = connection.execute(QUERIES["any_due"]).fetchone()
    if not row or not row[0]:
        return
    connection.execute(AMEND_QUERIES["lock_own_stream"])
    connection.execute(QUERIES["find_due"])
    open_it = waited_for(connection)
    run_at_once(open_staging(open_it))
    if connection.execute(QUERIES["stage_carried"]).rowcount:
        run_at_once(follow(open_it, named=True))
        carried = NewCorrection(kind="correction", actor=ACTOR, reason=_CARRIED, request={})
        run_at_once(post_amendments(open_it, carried))
    for reason, count, words, is_same, jobs in connection.execute(QUERIES["due_reasons"]).fetchall():
        run_at_once(open_staging(open_it))
        connection.execute(QUERIES["stage_void"], {"reason": reason})
        text = words if is_same else _IN_ALL[reason].format(count)
        voided = NewCorrection(kind="void", actor=ACTOR, reason=text, request={"reason": reason, "jobs": jobs})
        run_at_once(post_amendments(open_it, voided))
    connection.execute(QUERIES["settled"])


def contradictions(work: Work, corrections: Sequence[Correction], entries: Collection[int]) -> list[Refusal]:
    """The records of corrections that contradict an earlier one."""
    bad = {(each.partition, each.offset) for each in corrections if each.entry_id(work.stream) in entries}
    conflict = Conflict("this job was corrected before in another way: the first correction counts")
    return [Refusal(each, conflict) for each in work.records if (each.partition, each.offset) in bad]
