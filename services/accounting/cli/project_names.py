"""`inkmeter projects` and `inkmeter departments`: name what jobs are charged to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from services.accounting.cli.pages import all_items
from shared.errors import Reject
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say


@click.group(short_help="Name projects.")
def projects() -> None:
    """Name projects. A job may be charged to a project that is not named here; it then shows by its code."""


@click.group(short_help="Name departments.")
def departments() -> None:
    """Name departments. A job may be charged to a department that is not named here."""


@projects.command("set")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--customer", help="Whom it is done for.")
@click.option("--billable/--not-billable", default=True, show_default=True)
@click.option("--active/--inactive", default=True, show_default=True)
@data_dir_option
@json_option
def set_project(
    code: str,
    *,
    name: str,
    customer: str | None,
    billable: bool,
    active: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Create or change a project.

    Example: inkmeter projects set P-100 --name "Harbour bridge" --customer "City of Kiel"
    """
    body = {"name": name, "customer": customer, "billable": billable, "active": active}
    _put("projects", code, body, data_dir, as_json=as_json)


@departments.command("set")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--active/--inactive", default=True, show_default=True)
@data_dir_option
@json_option
def set_department(code: str, *, name: str, active: bool, data_dir: Path | None, as_json: bool) -> None:
    """Create or change a department.

    Example: inkmeter departments set ARCH --name Architecture
    """
    _put("departments", code, {"name": name, "active": active}, data_dir, as_json=as_json)


def _put(what: str, code: str, body: dict[str, Any], data_dir: Path | None, *, as_json: bool) -> None:
    if not code:
        raise Reject("CODE must not be empty: it is what jobs are charged to, such as P-100.")
    item = call("accounting", "PUT", f"/v1/{what}/{quote(code, safe='')}", body=body, data_dir=data_dir)
    if as_json:
        print_json(item)
    else:
        say(f"{item['code']} is {item['name']}.")


@projects.command("list")
@click.option("--search", help="Beginning of a code, or part of a name.")
@data_dir_option
@json_option
def list_projects(*, search: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List projects.

    Example: inkmeter projects list --search bridge
    """
    items = all_items("accounting", "/v1/projects", {"q": search}, data_dir)
    if as_json:
        print_json(items)
        return
    print_table(
        ["Code", "Name", "Customer", "Billable", "Active"],
        [(i["code"], i["name"], i.get("customer"), _yes(i.get("billable")), _yes(i["active"])) for i in items],
        empty=_nothing("project", search),
    )


@departments.command("list")
@click.option("--search", help="Beginning of a code, or part of a name.")
@data_dir_option
@json_option
def list_departments(*, search: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List departments.

    Example: inkmeter departments list
    """
    items = all_items("accounting", "/v1/departments", {"q": search}, data_dir)
    if as_json:
        print_json(items)
        return
    print_table(
        ["Code", "Name", "Active"],
        [(i["code"], i["name"], _yes(i["active"])) for i in items],
        empty=_nothing("department", search),
    )


def _nothing(kind: str, search: str | None) -> str:
    if search:
        return f"There is no such {kind}."
    return f"No {kind} has a name yet: give one with `inkmeter {kind}s set CODE --name NAME`."


def _yes(value: object) -> str:
    return "yes" if value else "no"
