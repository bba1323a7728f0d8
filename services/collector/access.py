"""How to log in to a device: what the operator knows and nobody else may see.

Kept apart from the printer itself, which is told to everyone: encrypted at rest, never in an event, an answer or a
log. `repr` shows no secret.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Secret = Annotated[str, Meta(max_length=200)]
SnmpVersion = Literal["1", "2c", "3"]
AuthProtocol = Literal["", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
PrivProtocol = Literal["", "DES", "AES", "AES192", "AES256"]


class SnmpAccess(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How SNMP is spoken with a device.

    Attributes:
        community: of versions 1 and 2c; some print servers want `public@Jetdirect`.
        user, auth_protocol, auth_key, priv_protocol, priv_key, context: of version 3 (RFC 3414); a protocol of
            "" means without authentication, or without privacy.
    """

    version: SnmpVersion = "2c"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 161
    community: Secret = "public"
    context: Annotated[str, Meta(max_length=200)] = ""
    user: Annotated[str, Meta(max_length=32)] = ""
    auth_protocol: AuthProtocol = ""
    auth_key: Secret = ""
    priv_protocol: PrivProtocol = ""
    priv_key: Secret = ""

    def __repr__(self) -> str:
        return f"SnmpAccess(version={self.version!r}, port={self.port}, user={self.user!r}, ...)"


class Access(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to log in to one device.

    Attributes:
        username, password: of the device's own web interface.
        certificate_sha256: of the certificate that was seen when the device was added, 64 hexadecimal digits: a
            device that signs its own certificate is held to this one.
        snmp: None where SNMP is not to be read.
    """

    username: Annotated[str, Meta(max_length=200)] = ""
    password: Secret = ""
    certificate_sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    snmp: SnmpAccess | None = None

    def __repr__(self) -> str:
        return f"Access(username={self.username!r}, snmp={self.snmp!r}, ...)"
