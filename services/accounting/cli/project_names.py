"""`inkmeter projects`, `customers` and `departments`: name what jobs are charged to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from services.accounting.cli.pages import all_items
from shared.errors import NotFound, Reject
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say


@click.group(short_help="Name projects.")
def projects() -> None:
    """Name projects. A job may be charged to a project that is not named here; it then shows by its code."""


@click.group(short_help="Name customers.")
def customers() -> None:
    """Name the customers that projects are done for."""


@click.group(short_help="Name departments.")
def departments() -> None:
    """Name departments. A job may be charged to a department that is not named here."""


@projects.command("set")
@click.argument("code")
@click.option("--name", help="What people call it; needed for a new one.")
@click.option("--customer", help="Whom it is done for: a customer's code, or any text.")
@click.option("--billable/--not-billable", default=None, help="What jobs are that do not say it themselves.")
@click.option("--active/--inactive", default=None, help="Whether it may still be charged.")
@click.option("--person", "people", multiple=True, help="Who alone may charge to it; repeat it for several.")
@click.option("--department", "departments", multiple=True, help="Whose people alone may charge to it.")
@click.option("--price-list", help="The list that counts for it instead of the usual one.")
@click.option("--notes")
@data_dir_option
@json_option
def set_project(code: str, *, data_dir: Path | None, as_json: bool, **given: Any) -> None:
    """Create or change a project; what is not given stays as it is.

    Example: inkmeter projects set P-100 --name "Harbour bridge" --customer KIEL
    """
    _set("project", code, given, data_dir, as_json=as_json)


def _set_command(kind: str, example: str) -> click.Command:
    @click.command(
        "set", help=f"Create or change a {kind}; what is not given stays as it is.\n\nExample: {example}"
    )
    @click.argument("code")
    @click.option("--name", help="What people call it; needed for a new one.")
    @click.option("--active/--inactive", default=None, help="Whether it may still be charged.")
    @click.option("--price-list", help="The list that counts for it instead of the usual one.")
    @click.option("--notes")
    @data_dir_option
    @json_option
    def set_one(code: str, *, data_dir: Path | None, as_json: bool, **given: Any) -> None:
        _set(kind, code, given, data_dir, as_json=as_json)

    return set_one


def _set(kind: str, code: str, given: dict[str, Any], data_dir: Path | None, *, as_json: bool) -> None:
    if not code:
        raise Reject("CODE must not be empty: it is what jobs are charged to, such as P-100.")
    body = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if value not in {None, ()}
    }
    # With a name it may be new; without one it must be there already.
    method = "PUT" if "name" in body and not _is_there(kind, code, data_dir) else "PATCH"
    item = call("accounting", method, _path(kind, code), body=body, data_dir=data_dir)
    print_json(item) if as_json else say(f"{item['code']} is {item['name']}.")


def _is_there(kind: str, code: str, data_dir: Path | None) -> bool:
    try:
        call("accounting", "GET", _path(kind, code), data_dir=data_dir)
    except NotFound:
        return False
    return True


def _delete_command(kind: str) -> click.Command:
    example = f"Example: inkmeter {kind}s delete OLD-1"

    @click.command("delete", help=f"Delete a {kind} that nothing was ever charged to.\n\n{example}")
    @click.argument("code")
    @data_dir_option
    @json_option
    def delete(code: str, *, data_dir: Path | None, as_json: bool) -> None:
        call("accounting", "DELETE", _path(kind, code), data_dir=data_dir)
        print_json({"code": code, "deleted": True}) if as_json else say(f"The {kind} {code} is deleted.")

    return delete


def _list_command(kind: str) -> click.Command:
    @click.command("list", help=f"List {kind}s.\n\nExample: inkmeter {kind}s list --search bridge")
    @click.option("--search", help="Beginning of a code, or part of a name.")
    @click.option("--sort", type=click.Choice(["code", "name", "changed_at"]), default="code", show_default=True)
    @data_dir_option
    @json_option
    def list_them(*, search: str | None, sort: str, data_dir: Path | None, as_json: bool) -> None:
        items = all_items("accounting", f"/v1/{kind}s", {"q": search, "sort": sort}, data_dir)
        if as_json:
            print_json(items)
            return
        of_project = kind == "project"
        print_table(
            ["Code", "Name", *(["Customer", "Billable"] if of_project else []), "Price list", "Active"],
            [
                (i["code"], i["name"], *((i["customer"], _yes(i["billable"])) if of_project else ()),
                 i["price_list"], _yes(i["active"]))
                for i in items
            ],
            empty=_nothing(kind, search),
        )  # fmt: skip

    return list_them


def _path(kind: str, code: str) -> str:
    return f"/v1/{kind}s/{quote(code, safe='')}"


def _nothing(kind: str, search: str | None) -> str:
    if search:
        return f"There is no such {kind}."
    return f"No {kind} has a name yet: give one with `inkmeter {kind}s set CODE --name NAME`."


def _yes(value: object) -> str:
    return "yes" if value else "no"


customers.add_command(_set_command("customer", 'inkmeter customers set KIEL --name "City of Kiel"'))
departments.add_command(_set_command("department", "inkmeter departments set ARCH --name Architecture"))
for group, one in ((projects, "project"), (customers, "customer"), (departments, "department")):
    group.add_command(_list_command(one))
    group.add_command(_delete_command(one))
