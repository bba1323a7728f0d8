"""What the demo leaves on disk is for its owner only, from the first moment on."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.demo import figures
from deploy.demo.figures import write_page


class OnePage:
    """An Api that knows one page."""

    async def call(self, *_: object, **__: object) -> bytes:
        return b"<html>"


async def test_the_page_is_never_readable_by_others(tmp_path: Path, monkeypatch):
    modes = []
    write = Path.write_bytes

    def watched(path: Path, raw: bytes) -> int:
        written = write(path, raw)
        modes.append(path.stat().st_mode & 0o777)
        return written

    monkeypatch.setattr(figures.Path, "write_bytes", watched)
    before = os.umask(0o022)
    try:
        await write_page(OnePage(), "today", tmp_path / "summary.html")  # type: ignore[arg-type]
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert os.listdir(tmp_path) == ["summary.html"]  # noqa: PTH208
