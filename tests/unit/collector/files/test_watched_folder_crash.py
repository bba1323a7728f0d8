"""A collector that is killed while it takes files loses no record, takes none twice, and finishes its work."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from threading import Timer

import pytest

from tests.unit.collector.files.shop import HEADER, opened, row, write_folders

ROOT = Path(__file__).parents[4]
TAKER = Path(__file__).with_name("file_taker.py")
FILES = 40
RECORDS = 60


def killed_after(base: Path, delay_s: float) -> None:
    """Runs the taker and kills it some time after it has begun."""
    command = [sys.executable, str(TAKER), str(base)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as taker:
        assert taker.stdout is not None
        taker.stdout.readline()
        timer = Timer(delay_s, taker.kill)
        timer.start()
        taker.stdout.read()
        timer.join()
    assert taker.returncode == -9


@pytest.mark.parametrize("grows", [False, True])
async def test_kill_9_at_any_moment_loses_no_record_and_doubles_none(tmp_path: Path, grows: bool):
    chance = random.Random(7)
    folder = write_folders(tmp_path, grows=grows)
    numbers = range(FILES * RECORDS)
    for number in range(FILES):
        mine = list(numbers[number * RECORDS : (number + 1) * RECORDS])
        rows = "".join(row(each) for each in mine[:-1]) + f"{mine[-1]},never,,1,\n"
        (folder.path / f"{number:02d}.csv").write_text(HEADER + rows)
    good = [each for each in numbers if (each + 1) % RECORDS]

    for _ in range(6):
        killed_after(tmp_path, chance.uniform(0.0, 0.4))

    async with opened(tmp_path, folder) as shop:
        await shop.look()
        found = Counter(await shop.numbers())
        assert [each for each, times in found.items() if times > 1] == []
        assert sorted(found) == good
        rejects = [name for name in shop.names() if name.endswith(".rejects.jsonl")]
        assert len(rejects) == FILES
        for name in rejects:
            (told,) = (folder.path / name).read_text().splitlines()
            assert json.loads(told)["record"] == RECORDS
        if not grows:
            assert shop.names("done") == {f"{number:02d}.csv" for number in range(FILES)}
            assert shop.names() == set(rejects)
