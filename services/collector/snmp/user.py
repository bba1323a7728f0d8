"""A session by SNMP v3: a user with keys (RFC 3414), by pysnmp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_MD5,
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_AUTH_NONE,
    USM_PRIV_CBC56_DES,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB192_AES,
    USM_PRIV_CFB256_AES,
    USM_PRIV_NONE,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto import errind

from services.collector.access import SnmpAccess
from services.collector.snmp.session import Answer, Asked
from services.collector.snmp.values import NUMBERS, STRINGS, Oid, Tag, VarBind
from shared.errors import Reject, Retry

TIMEOUT_S: Final = 2
RETRIES: Final = 2
MIN_KEY: Final = 8
"""RFC 3414, section 11.2: shorter pass phrases are none."""

_AUTH: Final[dict[str, Any]] = {
    "": USM_AUTH_NONE,
    "MD5": USM_AUTH_HMAC96_MD5,
    "SHA": USM_AUTH_HMAC96_SHA,
    "SHA224": USM_AUTH_HMAC128_SHA224,
    "SHA256": USM_AUTH_HMAC192_SHA256,
    "SHA384": USM_AUTH_HMAC256_SHA384,
    "SHA512": USM_AUTH_HMAC384_SHA512,
}
_PRIV: Final[dict[str, Any]] = {
    "": USM_PRIV_NONE,
    "DES": USM_PRIV_CBC56_DES,
    "AES": USM_PRIV_CFB128_AES,
    "AES192": USM_PRIV_CFB192_AES,
    "AES256": USM_PRIV_CFB256_AES,
}
_REMEDIES: Final[dict[type[Exception], str]] = {
    errind.UnknownUserName: "it knows no such SNMP v3 user",
    errind.UnknownSecurityName: "it knows no such SNMP v3 user",
    errind.WrongDigest: "the authentication protocol or key of SNMP v3 is wrong",
    errind.AuthenticationFailure: "the authentication protocol or key of SNMP v3 is wrong",
    errind.UnsupportedSecurityLevel: "it wants another security level of SNMP v3: with or without keys",
    errind.DecryptionError: "the privacy protocol or key of SNMP v3 is wrong",
    errind.NoSuchContext: "it has no such SNMP context",
}


class Engines:
    """One engine of pysnmp for all devices with the same log-in: an engine tells users apart by name alone."""

    def __init__(self) -> None:
        self._engines: dict[SnmpAccess, SnmpEngine] = {}

    def of(self, access: SnmpAccess) -> SnmpEngine:
        """The engine for a log-in."""
        key = SnmpAccess(
            version="3",
            user=access.user,
            auth_protocol=access.auth_protocol,
            auth_key=access.auth_key,
            priv_protocol=access.priv_protocol,
            priv_key=access.priv_key,
        )
        if key not in self._engines:
            self._engines[key] = SnmpEngine()
        return self._engines[key]

    def close(self) -> None:
        """Closes all sockets; safe to call twice."""
        for engine in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()


class UserSession:
    """A Session with the agent at an IP address."""

    bulk = True

    def __init__(self, engines: Engines, host: str, access: SnmpAccess) -> None:
        if not access.user:
            raise Reject("SNMP v3 needs a user")
        for protocol, key in ((access.auth_protocol, access.auth_key), (access.priv_protocol, access.priv_key)):
            if protocol and len(key) < MIN_KEY:
                raise Reject(f"a key of SNMP v3 needs at least {MIN_KEY} characters")
        if access.priv_protocol and not access.auth_protocol:
            raise Reject("SNMP v3 has no privacy without authentication: give an authentication protocol too")
        self._engine = engines.of(access)
        self._host = host
        self._access = access
        self._user = UsmUserData(
            access.user,
            authKey=access.auth_key if access.auth_protocol else None,
            privKey=access.priv_key if access.priv_protocol else None,
            authProtocol=_AUTH[access.auth_protocol],
            privProtocol=_PRIV[access.priv_protocol],
        )
        self._context = ContextData(contextName=access.context.encode())
        self._target: UdpTransportTarget | Udp6TransportTarget | None = None

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        """See Session."""
        objects = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        try:
            if self._target is None:
                kind = Udp6TransportTarget if ":" in self._host else UdpTransportTarget
                where = (self._host, self._access.port)
                self._target = await kind.create(where, timeout=TIMEOUT_S, retries=RETRIES)
            start = (self._engine, self._user, self._target, self._context)
            if how == "bulk":
                told = await bulk_cmd(*start, 0, repeats, *objects, lookupMib=False)
            elif how == "next":
                told = await next_cmd(*start, *objects, lookupMib=False)
            else:
                told = await get_cmd(*start, *objects, lookupMib=False)
        except (PySnmpError, OSError) as error:
            raise Retry(f"{self._host} can't be asked by SNMP v3: {error}") from error
        failed, status, index, binds = told
        if failed:
            self._refuse(failed)
        return Answer(tuple(_bind(name, value) for name, value in binds), int(status or 0), int(index or 0))

    async def close(self) -> None:
        """The engine is shared: there is nothing of its own to let go of."""

    def _refuse(self, failed: Any) -> None:
        where = f"{self._host}:{self._access.port}"
        if isinstance(failed, errind.RequestTimedOut):
            raise Retry(f"{where} does not answer by SNMP v3")
        for kind, remedy in _REMEDIES.items():
            if isinstance(failed, kind):
                raise Reject(f"{where} refuses: {remedy}")
        raise Retry(f"{where} can't be asked by SNMP v3: {failed}")


def _bind(name: Any, value: Any) -> VarBind:
    """An object as pysnmp has it, as ours."""
    oid = tuple(name)
    tags = value.tagSet.superTags
    tag = int(tags[-1].tagClass) | int(tags[-1].tagId) if tags else int(Tag.NULL)
    if tag in NUMBERS:
        return VarBind(oid, tag, int(value))
    if tag in STRINGS:
        return VarBind(oid, tag, bytes(value))
    if tag == Tag.OID:
        return VarBind(oid, tag, tuple(value))
    return VarBind(oid, tag if tag >= Tag.NO_SUCH_OBJECT else Tag.NULL)
