"""A watched folder with a journal and a registry, as tests and the program that is killed in them use it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from services.collector.files.folders import Folder, load_folders
from services.collector.files.taking import Taker
from services.collector.files.watching import FolderWatch
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.registry.registry import Registry
from shared.clock import FixedClock
from tests.unit.collector.registry_rows import MemoryRows, printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MAPPING = """
name = "rip"
format = "{form}"
[printer]
name = {{ from = "printer", optional = true }}
[job]
device_job_id = "id"
completed_at = "at"
person = {{ from = "who", optional = true }}
[[lines]]
sheets = "n"
"""
HEADER = "id,at,who,n,printer\n"


def row(number: int, sheets: object = 1, printer: str = "") -> str:
    return f"{number},2026-11-02T08:{number % 60:02d}:00Z,alice,{sheets},{printer}\n"


def write_folders(base: Path, form: str = "csv", **options: Any) -> Folder:
    """The folder `in` under base, and what names it."""
    (base / "in").mkdir(parents=True, exist_ok=True)
    (base / "map.toml").write_text(MAPPING.format(form=form))
    table = {"name": "f1", "path": "in", "mapping": "map.toml", "printer": "plotter-1", "settle_s": 0} | options
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    (base / "watch.toml").write_text("\n".join(["[[folders]]", *lines]))
    return load_folders(base / "watch.toml")[0]


@dataclass
class Shop:
    """What a test looks at."""

    folder: Folder
    journal: Journal
    rows: MemoryRows
    registry: Registry
    watch: FolderWatch
    clock: FixedClock
    now_s: float = 0.0

    async def look(self) -> None:
        """One look; the file system's own clock does not matter."""
        await self.watch.look()

    async def jobs(self) -> list[dict[str, Any]]:
        """The jobs in the journal, in order."""
        found: list[dict[str, Any]] = []
        after = 0
        while records := await self.journal.read(after):
            found += [json.loads(each.value)["data"] for each in records if each.topic == "jobs.v1"]
            after = records[-1].number
        return found

    async def numbers(self) -> list[int]:
        """Their device job ids."""
        return [int(each["job"]["device_job_id"]) for each in await self.jobs()]

    @property
    def problems(self) -> dict[str, str]:
        """What is not taken, and why."""
        return {each.file: each.why for each in self.watch.state.problems}

    def put(self, name: str, text: str | bytes) -> Path:
        """Puts a file into the folder, whole."""
        path = self.folder.path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def names(self, under: str = ".") -> set[str]:
        """The files there are."""
        folder = self.folder.path / under
        return {each.name for each in folder.iterdir() if each.is_file()} if folder.exists() else set()


@asynccontextmanager
async def opened(base: Path, folder: Folder, journal: Journal | None = None) -> AsyncIterator[Shop]:
    clock = FixedClock(NOW)
    journal = journal or Journal(base / "journal.sqlite", clock=clock)
    await journal.open()
    rows = MemoryRows(replace(printer(1), added_at=NOW))
    registry = Registry(rows, journal, collector_id="c1", clock=clock)
    await registry.refresh()
    intake = Intake(journal, registry, collector_id="c1", clock=clock)
    taker = Taker(folder, intake, journal, registry, clock=clock)
    shop = Shop(folder, journal, rows, registry, None, clock)  # type: ignore[arg-type]
    shop.watch = FolderWatch(folder, taker, clock=clock, now_s=lambda: shop.now_s)
    try:
        yield shop
    finally:
        await journal.close()
