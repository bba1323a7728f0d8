"""Minimum charges follow corrections: what the lines of a job come to then decides, in the same correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.amend.owed import Owed, OwingJob, owed_of
from services.accounting.amend.sums import QUERIES as AMEND_QUERIES
from services.accounting.pricelist.check import read_document
from services.accounting.pricing import PriceList
from services.accounting.pricing.rules import Rule
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.amend", "queries_minimums.sql")
Connection = AsyncConnection[TupleRow]
AT_ONCE: Final = 5_000
"""Jobs worked out at once: between such parts whoever else the process serves has its turn."""
_OWING_JOBS: Final[LiteralString] = (
    QUERIES["owing_jobs"]
    .replace("{cost_rule}", QUERIES["priced_last"].replace("{book}", "cost"))
    .replace("{price_rule}", QUERIES["priced_last"].replace("{book}", "price"))
)


async def follow(
    connection: Connection,
    *,
    undone: Mapping[str, Any] | None = None,
    named: bool = False,
    dry_run: bool = False,
) -> None:
    """Stages what minimum charges become by what is staged of other lines, as part of the change.

    Call it once all else is staged. Where nothing was changed since the correction that an undo takes back,
    minimum charges come back as they were, and nothing is worked out.

    Args:
        connection: within the transaction that stages and posts.
        undone: the head of the correction that is undone.
        named: minimum charges that are staged as void were meant, and are waived; else they were only found.
        dry_run: nothing will be posted, so that nobody need wait.
    """
    [lists] = await _one(connection, "lists_with_minimum")
    if not lists:
        return
    if not dry_run:
        # From here to the commit nobody else changes the lines that sums are made of.
        await connection.execute(AMEND_QUERIES["lock_own_stream"])
    undoes = undone["correction_no"] if undone else None
    if undone:
        if not (await _one(connection, "any_later", undoes=undoes))[0]:
            return
        part = {"undoes": undoes, "first_entry_id": undone["first_entry_id"], "lines": undone["lines"]}
        await connection.execute(QUERIES["keep_later"], part)
    await connection.execute(AMEND_QUERIES["give_room"])
    await connection.execute(AMEND_QUERIES["analyze_staged"])
    asked = {"lists": lists, "undoes": undoes, "named": named}
    found = await (await connection.execute(_OWING_JOBS, asked)).fetchall()
    lists_of_jobs: dict[int, PriceList] = {}
    for start in range(0, len(found), AT_ONCE):
        await _stage(connection, [OwingJob(*row) for row in found[start : start + AT_ONCE]], lists_of_jobs)


async def _stage(connection: Connection, jobs: Sequence[OwingJob], lists: dict[int, PriceList]) -> None:
    """Stages what some jobs owe; `lists` are those that are known already, and grow."""
    rules = await _rules(connection, jobs)
    if unknown := {rule.list_id for rule in rules.values() if rule.list_id} - lists.keys():
        lists |= await _lists(connection, unknown)
    owed = owed_of(jobs, rules, lists)
    numbers = await _numbers(connection, owed)
    staged = [each for each in owed if each.job.own_staged]
    more = [each for each in owed if each.job.own_line is not None and not each.job.own_staged]
    added = [each for each in owed if each.job.own_line is None]
    if staged:
        await connection.execute(QUERIES["restage"], _columns(staged, numbers))
    if more:
        await connection.execute(QUERIES["stage_owed"], _columns(more, numbers))
    if added:
        await _add(connection, added, numbers)


async def _rules(connection: Connection, jobs: Sequence[OwingJob]) -> dict[int, Rule]:
    """The rules that jobs name, by number."""
    named = ((job.cost_rule_no, job.price_rule_no, job.own_cost_rule_no, job.own_price_rule_no) for job in jobs)
    numbers = {number for each in named for number in each if number is not None}
    rows = await (await connection.execute(QUERIES["rules"], {"numbers": sorted(numbers)})).fetchall()
    return {number: Rule(list_id, text) for number, list_id, text in rows}


async def _lists(connection: Connection, ids: set[int]) -> dict[int, PriceList]:
    rows = await (await connection.execute(QUERIES["price_lists"], {"ids": sorted(ids)})).fetchall()
    return {
        list_id: PriceList(
            list_id=list_id,
            version=version,
            valid_from=valid_from,
            valid_until=valid_until,
            file=read_document(definition, currency=definition["currency"]),
        )
        for list_id, version, valid_from, valid_until, definition in rows
    }


async def _numbers(connection: Connection, owed: Sequence[Owed]) -> dict[Rule, int]:
    """Numbers of the rules that minimum charges do not have yet."""
    rules = {rule for each in owed for rule in (each.cost_rule, each.price_rule) if isinstance(rule, Rule)}
    if not rules:
        return {}
    by_key = {rule.key: rule for rule in rules}
    asked = {
        "keys": list(by_key),
        "lists": [rule.list_id for rule in by_key.values()],
        "texts": [rule.text for rule in by_key.values()],
    }
    # What another transaction has made meanwhile is seen by the next statement only.
    await connection.execute(QUERIES["number_rules"], asked)
    rows = await (await connection.execute(QUERIES["number_rules"], asked)).fetchall()
    return {by_key[key]: number for key, number in rows}


def _number(rule: Rule | int, numbers: Mapping[Rule, int]) -> int:
    return numbers[rule] if isinstance(rule, Rule) else rule


def _columns(owed: Sequence[Owed], numbers: Mapping[Rule, int]) -> dict[str, list[Any]]:
    return {
        "entries": [each.job.entry_id for each in owed],
        "moments": [each.job.occurred_at for each in owed],
        "lines": [each.job.own_line for each in owed],
        "costs": [each.cost_micro for each in owed],
        "prices": [each.price_micro for each in owed],
        "cost_rules": [_number(each.cost_rule, numbers) for each in owed],
        "price_rules": [_number(each.price_rule, numbers) for each in owed],
        "voided": [each.voided for each in owed],
    }


async def _add(connection: Connection, owed: Sequence[Owed], numbers: Mapping[Rule, int]) -> None:
    """Adds lines to jobs that have none for a minimum charge; they count for whom the first line counts."""
    columns = _columns(owed, numbers) | {"lines": [each.job.first_line for each in owed]}
    rows = await (await connection.execute(QUERIES["whom_lines_count_for"], columns)).fetchall()
    whom = {row[0]: row[1:] for row in rows}
    people, projects, departments, billable = zip(*(whom[each.job.entry_id] for each in owed), strict=True)
    values = columns | {
        "people": list(people),
        "projects": list(projects),
        "departments": list(departments),
        "billable": list(billable),
    }
    await connection.execute(QUERIES["add_minimums"], values)


async def _one(connection: Connection, query: str, **parameters: Any) -> TupleRow:
    row = await (await connection.execute(QUERIES[query], parameters)).fetchone()
    assert row is not None  # noqa: S101 - each of these has one row
    return row
