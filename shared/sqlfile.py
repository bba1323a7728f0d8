"""Named queries from .sql files: `-- name: x`, then comment lines that document it, then the statement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import LiteralString

_NAME = re.compile(r"^--\s*name:\s*(\S*)\s*$")
_PYTHON_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Queries(Mapping[str, LiteralString]):
    """The statements of one file by name; text that is checked in, never put together, hence LiteralString."""

    def __init__(self, origin: str, statements: Mapping[str, LiteralString], docs: Mapping[str, str]) -> None:
        self._origin = origin
        self._statements = dict(statements)
        self._docs = dict(docs)

    def __getitem__(self, name: str) -> LiteralString:
        try:
            return self._statements[name]
        except KeyError:
            known = ", ".join(sorted(self._statements))
            raise KeyError(f"{self._origin} has no query {name!r}, only: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)

    def doc(self, name: str) -> str:
        """The comment lines under a query's name."""
        self[name]
        return self._docs[name]


@cache
def load(package: str, filename: str) -> Queries:
    """Reads a file that lies in a package, once per process.

    Raises:
        FileNotFoundError: no such file.
        ValueError: see `parse`.
    """
    text = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
    return parse(text, origin=f"{package}/{filename}")


def parse(text: str, *, origin: str = "text") -> Queries:
    """Splits a file into its queries.

    Raises:
        ValueError: a name is missing, malformed or used twice, a query is empty, or a statement has no name.
    """
    statements: dict[str, LiteralString] = {}
    docs: dict[str, str] = {}
    name: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{origin}:{number}"
        if found := _NAME.match(line):
            name = found.group(1)
            if not _PYTHON_NAME.fullmatch(name):
                raise ValueError(f"{where}: {name!r} is no name for a query (a-z, 0-9 and _)")
            if name in statements:
                raise ValueError(f"{where}: a second query named {name}")
            statements[name], docs[name] = "", ""
        elif name is None:
            if line.strip() and not line.startswith("--"):
                raise ValueError(f"{where}: a statement before the first `-- name:`")
        elif not statements[name] and (not line.strip() or line.startswith("--")):
            docs[name] = f"{docs[name]}\n{line.removeprefix('--').strip()}".strip()
        else:
            statements[name] += f"{line}\n"
    for each, statement in statements.items():
        if not statement.strip():
            raise ValueError(f"{origin}: the query {each} is empty")
    return Queries(origin, {each: sql.strip() for each, sql in statements.items()}, docs)
