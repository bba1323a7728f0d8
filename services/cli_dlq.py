"""`inkmeter dlq list|show|retry|drop`: what to do with records that were refused."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from shared.errors import ConfigError, Unreachable
from shared.settings import PREFIX, CommonSettings
from shared.stack import read_stack
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

F = TypeVar("F", bound=Callable[..., Any])


@click.group(short_help="Look at refused records, and retry or drop them.")
def dlq() -> None:
    """Look at refused records, and retry or drop them.

    A record that no service can ever handle is set aside on the topic `<its topic>.dlq`, whole and with
    the reason. Its id is where it came from: topic/partition/offset (the topic's prefix may be left out).
    """
    # The Kafka client logs each failed connection; the command says so itself, in one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _choice(function: F) -> F:
    """Adds the ids, or --all with an optional --topic."""
    function = click.argument("ids", nargs=-1)(function)
    function = click.option("--topic", help="With --all: only records of this topic.")(function)
    return click.option("--all", "all_", is_flag=True, help="All open records instead of ids.")(function)


@dlq.command("list")
@click.option("--topic", help="Only records of this topic.")
@data_dir_option
@json_option
def list_(*, topic: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List the refused records that nobody dealt with yet.

    Example: inkmeter dlq list --topic jobs.v1
    """
    letters = asyncio.run(_letters(data_dir, topic))
    if as_json:
        print_json({"items": [_summary(each) for each in letters]})
        return
    print_table(
        ["Id", "Refused at", "By", "Reason"],
        [(each.id, each.refused_at.isoformat(timespec="seconds"), each.consumer, _why(each)) for each in letters],
        empty="No refused records.",
    )


@dlq.command()
@click.argument("id_", metavar="ID")
@data_dir_option
@json_option
def show(*, id_: str, data_dir: Path | None, as_json: bool) -> None:
    """Show one refused record whole, with the reason.

    Example: inkmeter dlq show jobs.v1/3/1207
    """
    from shared.dead_letters import choose, content, key_text  # noqa: PLC0415

    _, prefix = _kafka(data_dir)
    (letter,) = choose(asyncio.run(_letters(data_dir, None)), [id_], prefix)
    whole = {
        **_summary(letter),
        "key": key_text(letter.letter),
        "value": content(letter.letter),
        "value_base64": letter.letter.value_base64,
        "value_omitted_bytes": letter.letter.value_omitted_bytes,
    }
    if as_json:
        print_json(whole)
        return
    for name, value in whole.items():
        if name not in {"value", "value_base64"} and value is not None:
            say(f"{name.replace('_', ' ') + ':':<14} {value}")
    click.echo()
    print_json(whole["value"]) if isinstance(whole["value"], dict | list) else say(str(whole["value"]))


@dlq.command()
@_choice
@data_dir_option
@json_option
def retry(*, ids: Sequence[str], all_: bool, topic: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Send refused records back to their topic, once what was wrong is mended.

    The very bytes are sent as a new record; if it is refused again it is set aside again.

    Example: inkmeter dlq retry jobs.v1/3/1207
    """
    closed = asyncio.run(_close("retry", data_dir, ids, all_=all_, topic=topic))
    print_json({"retried": closed}) if as_json else click.echo(f"{len(closed)} sent back.")


@dlq.command()
@_choice
@data_dir_option
@json_option
def drop(*, ids: Sequence[str], all_: bool, topic: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Take refused records off the list for good; they stay on the topic they came from.

    Example: inkmeter dlq drop jobs.v1/3/1207
    """
    closed = asyncio.run(_close("drop", data_dir, ids, all_=all_, topic=topic))
    print_json({"dropped": closed}) if as_json else click.echo(f"{len(closed)} dropped.")


async def _letters(data_dir: Path | None, topic: str | None) -> list[Any]:
    from shared.dead_letters import open_box  # noqa: PLC0415 - the Kafka client is slow to import

    bootstrap, prefix = _kafka(data_dir)
    async with open_box(bootstrap, prefix) as box:
        return [each for each in await box.letters() if topic is None or each.topic in {topic, prefix + topic}]


async def _close(
    how: str, data_dir: Path | None, ids: Sequence[str], *, all_: bool, topic: str | None
) -> list[str]:
    """Retries or drops the chosen records, and gives back their ids."""
    from shared.dead_letters import choose, open_box  # noqa: PLC0415

    if bool(ids) == all_:
        raise click.UsageError("Name records by id, or use --all.")
    bootstrap, prefix = _kafka(data_dir)
    async with open_box(bootstrap, prefix) as box:
        letters = await box.letters()
        if all_:
            chosen = [each for each in letters if topic is None or each.topic in {topic, prefix + topic}]
        else:
            chosen = choose(letters, ids, prefix)
        await (box.retry(chosen) if how == "retry" else box.drop(chosen))
    return [each.id for each in chosen]


def _summary(letter: Any) -> dict[str, Any]:
    return {
        "id": letter.id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "refused_at": letter.refused_at,
        "consumer": letter.consumer,
        "reason": letter.reason,
        "pointer": letter.letter.pointer,
    }


def _why(letter: Any) -> str:
    """The reason, with the place where the record has one."""
    where = letter.letter.pointer
    return f"{letter.reason} at {where}" if where and where not in letter.reason else str(letter.reason)


def _kafka(data_dir: Path | None) -> tuple[str, str]:
    """Bootstrap and topic prefix: of the stack named, else of the settings, else of the default stack."""
    prefix = os.environ.get(f"{PREFIX}TOPIC_PREFIX", CommonSettings.model_fields["topic_prefix"].default)
    bootstrap = os.environ.get(f"{PREFIX}KAFKA_BOOTSTRAP")
    if bootstrap and data_dir is None:
        return bootstrap, prefix
    try:
        return read_stack(data_dir).kafka.bootstrap, prefix
    except Unreachable as error:
        if data_dir is not None:
            raise
        raise ConfigError(
            "It is not known which Kafka is meant.",
            remedy="Set INKMETER_KAFKA_BOOTSTRAP, or start a stack with `inkmeter up`.",
        ) from error
