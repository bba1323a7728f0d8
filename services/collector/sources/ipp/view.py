"""Reads attributes by name and kind; what is missing, out-of-band or of another kind is None, never a default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from services.collector.sources.ipp.message import Attribute, Collection, Data, LanguageText, Range
from shared.printable import without_controls

MAX_SET: Final = 1_000
"""Values of one attribute that are looked at; the longest sets in use have some hundred."""


class View:
    """The attributes of one group or collection."""

    def __init__(self, attributes: Iterable[Attribute]) -> None:
        self._by_name = {attribute.name: attribute for attribute in reversed(tuple(attributes))}

    def __contains__(self, name: str) -> bool:
        return next(self._data(name), None) is not None

    def merged(self, more: View) -> View:
        """These attributes and, where they are missing here, those of `more`."""
        return View([*self._by_name.values(), *more._by_name.values()])

    def _data(self, name: str) -> Iterator[Data]:
        found = self._by_name.get(name)
        return iter(()) if found is None else (value.data for value in found.values[:MAX_SET])

    def text(self, name: str) -> str | None:
        """The first value as text, without blanks around it; empty text is no text."""
        for data in self._data(name):
            plain = data.text if isinstance(data, LanguageText) else data
            if isinstance(plain, str) and (clean := without_controls(plain).strip()):
                return clean
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """All values that are text, keyword, name or URI; control characters become blanks."""
        plain = (data.text if isinstance(data, LanguageText) else data for data in self._data(name))
        clean = (without_controls(text).strip() for text in plain if isinstance(text, str))
        return tuple(text for text in clean if text)

    def integer(self, name: str) -> int | None:
        """The first value as a number (integer or enum)."""
        for data in self._data(name):
            if isinstance(data, int) and not isinstance(data, bool):
                return data
        return None

    def integers(self, name: str) -> tuple[int, ...]:
        """All values that are numbers."""
        return tuple(data for data in self._data(name) if isinstance(data, int) and not isinstance(data, bool))

    def boolean(self, name: str) -> bool | None:
        """The first value as true or false."""
        return next((data for data in self._data(name) if isinstance(data, bool)), None)

    def moment(self, name: str) -> datetime | None:
        """The first value as a time with its zone."""
        return next((data for data in self._data(name) if isinstance(data, datetime)), None)

    def upper(self, name: str) -> int | None:
        """The first value as a number, or the upper end of a range."""
        for data in self._data(name):
            if isinstance(data, Range):
                return data.upper
            if isinstance(data, int) and not isinstance(data, bool):
                return data
        return None

    def view(self, name: str) -> View | None:
        """The first value as a collection."""
        return next(iter(self.views(name)), None)

    def views(self, name: str) -> tuple[View, ...]:
        """All values that are collections."""
        return tuple(View(data.members) for data in self._data(name) if isinstance(data, Collection))
