"""Seals how to log in to a device: AES-256-GCM, bound to the printer that it belongs to.

What is sealed for one printer opens for no other, and a row that somebody has changed does not open at all.
Several keys may be known: the first seals, all of them open, so that a key can be replaced with nothing lost.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.collector.access import Access
from shared.errors import Reject

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MAX_KEYS: Final = 8
NO_ACCESS: Final = Access()
VERSION: Final = "1"
HOW_TO_MAKE: Final = "`openssl rand -base64 32` makes one"
_access = msgspec.json.Decoder(Access)


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Reads keys of 32 bytes in base64, with commas, blanks or line breaks between several.

    Raises:
        Reject: one of them is none; the sentence shows nothing of it.
    """
    found: list[bytes] = []
    for number, part in enumerate(filter(None, re.split(r"[\s,]+", text)), start=1):
        try:
            padded = part + "=" * (-len(part) % 4)
            key = base64.b64decode(padded, altchars=b"-_" if set(part) & {"-", "_"} else None, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise Reject(f"key {number} is not {KEY_BYTES} bytes in base64: {HOW_TO_MAKE}")
        found.append(key)
    if len(found) > MAX_KEYS:
        raise Reject(f"more than {MAX_KEYS} keys: leave out those that nothing is sealed with any more")
    return tuple(found)


class Vault:
    """Seals and opens; without any key it can do neither, and says so."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_name(key): AESGCM(key) for key in keys}
        self._first = _name(keys[0]) if keys else ""

    def seal(self, printer_id: str, access: Access) -> str | None:
        """The sealed text of a printer's access; None when there is nothing to keep.

        Raises:
            Reject: no key is set.
        """
        if access == NO_ACCESS:
            return None
        if not self._first:
            raise Reject(
                "Log-ins of devices, and their pinned certificates, are kept encrypted, and no key is set: "
                f"set INKMETER_SECRET_KEY_FILE ({HOW_TO_MAKE}) and start the collector again."
            )
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, msgspec.json.encode(access), printer_id.encode())
        return ":".join((VERSION, self._first, base64.b64encode(nonce + sealed).decode()))

    def open(self, printer_id: str, sealed: str | None) -> Access:
        """What was sealed for a printer; nothing sealed is no access.

        Raises:
            Reject: the key is missing or another one, or the row was changed.
        """
        if sealed is None:
            return NO_ACCESS
        version, _, rest = sealed.partition(":")
        name, _, text = rest.partition(":")
        key = self._keys.get(name)
        if version != VERSION or key is None:
            have = f"known here: {', '.join(self._keys)}" if self._keys else "none is set here"
            raise Reject(
                f"How to log in to this printer is encrypted with key {name[:16]!r}, {have}: "
                "add that key to INKMETER_SECRET_KEY, or give the password again (`inkmeter printers edit`)."
            )
        try:
            octets = base64.b64decode(text, validate=True)
            clear = key.decrypt(octets[:NONCE_BYTES], octets[NONCE_BYTES:], printer_id.encode())
            return _access.decode(clear)
        except (InvalidTag, binascii.Error, ValueError, msgspec.DecodeError) as error:
            raise Reject(
                "What is stored of how to log in to this printer was changed by somebody else, or is another "
                "printer's: give the password again (`inkmeter printers edit`)."
            ) from error

    def is_current(self, sealed: str | None) -> bool:
        """Whether a text was sealed with the key that seals now; nothing sealed needs none."""
        return sealed is None or sealed.startswith(f"{VERSION}:{self._first}:")


def _name(key: bytes) -> str:
    """A name for a key that tells nothing of it."""
    return hashlib.sha256(b"inkmeter device key\0" + key).hexdigest()[:8]
