"""Migrations on real PostgreSQL: in order, whole or not at all, one migrator at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import ConfigError
from shared.migrate import current, migrate, migrations_of, pending, services_with_migrations
from shared.postgres import connect

FIRST = """-- 100 % plain SQL: a colon is :no parameter
CREATE TABLE toy.a (x int PRIMARY KEY, y text DEFAULT '100 % :sure');
INSERT INTO toy.a VALUES (1);
"""
SECOND = """DO $$ BEGIN
  ALTER TABLE toy.a ADD z int;
END $$;
CREATE VIEW toy.b AS SELECT * FROM toy.a;
"""
FAILING = "CREATE TABLE toy.c (x int);\nSELECT nonsense;\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "0001_first.sql", FIRST)
    write(tmp_path, "0002_second.sql", SECOND)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    folder = root / "toy" / "migrations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_files_are_applied_in_order_and_once(database_url: str, root: Path) -> None:
    assert migrate(database_url, root=root) == ["toy 0001_first", "toy 0002_second"]
    assert current(database_url, ["toy"]) == {"toy": "0002"}
    began = time.monotonic()
    assert migrate(database_url, root=root) == []
    assert time.monotonic() - began < 1
    with connect(database_url) as connection:
        assert connection.execute("SELECT * FROM toy.b").fetchall() == [(1, "100 % :sure", None)]


def test_only_new_files_are_applied_later(database_url: str, root: Path) -> None:
    migrate(database_url, root=root)
    write(root, "0003_third.sql", "CREATE TABLE toy.c (x int);")
    assert migrate(database_url, root=root) == ["toy 0003_third"]


def test_a_failing_file_leaves_nothing_and_those_before_it_stay(database_url: str, root: Path) -> None:
    write(root, "0003_failing.sql", FAILING)
    with pytest.raises(ConfigError, match=r"toy 0003_failing fails and is rolled back: .*nonsense"):
        migrate(database_url, root=root)
    assert current(database_url, ["toy"]) == {"toy": "0002"}
    write(root, "0003_failing.sql", "CREATE TABLE toy.c (x int);")
    assert migrate(database_url, root=root) == ["toy 0003_failing"]


def test_two_migrators_at_once_apply_each_file_once(database_url: str, root: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: migrate(database_url, root=root), range(4)))
    assert sorted(runs) == [[], [], [], ["toy 0001_first", "toy 0002_second"]]


def test_a_database_newer_than_the_program_is_refused(database_url: str, root: Path) -> None:
    migrate(database_url, root=root)
    (root / "toy" / "migrations" / "0002_second.sql").unlink()
    with pytest.raises(ConfigError, match="stands at 0002, which is newer than this program"):
        migrate(database_url, root=root)


@pytest.mark.parametrize("name", ["2_short.sql", "0002-dash.sql", "0003_gap.sql", "0001_twice.sql"])
def test_misnamed_and_missing_numbers_are_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, "0001_first.sql", FIRST)
    write(tmp_path, name, FIRST)
    with pytest.raises(ValueError, match=r"is not named|should come here"):
        migrations_of("toy", tmp_path)


def test_the_template_stands_where_all_services_want_it(database_url: str) -> None:
    assert pending(database_url) == []
    assert all(current(database_url)[service] for service in services_with_migrations())
