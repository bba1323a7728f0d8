"""`up --detach`: a supervisor in a session of its own, whose progress is shown until all is ready."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from deploy.local.child import rotate
from deploy.local.paths import Layout
from deploy.local.say import Say

READY: Final = "\0ready"
"""The line that ends the progress; no message for people begins with NUL."""
ERROR: Final = "\0error "


def start_detached(layout: Layout, arguments: Sequence[str], say: Say, complain: Say) -> int:
    """Starts `inkmeter up` in the background and waits until it is ready.

    Args:
        layout: its data directory.
        arguments: for `inkmeter up`.
        say: is told each line of progress.
        complain: is told why it failed.

    Returns:
        the exit code for this command: 0 when the stack is ready, else that of the background one.
    """
    layout.make()
    log_path = layout.log_of("up")
    rotate(log_path)
    reading, writing = os.pipe()
    with log_path.open("ab") as log:
        command = [sys.executable, "-P", "-m", "services.cli", "up", *arguments, "--progress-fd", str(writing)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[writing],
        )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as progress:
            for line in progress:
                text = line.rstrip("\n")
                if text == READY:
                    process.returncode = 0  # it goes on without us
                    return 0
                if text.startswith(ERROR):
                    complain(text.removeprefix(ERROR))
                else:
                    say(text)
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        say("Stopping ...")
    return process.wait()


class ProgressPipe:
    """The background supervisor's end: progress lines until ready, then nothing."""

    def __init__(self, file_descriptor: int) -> None:
        os.set_inheritable(file_descriptor, False)
        self._file_descriptor = file_descriptor

    def say(self, line: str) -> None:
        """Hands one line on; nobody may be left to read it."""
        if self._file_descriptor >= 0:
            with suppress(OSError):
                os.write(self._file_descriptor, line.replace("\n", " ").encode() + b"\n")

    def ready(self) -> None:
        """Lets the waiting command return."""
        self.say(READY)
        if self._file_descriptor >= 0:
            os.close(self._file_descriptor)
            self._file_descriptor = -1
