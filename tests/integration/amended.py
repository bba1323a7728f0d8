"""Amends a ledger in tests: stages new states by SQL, posts them, and checks that all still adds up."""

from __future__ import annotations

from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.amend import NewCorrection, Posted, open_staging, post_amendments
from services.accounting.amend.post import CorrectionKind
from services.accounting.verify import verify
from shared.postgres import Pool

STATE: LiteralString = "person_no, project_no, department_no, cost_rule_no, price_rule_no"


async def stage(
    connection: AsyncConnection[TupleRow],
    *,
    voided: bool = False,
    where: LiteralString = "true",
    project: LiteralString = "project_no",
    price: LiteralString = "price_micro",
    based_on: LiteralString = "NULL",
) -> None:
    """Stages the lines that `where` finds, with SQL for what becomes of them."""
    states: LiteralString = STATE.replace("project_no", project, 1)
    flag: LiteralString = "true" if voided else "false"
    staged: LiteralString = (
        "INSERT INTO pg_temp.staged_amendment (charge_entry_id, occurred_at, cost_micro, price_micro, person_no, "
        "project_no, department_no, cost_rule_no, price_rule_no, based_on, line, billable, voided) "
        f"SELECT entry_id, occurred_at, cost_micro, {price}, {states}, {based_on}, line, billable, {flag} "
        f"FROM accounting.current_line WHERE {where}"
    )
    await connection.execute(staged)


async def amend(pool: Pool, kind: CorrectionKind, *, undoes: int | None = None, **states: LiteralString) -> Posted:
    """Posts one correction; see stage."""
    leg_kind = "reprice" if kind == "reprice" else "correction"
    correction = NewCorrection(
        kind=kind, actor="anna", reason="as the customer asked", request={}, undoes=undoes, leg_kind=leg_kind
    )
    async with pool.connection() as connection:
        await open_staging(connection)
        await stage(connection, voided=kind == "void", **states)
        return await post_amendments(connection, correction)


def assert_all_is_well(url: str) -> None:
    """The whole check of the ledger finds nothing."""
    report = verify(url)
    assert report.ok, [each for each in report.findings if each.wrong]
