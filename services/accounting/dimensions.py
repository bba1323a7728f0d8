"""Numbers for the keys of dimensions: remembered, looked up, or made, each in a short transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

Connect = Callable[[], Connection[TupleRow]]


class Dimension(NamedTuple):
    """A dimension's table with its number column, and what else is written of a new key.

    Attributes:
        fills: facts are also written of a key that is there, where they are '' so far.
    """

    table: LiteralString
    number: LiteralString
    facts: tuple[LiteralString, ...] = ()
    fills: bool = False


PRINTER: Final = Dimension("accounting.printer", "printer_no", ("told_serial", "told_model"), fills=True)
PERSON: Final = Dimension("accounting.person", "person_no")
PROJECT: Final = Dimension("accounting.project_key", "project_no")
DEPARTMENT: Final = Dimension("accounting.department_key", "department_no")
MEDIA: Final = Dimension("accounting.media", "media_no", ("name",))
CATEGORY: Final = Dimension("accounting.category", "category_no")
SOURCE: Final = Dimension("accounting.source", "source_no")
QUALITY: Final = Dimension("accounting.quality", "quality_no")
FINISHING: Final = Dimension("accounting.finishing", "finishing_no")
INK_SET: Final = Dimension("accounting.ink_set", "ink_set_no")
RULE: Final = Dimension("accounting.rule", "rule_no", ("list_id", "text"))

DIMENSIONS: Final = (
    PRINTER, PERSON, PROJECT, DEPARTMENT, MEDIA, CATEGORY, SOURCE, QUALITY, FINISHING, INK_SET, RULE,
)  # fmt: skip


class Dimensions:
    """Numbers of keys for one process; safe to use from several threads.

    Numbers are made outside the batch's transaction: a number without a charge does no harm, and writers never
    wait for each other's new keys. The key '' has number 0 and means none.
    """

    def __init__(self, connect: Connect) -> None:
        """Takes what opens a connection in autocommit mode; it is opened when needed and dropped on any error."""
        self._connect = connect
        self._connection: Connection[TupleRow] | None = None
        self._lock = threading.Lock()
        self._known: dict[Dimension, dict[str, int]] = {}
        self._told: dict[Dimension, dict[str, tuple[Any, ...]]] = {}
        self.generation = 0
        self.forget()

    def forget(self) -> None:
        """Looks everything up anew, as the database may be another one than before.

        Numbers of an earlier `generation` must not be written any more.
        """
        with self._lock:
            self.close()
            self.generation += 1
            self._told = {dimension: {} for dimension in DIMENSIONS if dimension.fills}
            for dimension in DIMENSIONS:
                self._known[dimension] = {} if dimension is RULE else {"": 0}

    def known(self, dimension: Dimension) -> dict[str, int]:
        """The numbers that are remembered; for reading only."""
        return self._known[dimension]

    def learn(self, dimension: Dimension, keys: Mapping[str, tuple[Any, ...]]) -> Mapping[str, int]:
        """Remembers the numbers of keys, with their facts for those that have no number yet; see also `fills`.

        Returns:
            The numbers of at least these keys, also if another thread has all forgotten meanwhile.

        Raises:
            psycopg.Error: the database; nothing is remembered then.
        """
        known = self._known[dimension]
        missing = {key: facts for key, facts in keys.items() if key not in known}
        if dimension.fills:
            missing |= self._more_told(dimension, keys)
        if not missing:
            return known
        with self._lock:
            connection = self._connection or self._connect()
            self._connection = None
            found: dict[str, int] = dict(_look_up(connection, dimension, missing))
            if dimension.fills:
                _fill(connection, dimension, [(*missing[key], key) for key in sorted(found) if any(missing[key])])
            fresh = sorted(missing.keys() - found.keys())
            if fresh:
                _make(connection, dimension, [(key, *missing[key]) for key in fresh])
                found |= dict(_look_up(connection, dimension, fresh))
            self._connection = connection
        if dimension.fills:
            self._told[dimension].update(missing)
        known.update(found)
        return known

    def _more_told(self, dimension: Dimension, keys: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        """The keys of which more is told than ever before, with all that was told of them."""
        told = self._told[dimension]
        merged = {
            key: tuple(old or new for old, new in zip(told[key], facts, strict=True))
            for key, facts in keys.items()
            if key in told
        }
        return {key: facts for key, facts in merged.items() if facts != told[key]}

    def close(self) -> None:
        """Closes the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


def _look_up(connection: Connection[TupleRow], dimension: Dimension, keys: Iterable[str]) -> list[TupleRow]:
    query: LiteralString = f"SELECT key, {dimension.number} FROM {dimension.table} WHERE key = ANY (%s)"  # noqa: S608
    return connection.execute(query, [list(keys)]).fetchall()


def _make(connection: Connection[TupleRow], dimension: Dimension, rows: list[tuple[Any, ...]]) -> None:
    columns: LiteralString = ", ".join(("key", *dimension.facts))
    places: LiteralString = ", ".join(["%s"] * (1 + len(dimension.facts)))
    statement: LiteralString = (
        f"INSERT INTO {dimension.table} ({columns}) VALUES ({places}) ON CONFLICT (key) DO NOTHING"  # noqa: S608
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _fill(connection: Connection[TupleRow], dimension: Dimension, rows: list[tuple[Any, ...]]) -> None:
    """Writes facts (a row ends with its key) where there are none yet."""
    if not rows:
        return
    facts: LiteralString = ", ".join(
        f"{fact} = coalesce(nullif(d.{fact}, ''), told.{fact})" for fact in dimension.facts
    )
    names: LiteralString = ", ".join((*dimension.facts, "key"))
    places: LiteralString = ", ".join(["%s::text"] * (1 + len(dimension.facts)))
    lacks: LiteralString = " OR ".join(f"(d.{fact} = '' AND told.{fact} <> '')" for fact in dimension.facts)
    statement: LiteralString = (
        f"UPDATE {dimension.table} AS d SET {facts} FROM (VALUES ({places})) AS told({names}) "  # noqa: S608
        f"WHERE d.key = told.key AND ({lacks})"
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)
