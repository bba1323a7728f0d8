"""`inkmeter explain` tells how a charge came about; the worked example gives its exact numbers."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.summaries import post, wait_for_jobs
from tests.jobs import MODEL, job

EXAMPLE = """
name = "{name}"
book = "price"
currency = "EUR"
valid_from = 2020-01-01
area = "{area}"
precision = 6

[[ppu]]
model = "{model}"
category = "B"
per_m2 = "1.10"
"""


def worked_example(number, **changes):
    """An A1 line drawing on a 36 in roll, 594 mm fed, 0.60 ml of ink; its category follows from the density."""
    drawing = job(number, **changes)
    line = drawing["lines"][0]
    del line["category"], line["category_by"]
    line["ink_ul"] = {"cyan": 200, "magenta": 200, "yellow": 100, "black": 100}
    return drawing


@pytest.mark.parametrize(("area", "exact"), [("printed", "0.549509"), ("used", "0.597469")])
def test_the_worked_example_is_explained_to_the_last_digit(shop, charges_of, tmp_path, area, exact):
    project, printer = f"P-EXAMPLE-{area.upper()}", f"example-{area}"
    file = tmp_path / "list.toml"
    file.write_text(EXAMPLE.format(name=f"example-{area}", area=area, model=f"Example {area}"))
    shop.json("prices", "import", str(file))
    shop.json("prices", "publish", f"example-{area}", "--default")
    try:
        example = worked_example(1, project=project, printer=printer)
        example["printer"]["model"] = f"Example {area}"
        post(shop, [example])
        row = wait_for_jobs(shop, project, 1, within_s=30)
        (charge,) = charges_of(project, 1)
        explained = shop.inkmeter("explain", charge["id"])
        machine = shop.json("explain", charge["id"])
    finally:
        shop.json("prices", "publish", "standard", "--default")

    assert row["price"] == exact
    for word in (f"example-{area}", "1", "1.10", exact, "B"):
        assert word in explained.stdout, explained.stdout
    assert exact in json.dumps(machine)
    assert MODEL not in explained.stdout


def test_an_unpriced_line_is_explained_with_the_reason(shop, charges_of):
    project = "P-UNPRICED"
    strange = job(1, project=project, printer="unpriced")
    strange["lines"][0]["category"] = "premium"
    post(shop, [strange])
    row = wait_for_jobs(shop, project, 1, within_s=30)
    (charge,) = charges_of(project, 1)
    explained = shop.inkmeter("explain", charge["id"])

    assert row["unpriced_lines"] == 1
    assert explained.returncode == 0
    assert "UNPRICED" in explained.stdout
    assert "premium" in explained.stdout
