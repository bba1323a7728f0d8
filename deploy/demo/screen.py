"""The demo's face: what to open and to try, and one line that lives; plain lines where there is no terminal."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

from shared.settings import default_data_dir
from shared.stack import Stack

PLAIN_EVERY_S: Final = 10.0
_LABEL_WIDTH: Final = 13


class Screen:
    """Writes to the terminal, or to whatever standard output is."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._live = self._console.is_terminal
        self._status: Status | None = None
        self._shown = ""
        self._shown_at_s = 0.0

    def say(self, words: str) -> None:
        """Writes a line that stays."""
        self._console.print(Text(words))

    def show(self, words: str) -> None:
        """Replaces the living line; without a terminal a changed line is written now and then."""
        if self._live:
            if self._status is None:
                self._status = self._console.status(Text(words))
                self._status.start()
            self._status.update(Text(words))
            return
        now = time.monotonic()
        if words != self._shown and now - self._shown_at_s >= PLAIN_EVERY_S:
            self._shown, self._shown_at_s = words, now
            self._console.print(Text(words))

    def ready(self, stack: Stack, page: Path, printers: Sequence[tuple[str, str]]) -> None:
        """Tells what runs, what to open and what to try."""
        self.say(
            "\nThe demo is ready. It prints on simulated printers; all figures come through the real pipeline.\n"
        )
        self._pair("Open", page.as_uri())
        for name, service in stack.services.items():
            self._pair(name, service.url)
        for name, uri in printers:
            self._pair("printer", f"{uri}  {name}")
        program = "inkmeter" if shutil.which("inkmeter") else sys.argv[0]
        option = "" if Path(stack.data_dir) == default_data_dir() else f" --data-dir {stack.data_dir}"
        for index, command in enumerate(
            (
                "report summary --by project --period this-month",
                "report summary --by media --period today",
                "printers list",
                "jobs list",
            )
        ):
            self._pair("Try" if index == 0 else "", f"{program} {command}{option}")
        self.say("\nCtrl-C stops everything.\n")

    def close(self) -> None:
        """Takes the living line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _pair(self, label: str, value: str) -> None:
        self.say(f"  {label:<{_LABEL_WIDTH}}{value}")
