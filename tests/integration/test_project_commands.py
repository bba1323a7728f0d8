"""The commands of projects, customers, departments and budgets, as an operator runs them."""

from __future__ import annotations

import pytest

from services.accounting.csvfile import BOM
from tests.running import Running


@pytest.fixture
def running(tmp_path, database_url, kafka_bootstrap, topic_prefix):
    services = Running(tmp_path, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    services.start("accounting")
    yield services
    services.close()


def said(running, *arguments, code=0):
    done = running.inkmeter(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_names_budgets_and_files_are_kept_by_command(running, tmp_path):
    assert "KIEL is City of Kiel." in said(running, "customers", "set", "KIEL", "--name", "City of Kiel")
    assert "ARCH is Architecture." in said(running, "departments", "set", "ARCH", "--name", "Architecture")
    said(running, "projects", "set", "P-1", "--name", "Bridge", "--customer", "KIEL", "--person", "ann")
    said(running, "projects", "set", "P-1", "--not-billable")
    (found,) = running.json("projects", "list", "--search", "kiel")
    assert (found["code"], found["billable"], found["people"]) == ("P-1", False, ["ann"])

    bad = tmp_path / "bad.csv"
    bad.write_text("Code;Name;Active\nP-2;=Tunnel;yes\nP-3;Pier;perhaps\n")
    tried = said(running, "projects", "import", str(bad), "--dry-run", code=1)
    refused = said(running, "projects", "import", str(bad), code=2)
    taken = said(running, "projects", "import", str(bad), "--skip-bad", code=1)
    assert "2 lines (UTF-8, separated by semicolons): 1 new, 0 changed, 0 unchanged, 1 rejected." in tried
    assert "line 3, column active: must be yes or no, not 'perhaps'" in tried
    assert "this was a dry run" in tried
    assert "line 3, column active" in refused
    assert "dry run" not in taken

    kept = tmp_path / "projects.csv"
    assert "has 2 lines and a heading" in said(running, "projects", "export", str(kept))
    text = kept.read_text(encoding="utf-8")
    assert text.startswith(f"{BOM}code,name,customer")
    assert "P-2,'=Tunnel," in text
    assert "2 unchanged" in said(running, "projects", "import", str(kept))
    assert "P-100,Harbour bridge" in said(running, "projects", "template")
    assert "The project P-2 is deleted." in said(running, "projects", "delete", "P-2")

    made = said(running, "budgets", "set", "project", "P-1", "--amount", "500.00", "--hard")
    assert "may be charged 500.00 EUR by month; jobs beyond it are held back" in made
    said(running, "budgets", "set", "project", "P-1", "--amount", "600", "--threshold", "90")
    (budget,) = running.json("budgets", "list", "--owner", "P-1")
    assert (budget["amount"], budget["thresholds"], budget["hard"]) == ("600.00", [90], False)
    assert "set active to false" in said(running, "projects", "delete", "P-1", code=2)
    assert "is removed" in said(running, "budgets", "remove", str(budget["id"]))
