"""`inkmeter mapping check` shows what would become of a file, and ends with 1 where something is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.collector.mapping.samples import CSV, GOOD, HEADER


@pytest.fixture
def check(tmp_path: Path):
    (tmp_path / "rip.toml").write_text(CSV, encoding="utf-8")

    def run(text: str, *words: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "jobs.csv").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "services.cli", "mapping", "check"]
        files = [str(tmp_path / "rip.toml"), str(tmp_path / "jobs.csv")]
        return subprocess.run([*command, *files, *words], capture_output=True, text=True, check=False)

    return run


def test_good_records_are_shown_as_jobs(check):
    done = check(HEADER + GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert "alice" in done.stdout
    assert "printed_area_mm2=1071500000" in done.stdout
    assert "1 jobs, 0 records refused" in done.stdout


def test_refused_records_end_with_1_and_say_why(check):
    done = check(HEADER + GOOD + GOOD.replace("Druck", "Fax"))
    assert done.returncode == 1
    assert "record 2 (line 3) is refused:" in done.stdout
    assert "Druck, Kopie" in done.stdout
    told = json.loads(check(HEADER + GOOD + GOOD.replace("Druck", "Fax"), "--json").stdout)
    assert [each["record"] for each in told["jobs"]] == [1]
    assert told["refused"][0]["faults"][0]["field"] == "job/kind"


def test_records_that_would_be_one_job_are_told(check):
    assert "would be one job" in check(HEADER + GOOD + GOOD).stdout


def test_a_file_of_another_shape_ends_with_2_in_one_sentence(check):
    done = check("a;b\n1;2\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no column" in done.stderr
