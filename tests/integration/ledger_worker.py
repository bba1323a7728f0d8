"""A ledger's worker as a process, with the seams that tests need: how it is fenced, and when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import msgspec
from psycopg import Connection

from services.accounting.ledger.fence import OffsetFence
from services.accounting.ledger.work import Work
from services.accounting.ledger.worker import Ledger, LedgerOptions
from shared import log
from shared.postgres import connect


class DyingFence(OffsetFence):
    """The real fence; the process is gone in the middle of every third batch."""

    batches = 0

    def advance(self, connection: Connection[Any], work: Work) -> None:
        super().advance(connection, work)
        self.batches += 1
        if self.batches == 3:
            os.kill(os.getpid(), signal.SIGKILL)


class NoFence(DyingFence):
    """The control: offsets move in a transaction of their own, whoever moved them before."""

    def __init__(self, url: str) -> None:
        self._url = url

    def advance(self, connection: Connection[Any], work: Work) -> None:
        with connect(self._url) as other:
            for move in work.moves:
                other.execute(
                    "UPDATE accounting.offsets SET next_offset = %s WHERE topic = %s AND partition = %s",
                    [move.new, work.topic, move.partition],
                )
        self.batches += 1
        if self.batches == 3:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    how = sys.argv[1]
    options = msgspec.json.decode(sys.argv[2], type=LedgerOptions)
    fence = {"fenced": OffsetFence, "dying": DyingFence}.get(how, lambda: NoFence(options.database_url))()
    log.configure("json", service="ledger")
    asyncio.run(Ledger(options, fence=fence).run())


if __name__ == "__main__":
    main()
