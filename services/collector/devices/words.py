"""What a supply's name says of its colour and kind, in the languages of definitions/words.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import Final, NamedTuple

MAX_REMEMBERED: Final = 4_096
"""Names whose words are remembered; a fleet has a few hundred."""
_WIDE: Final = 0x2E80
"""From here on stand the scripts that put no blank between words."""
_LONG: Final = 5
"""Words of so many letters count as the beginning or the end of another, too."""
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]+(?![A-Za-z0-9]|-\d)")
"""A word of Latin letters; "MK-8335" is the number of a maintenance kit and not matte black."""


class Words(NamedTuple):
    """Patterns of colours, kinds and contents in the order in which they count, single letters, product codes."""

    colours: tuple[tuple[str, re.Pattern[str]], ...]
    kinds: tuple[tuple[str, re.Pattern[str]], ...]
    contents: tuple[tuple[str, re.Pattern[str]], ...]
    letters: dict[str, str]
    codes: tuple[re.Pattern[str], ...]


@cache
def load_words() -> Words:
    """Reads the word list, once."""
    file = resources.files("services.collector.devices").joinpath("definitions", "words.toml")
    found = tomllib.loads(file.read_text(encoding="utf-8"))
    return Words(
        _patterns(found["colours"]),
        _patterns(found["kinds"]),
        _patterns(found["contents"]),
        found["letters"],
        tuple(re.compile(each) for each in found["codes"]["patterns"]),
    )


def _patterns(lists: dict[str, list[str]]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile("|".join(map(_pattern, words)))) for name, words in lists.items())


def _pattern(word: str) -> str:
    escaped = re.escape(plain(word)).replace(r"\ ", r"[\s_-]*")
    if ord(word[0]) >= _WIDE:
        return escaped
    before, after = r"(?<![^\W\d_])", r"(?![^\W\d_])"
    whole = f"{before}{escaped}{after}"
    # "Schwarztoner" and "Bildtrommel" are made of words; "required" must not be red.
    return whole if len(word) < _LONG else f"{before}{escaped}|{escaped}{after}"


def plain(text: str) -> str:
    """Small letters without accents; sharp s, barred l and dotless i become what they are mostly written as."""
    folded = text.casefold().replace("ł", "l").replace("ø", "o").replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return "".join(each for each in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(each))


@lru_cache(MAX_REMEMBERED)
def colour_in(name: str) -> str | None:
    """The colour that a supply's name says, None when it says none or several."""
    words = load_words()
    text = plain(name)
    found: list[str] = []
    for colour, pattern in words.colours:
        text, hits = pattern.subn(" ", text)
        if hits:
            found.append(colour)
    if len(found) == 1:
        return found[0]
    if {"cyan", "magenta", "yellow"} <= set(found):
        return "tri-colour" if "black" not in found else None
    if found:
        # "Grey ink for red and blue" names its own colour first.
        return None
    tokens = [*_TOKEN.findall(name), *(hit.group(1) for code in words.codes if (hit := code.search(name)))]
    told = {words.letters[token] for token in tokens if token in words.letters}
    return told.pop() if len(told) == 1 else None


@lru_cache(MAX_REMEMBERED)
def kind_in(name: str) -> str | None:
    """What a supply's name says it is."""
    text = plain(name)
    return next((kind for kind, pattern in load_words().kinds if pattern.search(text)), None)


@lru_cache(MAX_REMEMBERED)
def content_in(model: str) -> str | None:
    """What a printer's model says its cartridges hold."""
    text = plain(model)
    return next((kind for kind, pattern in load_words().contents if pattern.search(text)), None)
