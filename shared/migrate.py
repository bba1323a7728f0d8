"""Brings each service's schema up to date: Alembic over plain SQL, `services/<service>/migrations/NNNN_what.sql`.

Every file is one revision in one transaction, its number follows the one before, and it is never changed once
it was released. `<service>.schema_version` holds how far a schema is. For each file a revision module of a few
lines is made in a temporary folder while Alembic runs, so that nobody writes them by hand.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from shared.errors import ConfigError
from shared.postgres import connect

SERVICES_PACKAGE: Final = "services"
_FILE_NAME: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK_KEY: Final = 0x696E6B6D65746572
"""Two migrators of one database wait for each other by this advisory lock ("inkmeter" in ASCII)."""

_REVISION_MODULE: Final = '''\
"""{name}"""

from pathlib import Path

from alembic import op

revision = {revision!r}
down_revision = {before!r}


def upgrade():
    text = Path({path!r}).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text, execution_options={{"no_parameters": True}})
'''


class Migration(Struct, frozen=True, order=True):
    """One SQL file of a service."""

    service: str
    number: str
    name: str
    path: Path

    def __str__(self) -> str:
        return f"{self.service} {self.number}_{self.name}"


def _root() -> Path:
    return Path(str(resources.files(SERVICES_PACKAGE)))


def services_with_migrations(root: Path | None = None) -> tuple[str, ...]:
    """The services that own a schema, by their folders in `root` (the package `services`)."""
    root = root or _root()
    return tuple(sorted(path.parent.name for path in root.glob("*/migrations") if any(path.glob("*.sql"))))


def migrations_of(service: str, root: Path | None = None) -> list[Migration]:
    """A service's migrations in order.

    Raises:
        ValueError: a file is misnamed, or a number is missing or used twice.
    """
    found = []
    for path in sorted(((root or _root()) / service / "migrations").glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if not match:
            raise ValueError(f"{path.name} is not named NNNN_what.sql")
        found.append(Migration(service, match.group(1), match.group(2), path))
    for index, migration in enumerate(found, start=1):
        if migration.number != f"{index:04}":
            raise ValueError(f"{migration}: {index:04} should come here")
    return found


def migrate(url: str, services: Sequence[str] | None = None, *, root: Path | None = None) -> list[str]:
    """Applies what is missing, and says what it applied, such as `accounting 0001_ledger`.

    A failing file is rolled back whole; those before it stay. Running it again continues there.

    Args:
        url: the database.
        services: which schemas; all by default.
        root: the folder that holds `<service>/migrations`; the package `services` by default.

    Raises:
        ConfigError: the database is newer than this program, or a file fails.
        Unreachable: the database can't be reached.
    """
    applied: list[str] = []
    with connect(url, name="inkmeter-migrate", autocommit=True, wait_s=10.0) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        for service in services_with_migrations(root) if services is None else services:
            known = migrations_of(service, root)
            stands_at = _version(connection, service)
            _refuse_newer(service, known, stands_at)
            missing = [each for each in known if stands_at is None or each.number > stands_at]
            if missing:
                applied += _upgrade(url, service, known, missing)
    return applied


def current(url: str, services: Sequence[str] | None = None) -> dict[str, str | None]:
    """The number each service's schema stands at, None for one that was never migrated.

    Raises:
        ConfigError: the database URL is wrong.
        Unreachable: the database can't be reached.
    """
    with connect(url, name="inkmeter-migrate", autocommit=True) as connection:
        names = services_with_migrations() if services is None else services
        return {service: _version(connection, service) for service in names}


def pending(url: str, services: Sequence[str] | None = None) -> list[str]:
    """What `migrate` would apply.

    Raises:
        ConfigError: the database URL is wrong, or the database is newer than this program.
        Unreachable: the database can't be reached.
    """
    waiting: list[str] = []
    for service, stands_at in current(url, services).items():
        known = migrations_of(service)
        _refuse_newer(service, known, stands_at)
        waiting += [str(each) for each in known if stands_at is None or each.number > stands_at]
    return waiting


def require_current(url: str, service: str) -> None:
    """Checks at a service's start that its schema is the one it was written for.

    Raises:
        ConfigError: the schema is older or newer than this program.
        Unreachable: the database can't be reached.
    """
    known = migrations_of(service)
    stands_at = current(url, [service])[service]
    _refuse_newer(service, known, stands_at)
    if known and stands_at != known[-1].number:
        raise ConfigError(
            f"The schema {service} stands at {stands_at or 'nothing'}, this program needs {known[-1].number}.",
            remedy="Run `inkmeter migrate`.",
        )


def _version(connection: Connection[TupleRow], service: str) -> str | None:
    table = sql.Identifier(service, "schema_version")
    try:
        row = connection.execute(sql.SQL("SELECT version_num FROM {}").format(table)).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    return str(row[0]) if row else None


def _refuse_newer(service: str, known: Sequence[Migration], stands_at: str | None) -> None:
    if stands_at is not None and stands_at not in {each.number for each in known}:
        raise ConfigError(
            f"The schema {service} stands at {stands_at}, which is newer than this program.",
            remedy="Run the newer version of Inkmeter, or restore the backup made before it.",
        )


def _upgrade(url: str, service: str, known: Sequence[Migration], missing: Sequence[Migration]) -> list[str]:
    """Runs Alembic for one service; imported here, as a run without work must be quick."""
    import sqlalchemy  # noqa: PLC0415
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    applied: list[str] = []

    def note(*, step: Any, **_others: Any) -> None:
        applied.append(step.up_revision_id)

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, name="inkmeter-migrate"),
        poolclass=sqlalchemy.NullPool,
    )
    with _revision_modules(known) as folder, engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{service}"')
        connection.commit()
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(folder))
        config.attributes.update(connection=connection, schema=service, on_version_apply=note)
        try:
            command.upgrade(config, "head")
        except sqlalchemy.exc.DBAPIError as error:
            failed = missing[len(applied)]
            raise ConfigError(
                f"The migration {failed} fails and is rolled back: {' '.join(str(error.orig).split())}.",
                remedy="Please report it; the migrations before it stay.",
            ) from error
    return [str(each) for each in missing if each.number in applied]


@contextmanager
def _revision_modules(known: Sequence[Migration]) -> Iterator[Path]:
    """A folder with one revision module per SQL file, there as long as Alembic reads it."""
    with tempfile.TemporaryDirectory(prefix="inkmeter-migrate-") as name:
        before: str | None = None
        for each in known:
            module = _REVISION_MODULE.format(
                name=each, revision=each.number, before=before, path=str(each.path.resolve())
            )
            (Path(name) / f"{each.number}_{each.name}.py").write_text(module, encoding="utf-8")
            before = each.number
        yield Path(name)
