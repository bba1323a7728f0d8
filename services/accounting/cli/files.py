"""`import`, `export` and `template` of projects, customers, departments and budgets: their files as CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from shared.errors import Reject
from shared.http.client import request
from shared.http.routes import MAX_BODY_BYTES
from shared.terminal import data_dir_option, json_option, print_json, say

MAX_SHOWN: Final = 20
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_FILE: Final = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


def add_file_commands(group: click.Group, what: str) -> None:
    """Gives a group of commands the three of its files; `what` is as in the path, such as "projects"."""
    group.add_command(_import_command(what))
    group.add_command(_export_command(what))
    group.add_command(_template_command(what))


def _import_command(what: str) -> click.Command:
    @click.command("import", help=_help(f"Import {what} from CSV: all lines, or none where one is bad.",
        "The same file again changes nothing; columns it does not have stay as they are; nothing is ever deleted.",
        f"inkmeter {what} import {what}.csv --dry-run"))  # fmt: skip
    @click.argument("file", type=_FILE)
    @click.option("--dry-run", is_flag=True, help="Only say what would be done.")
    @click.option("--skip-bad", is_flag=True, help="Take the good lines, and say which are bad.")
    @click.option("--deactivate-missing", is_flag=True, help="Make inactive what the file does not name.")
    @data_dir_option
    @json_option
    def take(
        file: Path,
        *,
        dry_run: bool,
        skip_bad: bool,
        deactivate_missing: bool,
        data_dir: Path | None,
        as_json: bool,
    ) -> None:
        params = {
            "dry_run": dry_run,
            "on_error": "skip" if skip_bad else "refuse",
            "deactivate_missing": deactivate_missing,
        }
        try:
            done = request(
                "accounting",
                "POST",
                f"/v1/{what}/import",
                body=_bytes_of(file),
                params=params,
                headers={"Content-Type": "text/csv"},
                data_dir=data_dir,
            ).body
        except Reject as refusal:
            raise Reject(f"{file}: {refusal}") from refusal
        print_json(done) if as_json else say("\n".join(_told(done)))
        sys.exit(1 if done["rejected"] else 0)

    return take


def _export_command(what: str) -> click.Command:
    @click.command("export", help=_help(f"Write all {what} as CSV, to a file or to the terminal.",
        f"It is what `inkmeter {what} import` takes.", f"inkmeter {what} export {what}.csv"))  # fmt: skip
    @click.argument("file", type=_FILE, default="-")
    @data_dir_option
    @json_option
    def export(file: Path, *, data_dir: Path | None, as_json: bool) -> None:
        _write(file, request("accounting", "GET", f"/v1/{what}/export", data_dir=data_dir).body, as_json=as_json)

    return export


def _template_command(what: str) -> click.Command:
    @click.command("template", help=_help(f"Write an empty file for {what}, with one line as an example.",
        "", f"inkmeter {what} template {what}.csv"))  # fmt: skip
    @click.argument("file", type=_FILE, default="-")
    @data_dir_option
    @json_option
    def write_template(file: Path, *, data_dir: Path | None, as_json: bool) -> None:
        path = f"/v1/{what}/import-template"
        _write(file, request("accounting", "GET", path, data_dir=data_dir).body, as_json=as_json)

    return write_template


def _help(first: str, more: str, example: str) -> str:
    return "\n\n".join(part for part in (first, more, f"Example: {example}") if part)


def _bytes_of(file: Path) -> bytes:
    """The file's bytes, or those of standard input for `-`."""
    try:
        if str(file) == "-":
            raw = sys.stdin.buffer.read(MAX_BODY_BYTES + 1)
        else:
            with file.open("rb") as source:
                raw = source.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        raise Reject(f"{file} can't be read: {error.strerror}.") from error
    if len(raw) > MAX_BODY_BYTES:
        raise Reject(
            f"{file} has more than {MAX_BODY_BYTES // 1_000_000} MB: divide it, each part with its heading."
        )
    return raw


def _write(file: Path, raw: bytes, *, as_json: bool) -> None:
    if str(file) == "-":
        text = raw.decode("utf-8-sig")
        print_json({"csv": text}) if as_json else sys.stdout.write(text.replace("\r\n", "\n"))
        return
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise Reject(f"{file} can't be written: {error.strerror}.") from error
    lines = raw.count(b"\r\n") - 1
    print_json({"file": str(file), "lines": lines}) if as_json else say(f"{file} has {lines} lines and a heading.")


def _told(done: dict[str, Any]) -> list[str]:
    """What an import did, in words."""
    written = f"{done['encoding'].upper()}, separated by {_SEPARATORS[done['separator']]}"
    counts = ", ".join(f"{done[name]:,} {name}" for name in ("new", "changed", "unchanged", "rejected"))
    found = [f"{done['lines']:,} lines ({written}): {counts}."]
    if done["deactivated"]:
        become = "would become" if done["dry_run"] else "are now"
        found.append(f"{done['deactivated']:,} that the file does not name {become} inactive.")
    for error in done["errors"][:MAX_SHOWN]:
        place = f"line {error['line']}" + (f", column {error['column']}" if error["column"] else "")
        found.append(f"  {place}: {error['detail']}")
    left = len(done["errors"]) - MAX_SHOWN + done["errors_left_off"]
    if left > 0:
        found.append(f"  ... and {left:,} more")
    if done["dry_run"]:
        found.append("Nothing was changed: this was a dry run.")
    return found
