"""Every example of the price list reference can be imported, and every key of a file has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.accounting.pricelist.csv_text import COLUMNS
from services.accounting.pricelist.toml_text import from_toml, to_toml
from services.accounting.pricing.entries import TABLES

TEXT = Path("docs/price-lists.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
HEAD = 'name = "example"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'


def whole(example: str) -> str:
    return example if example.startswith("name =") else HEAD + example


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_imported(example: str) -> None:
    read = from_toml(whole(example), currency="EUR")

    assert from_toml(to_toml(read), currency="EUR") == read


@pytest.mark.parametrize(
    "key", [*(each for each in COLUMNS if each != "table"), *(f"[[{each}]]" for each in TABLES)]
)
def test_every_key_of_a_file_has_an_example(key: str) -> None:
    start = re.escape(key) + (r" =" if not key.startswith("[[") else "")

    assert any(re.search(rf"^{start}", example, re.MULTILINE) for example in EXAMPLES), key
