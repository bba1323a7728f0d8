"""Structured logs: a constant event name and fields, for people on a terminal or as JSON lines."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Final, Literal, TextIO

import structlog

from shared.log_repeats import Repeats
from shared.printable import printable

SECRET_WORDS: Final = ("password", "token", "secret", "authorization", "pin", "community")


def _hide_secrets(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blanks every field whose name speaks of a secret, whoever put it there."""
    for key in event:
        if any(word in key.lower().split("_") for word in SECRET_WORDS):
            event[key] = "********"
    return event


def _plain(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """What others say must neither steer a terminal nor begin a line of its own; JSON escapes it by itself."""
    return {key: printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _traceback(out: TextIO, error: Any) -> None:
    """A plain traceback: the pretty one shows local variables, and with them passwords and tokens."""
    out.write("\n" + printable("".join(traceback.format_exception(*error)).rstrip(), lines=True))


def configure(log_format: Literal["console", "json"], *, service: str, level: str = "info") -> None:
    """Sets up structlog and the standard library's logging for one process; call once, in main."""

    def name_service(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        # Not by context variables, which threads don't have.
        event["service"] = service
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    rendered: list[Any] = (
        [_plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]
        if log_format == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    handler.addFilter(Repeats())
    # Libraries speak up from WARNING on: what they call INFO is their inner life.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
