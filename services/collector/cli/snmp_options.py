"""How commands are told to log in by SNMP, and how they find a device."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import click
import msgspec

from services.collector.access import SnmpAccess
from services.collector.snmp.opening import Snmp
from services.collector.snmp.session import Session
from shared.errors import Reject, Retry, Unreachable

F = TypeVar("F", bound=Callable[..., Any])
Opened = Callable[[SnmpAccess], Session]

AUTO: Final = "auto"
REMEDY: Final = "Is SNMP switched on there, and the community or user right?"


def snmp_options(function: F) -> F:
    """Adds the options of SNMP."""
    for option in reversed(
        (
            click.option("--snmp-port", type=click.IntRange(1, 65_535), help="UDP port  [default: 161]"),
            click.option("--snmp-community", default="public", show_default=True, help="Of SNMP v1 and v2c."),
            click.option(
                "--snmp-version",
                type=click.Choice([AUTO, "1", "2c", "3"]),
                default=AUTO,
                help="auto: 3 with a user, else 2c and then 1  [default: auto]",
            ),
            click.option("--snmp-context", default="", help="Context of SNMP v3."),
            click.option("--snmp-user", default="", help="User of SNMP v3."),
            click.option(
                "--snmp-auth-protocol",
                type=click.Choice(["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]),
                help="How messages are signed; with a key SHA256 unless told otherwise.",
            ),
            click.option(
                "--snmp-auth-key", envvar="INKMETER_SNMP_AUTH_KEY", help="Better given as INKMETER_SNMP_AUTH_KEY."
            ),
            click.option(
                "--snmp-priv-protocol",
                type=click.Choice(["DES", "AES", "AES192", "AES256"]),
                help="How messages are encrypted; with a key AES unless told otherwise.",
            ),
            click.option(
                "--snmp-priv-key", envvar="INKMETER_SNMP_PRIV_KEY", help="Better given as INKMETER_SNMP_PRIV_KEY."
            ),
        )
    ):
        function = option(function)
    return function


def accesses(address: str, told: dict[str, Any]) -> list[SnmpAccess]:
    """The log-ins to try, in order.

    Raises:
        Reject: one of the options is too long or does not fit the others.
    """
    port = told["snmp_port"] or host_and_port(address)[1] or 161
    fields: dict[str, Any] = {"port": port, "community": told["snmp_community"], "context": told["snmp_context"]}
    version = told["snmp_version"]
    if version == "3" or (version == AUTO and told["snmp_user"]):
        auth, priv = told["snmp_auth_key"] or "", told["snmp_priv_key"] or ""
        fields |= {
            "version": "3",
            "user": told["snmp_user"],
            "auth_key": auth,
            "priv_key": priv,
            "auth_protocol": (told["snmp_auth_protocol"] or "SHA256") if auth else "",
            "priv_protocol": (told["snmp_priv_protocol"] or "AES") if priv else "",
        }
        return [_checked(fields)]
    versions = ["2c", "1"] if version == AUTO else [version]
    return [_checked(fields | {"version": each}) for each in versions]


def _checked(fields: dict[str, Any]) -> SnmpAccess:
    try:
        return msgspec.convert(fields, SnmpAccess)
    except msgspec.ValidationError as error:
        raise Reject(f"The SNMP options are wrong: {error}.") from error


def host_and_port(address: str) -> tuple[str, int | None]:
    """The host of an address such as 192.0.2.10, printer.example:1161, [::1]:1161 or ipp://printer.example/ipp.

    Only the port of snmp:// and of a bare address is one of SNMP.

    Raises:
        Reject: there is no host in it.
    """
    if address.count(":") > 1 and "://" not in address and not address.startswith("["):
        return address, None
    try:
        parts = urlsplit(address if "://" in address else f"snmp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Reject(f"{address!r} is no address of a device: {error}.") from error
    if not host:
        raise Reject(f"{address!r} is no address of a device: a host name or an IP address is one.")
    return host, port if parts.scheme == "snmp" else None


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Opened]:
    """Opens sessions with a device until it is left.

    Raises:
        Unreachable: its name is not known.
    """
    host, _ = host_and_port(address)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"The host name {host} is not known here.") from error
    ip = str(found[0][4][0])
    snmp = Snmp()
    try:
        yield lambda access: snmp.session(ip, access)
    finally:
        await snmp.close()


T = TypeVar("T")


async def first_that_answers(
    address: str, told: dict[str, Any], ask: Callable[[Opened, SnmpAccess], Any], *, timeout_s: float
) -> T:
    """What `ask` answers with the first log-in that works.

    Raises:
        Unreachable: none does.
    """
    error: Retry | None = None
    async with opened(address) as sessions:
        for access in accesses(address, told):
            try:
                async with asyncio.timeout(timeout_s):
                    return cast("T", await ask(sessions, access))
            except TimeoutError as late:
                raise Unreachable(f"{address} takes longer than {timeout_s:g} s to answer.") from late
            except Retry as failed:
                error = error or failed
    raise Unreachable(f"{error}. {REMEDY}") from error
