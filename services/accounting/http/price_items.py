"""How price lists look over HTTP: what the routes of price books share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from services.accounting.books.versions import Version
from services.accounting.pricelist.reader import WrongPriceList
from shared.http.problems import FieldError, Invalid

VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class PriceBookItem(Struct, frozen=True, kw_only=True):
    """One version of a price list; `default` tells whether its list counts in its book.

    Attributes:
        valid_until: the moment from which it counts no more; null where only a later version ends it.
    """

    name: str
    version: int
    book: str
    state: str
    valid_from: datetime
    valid_until: datetime | None
    default: bool
    created_at: datetime
    published_at: datetime | None
    published_by: str | None


class VersionQuery(Struct, frozen=True):
    """Which version; the newest without."""

    version: VersionNumber | None = None


def shown(version: Version, defaults: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """The fields of a PriceBookItem; a list begins on a day of the installation's time zone, and is shown so."""
    fields = {name: getattr(version, name) for name in PriceBookItem.__struct_fields__ if name != "default"}
    return {
        **fields,
        "valid_from": version.valid_from.astimezone(zone),
        "valid_until": version.valid_until.astimezone(zone) if version.valid_until else None,
        "default": version.state == "published" and defaults.get(version.book) == version.name,
    }


def headers_of(version: Version) -> dict[str, str]:
    """What is said of a version that was just written: its ETag and where it is."""
    return {
        "ETag": version.etag,
        "Location": f"/v1/price-books/{quote(version.name)}?version={version.version}",
    }


def invalid(wrong: WrongPriceList) -> Invalid:
    """The problem that points at every fault of a price list."""
    return Invalid([FieldError(fault.pointer, fault.detail) for fault in wrong.faults])
