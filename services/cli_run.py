"""`inkmeter run|migrate|topics|config|version`: what containers, systemd and operators call."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
from typing import Final

import click

from shared.errors import ConfigError, Unreachable
from shared.http.addresses import VARIABLES
from shared.settings import PREFIX, CommonSettings, load, shown
from shared.stack import read_stack
from shared.terminal import json_option, print_json, print_table
from shared.version import version as installed_version

SERVICES: Final = ("collector", "accounting", "reporting", "aggregates")
PACKAGES: Final = {name: f"services.{name}" for name in SERVICES} | {
    "aggregates": "services.accounting.aggregates"
}
"""Where each service's `main` and `settings` are."""


@click.command(short_help="Run one service in the foreground.")
@click.argument("service", type=click.Choice(SERVICES))
def run(service: str) -> None:
    """Run one service in the foreground until SIGTERM or Ctrl-C.

    Example: INKMETER_DATABASE_URL=postgresql://... INKMETER_TOKEN_FILE=token inkmeter run accounting
    """
    sys.exit(importlib.import_module(f"{PACKAGES[service]}.main").main())


@click.command(short_help="Bring the database's schemas up to date.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when migrations are waiting.")
@json_option
def migrate(*, check: bool, as_json: bool) -> None:
    """Bring the database's schemas up to date.

    Example: inkmeter migrate
    """
    from shared import migrate as migrations  # noqa: PLC0415 - Alembic takes half a second to import

    url = _database_url()
    if check:
        waiting = migrations.pending(url)
        print_json({"pending": waiting}) if as_json else click.echo(
            "\n".join(f"waiting: {name}" for name in waiting) or "The database is up to date."
        )
        sys.exit(1 if waiting else 0)
    applied = migrations.migrate(url)
    print_json({"applied": applied}) if as_json else click.echo(
        "\n".join(f"applied: {name}" for name in applied) or "The database is up to date."
    )


@click.group(short_help="Create, list and watch Kafka topics.")
def topics() -> None:
    """Create, list and watch Kafka topics."""
    # The Kafka client logs each failed connection; the command says so itself, in one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


@topics.command("apply")
@click.option(
    "--partitions", type=click.IntRange(1, 1_000), help="Partitions of new topics, instead of their own."
)
@json_option
def topics_apply(*, partitions: int | None, as_json: bool) -> None:
    """Create missing topics and set the settings of existing ones; deletes nothing.

    Example: inkmeter topics apply
    """
    from shared import topics as catalogue  # noqa: PLC0415

    bootstrap, prefix = _kafka()
    changes = asyncio.run(catalogue.apply_topics(bootstrap, prefix, partitions=partitions))
    if as_json:
        print_json([{"topic": change.topic, "change": change.what, "detail": change.detail} for change in changes])
    else:
        print_table(["Topic", "Change", "Detail"], [(c.topic, c.what, c.detail) for c in changes])


@topics.command("list")
@json_option
def topics_list(*, as_json: bool) -> None:
    """List Inkmeter's topics and whether Kafka has them.

    Example: inkmeter topics list --json
    """
    from shared import topics as catalogue  # noqa: PLC0415

    rows = asyncio.run(catalogue.list_topics(*_kafka()))
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["Topic", ("Partitions", "right"), ("Records", "right"), "What it carries"],
            [(r.topic, r.partitions, r.records, r.description) for r in rows],
        )


@topics.command("lag")
@json_option
def topics_lag(*, as_json: bool) -> None:
    """Show how far each consumer group is behind.

    Example: inkmeter topics lag
    """
    from shared import topics as catalogue  # noqa: PLC0415

    rows = asyncio.run(catalogue.lag(*_kafka()))
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["Group", "Topic", ("Partition", "right"), ("Position", "right"), ("End", "right"), ("Lag", "right")],
            [(r.group, r.topic, r.partition, r.position, r.end, r.lag) for r in rows],
            empty="No group has read anything yet.",
        )


@click.group(short_help="Show or check the settings.")
def config() -> None:
    """Show or check the settings that a service would start with."""


def _settings_of(service: str) -> CommonSettings:
    found = importlib.import_module(f"{PACKAGES[service]}.settings")
    loaded = found.load_settings()
    if not isinstance(loaded, CommonSettings):
        raise TypeError(service)
    return loaded


@config.command("show")
@click.argument("service", type=click.Choice(SERVICES), default="collector")
@json_option
def config_show(service: str, *, as_json: bool) -> None:
    """Show every setting of a service; secrets stay hidden.

    Example: inkmeter config show accounting
    """
    rows = shown(_settings_of(service))
    if as_json:
        print_json({variable: value for variable, value, _ in rows})
    else:
        print_table(["Variable", "Value", "Meaning"], rows)


@config.command("check")
@click.argument("service", type=click.Choice(SERVICES), required=False)
@json_option
def config_check(service: str | None, *, as_json: bool) -> None:
    """Check the settings of one service or of all; every error is told, each with its variable.

    Example: inkmeter config check
    """
    names = [service] if service else list(SERVICES)
    known: set[str] = set(VARIABLES)
    for name in names:
        loaded = _settings_of(name)
        for variable, _, _ in shown(loaded):
            known |= {variable, f"{variable}_FILE"}
        if not as_json:
            click.echo(f"{name}: the settings are fine")
    ours = {name for name in os.environ if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}LOCAL_")}
    strange = sorted(ours - known) if not service else []
    if as_json:
        print_json({"fine": names, "unknown_variables": strange})
    for variable in strange:
        click.echo(f"{variable} is no setting of Inkmeter: is its name misspelt?", err=True)
    sys.exit(1 if strange else 0)


@click.command(short_help="Print the version.")
@json_option
def version(*, as_json: bool) -> None:
    """Print the version.

    Example: inkmeter version --json
    """
    print_json({"version": installed_version()}) if as_json else click.echo(f"inkmeter {installed_version()}")


def _database_url() -> str:
    """The database of the settings, else that of the running local stack."""
    if os.environ.get(f"{PREFIX}DATABASE_URL") or os.environ.get(f"{PREFIX}DATABASE_URL_FILE"):
        return load(CommonSettings, token="-" * 16).database_url.get_secret_value()
    try:
        return read_stack().database.url
    except Unreachable as error:
        raise ConfigError(
            "It is not known which database is meant.",
            remedy="Set INKMETER_DATABASE_URL or INKMETER_DATABASE_URL_FILE, or start a stack: `inkmeter up`.",
        ) from error


def _kafka() -> tuple[str, str]:
    """Bootstrap and topic prefix of the settings, else those of the running local stack."""
    prefix = os.environ.get(f"{PREFIX}TOPIC_PREFIX", "inkmeter.")
    if bootstrap := os.environ.get(f"{PREFIX}KAFKA_BOOTSTRAP"):
        return bootstrap, prefix
    try:
        return read_stack().kafka.bootstrap, prefix
    except Unreachable as error:
        raise ConfigError(
            "It is not known which Kafka is meant.",
            remedy="Set INKMETER_KAFKA_BOOTSTRAP, or start a stack with `inkmeter up`.",
        ) from error
