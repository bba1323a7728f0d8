"""What is known of models beyond what they say: the units of their areas and lengths."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.collector.sources.quantities import MM2_PER, UM_PER


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of models.toml; a unit of None is found out from the pages."""

    match: str = "*"
    square_unit: str | None = None
    linear_unit: str | None = None
    why: Annotated[str, Meta(min_length=20)]


class Models(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of models.toml."""

    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        """Raises ValueError where a unit is none."""
        for model in self.models:
            if model.square_unit not in (None, *MM2_PER) or model.linear_unit not in (None, *UM_PER):
                raise ValueError(f"{model.match}: {model.square_unit} or {model.linear_unit} is no unit")

    def of(self, name: str | None) -> Model:
        """What is known of a model; the first entry that matches counts."""
        plain = (name or "").strip().lower()
        return next((each for each in self.models if fnmatchcase(plain, each.match.lower())), _UNKNOWN)


_UNKNOWN: Final = Model(why="Nothing is known of such a model.")


@cache
def known_models() -> Models:
    """What comes with Inkmeter."""
    text = resources.files(__package__).joinpath("models.toml").read_bytes()
    return msgspec.toml.decode(text, type=Models)
