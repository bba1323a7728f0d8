"""Asks a device for its job queues and their jobs: after every reboot they have another id, and are found anew."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from services.collector.sources.piws.snapshot import Snapshot, read_document, read_snapshot
from services.collector.sources.tree import Node
from services.collector.sources.web import Page, WebClient
from shared.errors import NotFound, Reject, Retry

ROOT: Final = "/LFPWebServices/PI"
COLLECTION: Final = f"{ROOT}/JQ/JobQueueCollection"
PAUSE_S: Final = 1.0
"""Between two requests: a reader of a DesignJet Z9 saw its firmware block without."""
MAX_QUEUES: Final = 4
JSON: Final = "application/json"
_QUEUE: Final = re.compile(r"JobQueue/([A-Za-z0-9-]{1,64})/?$")
_ASLEEP: Final = re.compile(rb'name="WakeUp"|state="sleeping"', re.IGNORECASE)

Sleep = Callable[[float], Awaitable[None]]


class Queues:
    """The print queues of one device."""

    def __init__(self, client: WebClient, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self._ids: tuple[str, ...] = ()
        self._asked = False

    async def read(self) -> list[Snapshot]:
        """Every queue, always whole: a list of changes leaves out what the jobs are.

        Raises:
            Retry: the device can't be reached, sleeps, or has no such queue any more although it just named it.
            Reject: it does not speak PIWS.
        """
        if not self._ids:
            self._ids = await self._find()
        try:
            return [await self._jobs(queue) for queue in self._ids]
        except NotFound:
            self._ids = await self._find()
        try:
            return [await self._jobs(queue) for queue in self._ids]
        except NotFound as error:
            self._ids = ()
            raise Retry(f"{self._client.address} names a queue and does not know it: is it starting?") from error

    async def page(self, path: str) -> Node:
        """Any other document of the device.

        Raises:
            Retry, Reject: see read.
        """
        return self._document(await self._get(path))

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def _find(self) -> tuple[str, ...]:
        try:
            found = await self.page(COLLECTION)
        except NotFound as error:
            raise Reject(f"{self._client.address} does not speak PIWS: it has no {COLLECTION}") from error
        collection = found.first("JobQueueCollection") if "JobQueueCollection" in found.children else found
        nodes = [*collection.all("Queue"), *collection.all("JobQueue")]
        printing = [node for node in nodes if (node.said("Type") or "").lower() == "print"] or nodes
        ids = [match.group(1) for node in printing if (match := _QUEUE.search(node.said("URI") or ""))]
        if not ids:
            raise Reject(f"{self._client.address} names no job queue in {COLLECTION}")
        return tuple(dict.fromkeys(ids))[:MAX_QUEUES]

    async def _jobs(self, queue: str) -> Snapshot:
        page = await self._get(f"{ROOT}/JQ/JobQueue/{queue}/jobs/all?fromModificationNumber=0")
        self._awake(page)
        # What a busy device answers takes up to a second to read: others are not to wait for it.
        return await asyncio.to_thread(self._told, page)

    def _told(self, page: Page) -> Snapshot:
        try:
            return read_snapshot(page.body)
        except Reject as error:
            raise Reject(f"{self._client.address} answers what can't be read: {error.reason}") from error

    def _document(self, page: Page) -> Node:
        self._awake(page)
        try:
            return read_document(page.body)
        except Reject as error:
            raise Reject(f"{self._client.address} answers what can't be read: {error.reason}") from error

    def _awake(self, page: Page) -> None:
        if _ASLEEP.search(page.body[:8_000]):
            raise Retry(f"{self._client.address} sleeps")
        if page.content_type == "text/html":
            raise Reject(f"{self._client.address} answers a web page where PIWS was asked for")

    async def _get(self, path: str) -> Page:
        if self._asked:
            await self._sleep(PAUSE_S)
        self._asked = True
        return await self._client.get(path, accept=JSON)
