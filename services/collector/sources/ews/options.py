"""What an address such as ews://latex.example?locale=pt&timezone=America/Sao_Paulo says of the pages there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.collector.sources.ews.layouts import Chosen, chosen_layouts, known_layouts
from services.collector.sources.ews.words import LANGUAGES, Language
from shared.errors import Reject

UTC_NAME: Final = "UTC"


@dataclass(frozen=True, slots=True)
class Options:
    """How the pages of one device are written."""

    language: Language
    zone: tzinfo
    layouts: Chosen


def options_of(address: str, model: str | None) -> Options:
    """Reads the options of an address.

    Raises:
        Reject: one of them has no such value.
    """
    told = dict(parse_qsl(urlsplit(address).query))
    language = told.get("locale", "auto")
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise Reject(f"there is no locale {language!r}; these are known: {known}", pointer="/address")
    name = told.get("timezone", UTC_NAME)
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Reject(f"there is no time zone {name!r}, Europe/Berlin is one", pointer="/address") from error
    try:
        layouts = chosen_layouts(told.get("layout", ""), model, known_layouts())
    except Reject as error:
        raise Reject(error.reason, pointer="/address") from error
    return Options(language, zone, layouts)
