"""`inkmeter folders`: how the watched folders do."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from services.collector.cli.finding import SERVICE
from services.collector.cli.words import time_words
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say


@click.command("folders")
@data_dir_option
@json_option
def folders(*, data_dir: Path | None, as_json: bool) -> None:
    """Show the watched folders, and the files that are not taken and why; exit code 1 when there are such.

    Example: inkmeter folders
    """
    found = call(SERVICE, "GET", "/v1/folders", data_dir=data_dir)["items"]
    if as_json:
        print_json(found)
    else:
        print_table(
            ["Folder", "Files", "Mapping", ("Taken", "right"), ("Jobs", "right"), ("Known", "right"),
             ("Refused", "right"), ("Not whole yet", "right"), "Last file", "At"],
            [
                (each["name"], str(Path(each["path"]) / each["pattern"]), each["mapping"], each["files"],
                 each["jobs"], each["duplicates"], each["refused"], each["waiting"], each["last_file"],
                 time_words(each["last_taken_at"]))
                for each in found
            ],
            empty="No folder is watched: name some in the file that INKMETER_WATCH names.",
        )  # fmt: skip
        for each in found:
            if each["fault"]:
                say(f"{each['name']}: {each['fault']}.")
            if each["refused"]:
                say(f"{each['name']}: why records were refused is told in the *.rejects.jsonl in {each['path']}.")
            for problem in each["problems"]:
                say(f"{each['name']}: {problem['file'] or 'the folder'} {problem['why']}.")
    sys.exit(1 if any(each["fault"] or each["problems"] for each in found) else 0)
