"""Options that say how to log in to a device: its secrets come by prompt, file or environment.

A word of a command line is seen by everybody who lists the processes of the machine, and stays in the shell's
history. Only a community may be one, as `public` is no secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click

from services.collector.access import AuthProtocol, PrivProtocol
from shared.errors import Reject

F = TypeVar("F", bound=Callable[..., Any])

PASSWORD: Final = "INKMETER_DEVICE_PASSWORD"  # noqa: S105 - names of variables
COMMUNITY: Final = "INKMETER_SNMP_COMMUNITY"
AUTH_KEY: Final = "INKMETER_SNMP_AUTH_KEY"
PRIV_KEY: Final = "INKMETER_SNMP_PRIV_KEY"
MAX_SECRET_BYTES: Final = 1_000
_AUTH: Final = [each for each in get_args(AuthProtocol) if each]
_PRIV: Final = [each for each in get_args(PrivProtocol) if each]
_file = click.Path(dir_okay=False, path_type=Path)


def access_options(function: F) -> F:
    """Adds the options; they come as `access`, a dict for access_of."""
    options = [
        click.option("--user", "username", help="User name at the device's own web interface."),
        click.option("--password-file", type=_file, help=f"File with the password [or {PASSWORD}]."),
        click.option("--ask-password", is_flag=True, help="Ask for the password."),
        click.option("--certificate", metavar="SHA256", help="Hold the device to the certificate with this sum."),
        click.option("--snmp", is_flag=True, help="Read it by SNMP too, as version 2c, community `public`."),
        click.option("--snmp-community", help="Community of versions 1 and 2c; seen by all who list processes."),
        click.option(
            "--snmp-community-file", type=_file, help=f"File with the community [or {COMMUNITY} is set]."
        ),
        click.option("--snmp-version", type=click.Choice(["1", "2c", "3"]), help="Version of SNMP."),
        click.option("--snmp-port", type=click.IntRange(1, 65_535), help="Port of SNMP  [default: 161]"),
        click.option("--snmp-user", help="User of SNMP version 3."),
        click.option("--snmp-context", help="Context of SNMP version 3."),
        click.option("--snmp-auth-protocol", type=click.Choice(_AUTH), help="How v3 signs  [default: SHA256]"),
        click.option("--snmp-auth-key-file", type=_file, help=f"File with its key [or {AUTH_KEY}]."),
        click.option("--snmp-priv-protocol", type=click.Choice(_PRIV), help="How v3 encrypts  [default: AES]"),
        click.option("--snmp-priv-key-file", type=_file, help=f"File with its key [or {PRIV_KEY}]."),
        click.option("--no-snmp", is_flag=True, help="Read it by SNMP no more."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def access_of(given: dict[str, Any]) -> dict[str, Any]:
    """The `access` of a request body, as the options say; empty when they say nothing.

    Raises:
        UsageError: options that contradict each other. Reject: a file can't be read.
    """
    access: dict[str, Any] = {}
    if given["username"] is not None:
        access["username"] = given["username"]
    password = secret(PASSWORD, given["password_file"])
    if given["ask_password"]:
        password = click.prompt("Password of the device", hide_input=True, err=True)
    if password is not None:
        access["password"] = password
    if given["certificate"] is not None:
        access["certificate_sha256"] = given["certificate"].replace(":", "").strip().lower()
    snmp = _snmp(given)
    if given["no_snmp"]:
        if snmp:
            raise click.UsageError("--no-snmp goes with no other option of SNMP.")
        access["snmp"] = None
    elif snmp:
        access["snmp"] = snmp
    return access


def _snmp(given: dict[str, Any]) -> dict[str, Any]:
    is_v3 = given["snmp_version"] == "3" or bool(given["snmp_user"])
    if is_v3 and given["snmp_version"] in ("1", "2c"):
        raise click.UsageError("--snmp-user is of SNMP version 3.")
    auth_key = secret(AUTH_KEY, given["snmp_auth_key_file"]) if is_v3 else None
    priv_key = secret(PRIV_KEY, given["snmp_priv_key_file"]) if is_v3 else None
    found = {
        "version": "3" if is_v3 else given["snmp_version"],
        "port": given["snmp_port"],
        "community": None if is_v3 else given["snmp_community"] or secret(COMMUNITY, given["snmp_community_file"]),
        "user": given["snmp_user"],
        "context": given["snmp_context"],
        "auth_protocol": given["snmp_auth_protocol"] or ("SHA256" if auth_key else None),
        "auth_key": auth_key,
        "priv_protocol": given["snmp_priv_protocol"] or ("AES" if priv_key else None),
        "priv_key": priv_key,
    }
    told = {name: value for name, value in found.items() if value is not None}
    return told or ({"version": "2c"} if given["snmp"] else {})


def secret(variable: str, path: Path | None) -> str | None:
    """The secret in a file, else in a variable of the environment; None where neither is.

    Raises:
        Reject: the file can't be read.
    """
    if path is None:
        return os.environ.get(variable)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Reject(f"{path} can't be read: {reason}.") from error
    if len(content) > MAX_SECRET_BYTES:
        raise Reject(f"{path} is too large to hold a secret.")
    return text
