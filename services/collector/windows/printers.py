"""Which printer a queue of Windows prints on: as the operator says, else by its port's address, or its name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from services.collector.registry.printers import Printer
from services.collector.windows.events import WindowsEvent
from shared.errors import ConfigError, NotFound, Reject
from shared.events.jobs import PrinterRef

MAX_BYTES: Final = 1_000_000
MAX_QUEUES: Final = 20_000
MAX_ID: Final = 120
REMEDY: Final = "Mend it, or unset INKMETER_WINDOWS_PRINTERS; docs/printers/windows.md tells what may be in it."
_PORT: Final = re.compile(
    r"(?i)^(?:ip_|tcp_|socket://|ipp://|https?://)?\[?([0-9a-f.:]+?|[a-z0-9.-]+?)\]?(?:_\d+)?$"
)


Pattern = Annotated[str, Meta(min_length=1, max_length=300)]


class QueueTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of the operator's file: which queues print on which printer.

    Attributes:
        printer: name, id or serial number of the registered printer.
        queue: its name, as a shell's pattern in any case; by default any.
        port: of the queue, likewise.
        computer: the server, likewise.
    """

    printer: Pattern
    queue: Pattern = "*"
    port: Pattern = "*"
    computer: Pattern = "*"


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    queues: Annotated[list[QueueTable], Meta(max_length=MAX_QUEUES)] = []


def load_queues(path: Path) -> list[QueueTable]:
    """Reads the operator's file.

    Raises:
        ConfigError: it can't be read, or something in it is wrong.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES)
        return msgspec.convert(tomllib.loads(raw.decode()), _Document).queues
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}).", remedy=REMEDY) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}.", remedy=REMEDY) from error


def printer_of(
    computer: str,
    event: WindowsEvent,
    queues: Sequence[QueueTable],
    printers: Sequence[Printer],
    named: Callable[[str], Printer | None],
) -> tuple[PrinterRef, Printer | None]:
    """The printer of an event, and its registration if it has one.

    Args:
        computer: the server.
        event: the 307.
        queues: the operator's file.
        printers: all that are registered.
        named: gives the registered printer of a name, id or serial number.

    Raises:
        NotFound: the operator's file names a printer that is not registered.
        Reject: the event names no queue.
    """
    queue = (event.printer or "").strip()
    if not queue:
        raise Reject("the event 307 names no printer")
    for table in queues:
        fits = _fits(computer, table.computer) and _fits(queue, table.queue)
        if fits and _fits((event.port or "").strip(), table.port):
            found = named(table.printer)
            if found is None:
                raise NotFound(
                    f"{queue} of {computer} is said to print on {table.printer}, and no such printer is registered"
                )
            return found.ref, found
    registered = _at(event.port, printers) or named(queue)
    if registered is not None:
        return registered.ref, registered
    return PrinterRef(id=queue_id(computer, queue)), None


def queue_id(computer: str, queue: str) -> str:
    """The id of a printer that is not registered: always the same for the same queue of the same server."""
    name = f"windows:{computer}/{queue}".lower()
    if len(name) <= MAX_ID:
        return name
    return f"{name[: MAX_ID - 17]}~{blake2b(name.encode(), digest_size=8).hexdigest()}"


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


def _at(port: str | None, printers: Sequence[Printer]) -> Printer | None:
    """The one registered device at a port's address; none where two have it, such as two queues of one server."""
    found = _PORT.fullmatch((port or "").strip())
    if not found:
        return None
    host = _host(found[1])
    there = [printer for printer in printers if _host(urlsplit(printer.address).hostname or "") == host]
    return there[0] if len(there) == 1 and there[0].kind != "cups" else None


def _host(text: str) -> str:
    """An address in one way of writing it, a name in lower case."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text.lower().rstrip(".")
