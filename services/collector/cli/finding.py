"""Finds the printer that a command names, and changes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from shared.errors import NotFound, Reject
from shared.http.client import Reply, call, request
from shared.terminal import print_json, say

SERVICE: Final = "collector"


def every_printer(data_dir: Path | None, **filters: str | None) -> list[Any]:
    """All printers that pass the filters, page by page."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        params = {"limit": 1_000, "cursor": cursor, **filters}
        page = call(SERVICE, "GET", "/v1/printers", params=params, data_dir=data_dir)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def find_printer(printer: str, data_dir: Path | None) -> Reply:
    """A printer by its name, else by its id."""
    if not printer.strip():
        raise Reject("Name a printer.")
    named = every_printer(data_dir, name=printer)
    printer_id = named[0]["id"] if named else printer
    try:
        return request(SERVICE, "GET", printer_path(printer_id), data_dir=data_dir)
    except NotFound:
        raise NotFound(f"There is no printer {printer}: `inkmeter printers list` shows all.") from None


def printer_path(printer_id: str) -> str:
    """Where the API has a printer."""
    return f"/v1/printers/{quote(printer_id, safe='')}"


def patch_printer(printer: str, body: dict[str, Any], data_dir: Path | None, *, as_json: bool, done: str) -> None:
    """Changes a printer and says so; `done` is the sentence, with {name} in it."""
    found = find_printer(printer, data_dir)
    headers = {"If-Match": found.headers["ETag"]}
    changed = request(
        SERVICE, "PATCH", printer_path(found.body["id"]), body=body, headers=headers, data_dir=data_dir
    ).body
    print_json(changed) if as_json else say(done.format(name=changed["name"]))
