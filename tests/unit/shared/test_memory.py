"""A process that keeps freed memory is not given the same pages again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shared.memory import ON_THE_HEAP_BYTES

PROGRAM = f"""
import resource, sys
from shared.memory import keep_freed_memory

if sys.argv[1] == "keeps" and not keep_freed_memory():
    sys.exit("no such setting")

def fill() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [bytes({ON_THE_HEAP_BYTES} // 4) for _ in range(4)]
    [piece.count(1) for piece in pieces]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = fill()
print(min(fill() for _ in range(3)) / first)
"""


def faults_of_the_next(way: str) -> float:
    """The share of page faults that filling the same memory again still takes."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=False, timeout=60
    )
    if found.stderr.strip() == "no such setting":
        pytest.skip("the C library has no mallopt")
    assert found.returncode == 0, found.stderr
    return float(found.stdout)


def test_memory_that_was_freed_is_filled_again_without_page_faults() -> None:
    assert faults_of_the_next("keeps") < 0.1 < faults_of_the_next("gives back")
