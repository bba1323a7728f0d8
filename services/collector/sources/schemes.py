"""Which kinds of addresses a printer can have, and the form in which each is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from services.collector.sources.ipp.client import Address
from shared.errors import Reject

IPP_SCHEMES: Final = frozenset({"ipp", "ipps", "http", "https"})


@dataclass(frozen=True, slots=True)
class Scheme:
    """What the part before :// says of an address.

    Attributes:
        port: where none is written.
        tls: whether the device is spoken to by TLS.
        udp: whether it is spoken to by UDP.
        options: what may be said after a question mark, as NAME=VALUE.
    """

    port: int
    tls: bool = False
    udp: bool = False
    options: tuple[str, ...] = ()


_OF_PAGES: Final = ("layout", "locale", "mapping", "timezone")
"""How the web pages of a device are written; see docs/printers/hp-ews.md."""


SCHEMES: Final = {
    "ipp": Scheme(631),
    "ipps": Scheme(631, tls=True),
    "http": Scheme(80),
    "https": Scheme(443, tls=True),
    "piws": Scheme(443, tls=True),
    "piws+http": Scheme(80),
    "ews": Scheme(443, tls=True, options=_OF_PAGES),
    "ews+http": Scheme(80, options=_OF_PAGES),
    "snmp": Scheme(161, udp=True),
}
"""`http` and `https` are IPP as well, as RFC 8010 has it."""
NO_SCHEME: Final = Scheme(0)

EXAMPLES: Final = "ipp://HOST[:PORT]/PATH, ipps://, piws://HOST, ews://HOST or snmp://HOST"


def stored_address(text: str) -> str:
    """An address in the form in which it is stored: with its port; a host name alone means ipp and /ipp/print.

    Raises:
        Reject: it is none, or holds a user name, a password, or what its scheme has no use for.
    """
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() in IPP_SCHEMES:
        return Address.parse(text).uri
    kind = SCHEMES.get(scheme.lower())
    if kind is None:
        raise Reject(f"{text!r} is not a printer's address: {EXAMPLES} is one")
    try:
        parts = urlsplit(text)
        port = parts.port or kind.port
    except ValueError as error:
        raise Reject(f"{text!r} is not a printer's address: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise Reject("a printer's address must not hold a user name or password")
    if not parts.hostname:
        raise Reject(f"{text!r} names no host: {EXAMPLES} is a printer's address")
    options = _options(text, parts, kind)
    if parts.path not in ("", "/") or (parts.query and not kind.options) or parts.fragment:
        raise Reject(f"{text!r} names more than a device: {scheme.lower()}://HOST[:PORT] is enough")
    return f"{scheme.lower()}://{_host(parts)}:{port}{f'?{options}' if options else ''}"


def _options(text: str, parts: SplitResult, kind: Scheme) -> str:
    """The options of an address, by name and each once; "" where its scheme knows none."""
    if not kind.options:
        return ""
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(told.keys() - set(kind.options)):
        raise Reject(f"{text!r}: there is no option {unknown[0]}; these are known: {', '.join(kind.options)}")
    return "&".join(f"{name}={quote(told[name], safe='/+-')}" for name in sorted(told) if told[name])


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
