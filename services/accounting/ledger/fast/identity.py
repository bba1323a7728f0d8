"""Job ids by column, as `shared.ids.job_id` makes them one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.raw import Bytes, Places, Raw, Whole
from services.accounting.ledger.read import microseconds

Ids = npt.NDArray[np.void]
"""16 bytes each."""

_1970_TO_2000_MS: Final = -microseconds(datetime(1970, 1, 1, tzinfo=UTC)) // 1_000
_VERSION: Final = np.uint64(8 << 12)
_VARIANT: Final = np.uint64(2 << 62)
_LOW_62: Final = np.uint64((1 << 62) - 1)
_LOW_12: Final = np.uint64(0xFFF)
_DIGEST: Final = np.dtype([("high", ">u2"), ("low", ">u8")])
_UUID: Final = np.dtype([("high", ">u8"), ("low", ">u8")])
_TEXT_LENGTH: Final = 36
_NO_ID: Final = " " * _TEXT_LENGTH
_DASHES: Final = [8, 13, 18, 23]
_HEX: Final = [at for at in range(_TEXT_LENGTH) if at not in _DASHES]


def job_ids(completed: Whole, keys: Iterable[bytes]) -> Ids:
    """The ids of jobs by their completion, in microseconds since 2000 (not before), and their keys."""
    blake2b = hashlib.blake2b
    raw = b"".join([blake2b(key, digest_size=10).digest() for key in keys])
    digests = np.frombuffer(raw, _DIGEST)
    high, low = digests["high"].astype(np.uint64), digests["low"].astype(np.uint64)
    found = np.empty(len(completed), _UUID)
    milliseconds = (completed // 1_000 + _1970_TO_2000_MS).astype(np.uint64)
    random_a = (high << np.uint64(2) | low >> np.uint64(62)) & _LOW_12
    found["high"] = milliseconds << np.uint64(16) | _VERSION | random_a
    found["low"] = low & _LOW_62 | _VARIANT
    return found.view("V16")


def equal_texts(ids: Ids, texts: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """Which ids are written so: in lower case, with dashes."""
    whole = [text if text and len(text) == _TEXT_LENGTH else _NO_ID for text in texts]
    return _are_written(ids, np.frombuffer("".join(whole).encode("latin-1", "replace"), np.uint8))


def equal_at(ids: Ids, raw: Raw, places: Places) -> npt.NDArray[np.bool_]:
    """The same of texts at some places."""
    same = _are_written(ids, raw.blocks(places.starts, _TEXT_LENGTH))
    same &= places.sizes == _TEXT_LENGTH
    return same


def _are_written(ids: Ids, texts: Bytes) -> npt.NDArray[np.bool_]:
    told = texts.reshape(-1, _TEXT_LENGTH)
    expected = np.frombuffer(ids.tobytes().hex().encode(), np.uint8).reshape(-1, len(_HEX))
    same: npt.NDArray[np.bool_] = (told[:, _HEX] == expected).all(axis=1)
    same &= (told[:, _DASHES] == ord("-")).all(axis=1)
    return same
