"""Takes the files of a folder as fast as it can, until test_watched_folder_crash.py kills it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.collector.files import taking
from services.collector.files.folders import load_folders
from tests.unit.collector.files.shop import opened


async def main(base: Path) -> None:
    taking.PART_BYTES = 2_000  # type: ignore[misc]
    taking.BATCH = 11  # type: ignore[misc]
    async with opened(base, load_folders(base / "watch.toml")[0]) as shop:
        while True:
            sys.stdout.write("look\n")
            sys.stdout.flush()
            await shop.look()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
