"""Which folders are watched: a TOML file of the operator, checked whole before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from services.collector.sources.mapping import Mapping, load_mapping
from services.collector.sources.mapping.engine import is_read_in_parts
from shared.errors import ConfigError, Reject

MAX_FOLDERS: Final = 200
MAX_BYTES: Final = 1_000_000
REMEDY: Final = "Mend it, or unset INKMETER_WATCH; docs/printers/files.md tells what may be in it."


class FolderTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One folder as the file has it.

    Attributes:
        name: how it is called in states and logs; what was taken is remembered under it.
        path: of the folder; relative to the file that names it.
        pattern: of the files' names, as a shell's.
        mapping: the mapping file; relative likewise.
        printer: name, id or serial number of the registered printer, where the records do not tell one.
        settle_s: a file is complete when it has not changed for so long; 0 for files that are renamed into place.
        when_done: move the file to `done/` within the folder, or keep it where it is.
        grows: the file goes on growing, line by line, and is never done.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]
    path: Annotated[str, Meta(min_length=1)]
    pattern: Annotated[str, Meta(min_length=1, max_length=200)] = "*"
    mapping: Annotated[str, Meta(min_length=1)]
    printer: str | None = None
    settle_s: Annotated[float, Meta(ge=0, le=3_600)] = 5.0
    when_done: Literal["move", "keep"] = "move"
    grows: bool = False


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    folders: Annotated[list[FolderTable], Meta(min_length=1, max_length=MAX_FOLDERS)]


class Folder(Struct, frozen=True, kw_only=True):
    """One watched folder, ready to be looked at."""

    name: str
    path: Path
    pattern: str
    mapping: Mapping
    printer: str | None
    settle_s: float
    moves: bool
    grows: bool


def load_folders(file: Path) -> list[Folder]:
    """Reads the file and every mapping that it names.

    Raises:
        ConfigError: something in one of them is wrong.
    """
    try:
        document = msgspec.convert(tomllib.loads(_text(file)), _Document)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is no TOML: {error}.", remedy=REMEDY) from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {error}.", remedy=REMEDY) from error
    found = [_folder(table, file) for table in document.folders]
    names = [folder.name for folder in found]
    paths = [(folder.path, folder.pattern) for folder in found]
    if len(set(names)) < len(names) or len(set(paths)) < len(paths):
        raise ConfigError(f"{file}: two folders have the same name, or the same path and pattern.", remedy=REMEDY)
    return found


def _folder(table: FolderTable, file: Path) -> Folder:
    path = file.parent / table.mapping
    try:
        mapping = load_mapping(_text(path))
    except Reject as error:
        raise ConfigError(f"{path}: {error.reason}", remedy=REMEDY) from error
    if table.grows and not is_read_in_parts(mapping):
        raise ConfigError(f"{file}: {table.name} grows, which only CSV and JSON lines can.", remedy=REMEDY)
    return Folder(
        name=table.name,
        path=file.parent / table.path,
        pattern=table.pattern,
        mapping=mapping,
        printer=table.printer,
        settle_s=table.settle_s,
        moves=table.when_done == "move" and not table.grows,
        grows=table.grows,
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES} bytes.", remedy=REMEDY)
        return raw.decode()
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}).", remedy=REMEDY) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text.", remedy=REMEDY) from error
