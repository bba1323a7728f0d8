"""How to log in to a device, as the API takes it; what it gives back shows no secret."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from services.collector.access import Access, AuthProtocol, PrivProtocol, Secret, SnmpAccess, SnmpVersion
from services.collector.networks import WELL_KNOWN, port_may_be_printers
from services.collector.registry.printers import Printer
from services.collector.vault import Vault
from shared.errors import Reject

UserName = Annotated[str, Meta(max_length=200)]
Fingerprint = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]


class SnmpEdit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to be changed of how SNMP is spoken; what is left out stays. See SnmpAccess."""

    version: SnmpVersion | UnsetType = UNSET
    port: Annotated[int, Meta(ge=1, le=65_535)] | UnsetType = UNSET
    community: Secret | UnsetType = UNSET
    context: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    user: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    auth_protocol: AuthProtocol | UnsetType = UNSET
    auth_key: Secret | UnsetType = UNSET
    priv_protocol: PrivProtocol | UnsetType = UNSET
    priv_key: Secret | UnsetType = UNSET


class AccessEdit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to be changed of how to log in; what is left out stays. `snmp` null: SNMP is read no more."""

    username: UserName | UnsetType = UNSET
    password: Secret | UnsetType = UNSET
    certificate_sha256: Fingerprint | UnsetType = UNSET
    snmp: SnmpEdit | UnsetType | None = UNSET


class SnmpView(Struct, frozen=True, kw_only=True):
    """How SNMP is spoken with a device, without community and keys."""

    version: SnmpVersion
    port: int
    context: str
    user: str
    auth_protocol: AuthProtocol
    priv_protocol: PrivProtocol


class AccessView(Struct, frozen=True, kw_only=True):
    """How to log in to a device, without what is secret; `fault` says why it can't be decrypted."""

    username: str = ""
    password_set: bool = False
    certificate_sha256: str = ""
    snmp: SnmpView | None = None
    fault: str | None = None


def edited(access: Access, edit: AccessEdit) -> Access:
    """The access with what an edit names."""
    changes = _told(edit)
    if isinstance(edit.snmp, SnmpEdit):
        changes["snmp"] = replace(access.snmp or SnmpAccess(), **_told(edit.snmp))
        checked(changes["snmp"])
    return replace(access, **changes)


def _told(edit: Struct) -> dict[str, Any]:
    return {name: value for name, value in asdict(edit).items() if value is not UNSET}


def checked(snmp: SnmpAccess, *, pointer: str = "/access/snmp") -> None:
    """Refuses what can't work.

    Raises:
        Reject: another service's port, version 3 without a user, a protocol without its key, privacy alone.
    """
    wrong = ""
    if not port_may_be_printers(snmp.port):
        wrong = f"port {snmp.port} is another service's: below {WELL_KNOWN} SNMP is spoken at 161"
    elif snmp.version == "3":
        if not snmp.user:
            wrong = "SNMP version 3 needs a user"
        elif snmp.priv_protocol and not snmp.auth_protocol:
            wrong = "SNMP version 3 has no privacy without authentication: name an authentication protocol"
        for protocol, key, name in (
            (snmp.auth_protocol, snmp.auth_key, "authentication"),
            (snmp.priv_protocol, snmp.priv_key, "privacy"),
        ):
            if protocol and len(key) < 8:  # noqa: PLR2004 - RFC 3414, section 11.2
                wrong = wrong or f"SNMP version 3 needs an {name} key of 8 characters or more"
    elif not snmp.community:
        wrong = f"SNMP version {snmp.version} needs a community"
    if wrong:
        raise Reject(wrong, pointer=pointer)


def access_view(printer: Printer, vault: Vault) -> AccessView:
    """What may be shown of a printer's access."""
    try:
        access = vault.open(printer.id, printer.sealed_access)
    except Reject as error:
        return AccessView(fault=error.reason)
    return AccessView(
        username=access.username,
        password_set=bool(access.password),
        certificate_sha256=access.certificate_sha256,
        snmp=_snmp_view(access.snmp) if access.snmp else None,
    )


def _snmp_view(snmp: SnmpAccess) -> SnmpView:
    return SnmpView(
        version=snmp.version,
        port=snmp.port,
        context=snmp.context,
        user=snmp.user,
        auth_protocol=snmp.auth_protocol,
        priv_protocol=snmp.priv_protocol,
    )
