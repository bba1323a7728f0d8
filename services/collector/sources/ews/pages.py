"""Pages of a printer's web server, which sleeps when the printer does."""

from __future__ import annotations

import re
from typing import Final

from services.collector.sources.tree import Node, read_xml
from services.collector.sources.web import Page, WebClient
from shared.errors import NotFound, Reject, Retry

WAKE_UP: Final = "/wakeup.htm/config"
PRODUCT: Final = "/DevMgmt/ProductConfigDyn.xml"
_ASLEEP: Final = re.compile(rb'name=["\']?WakeUp|state=["\']sleeping|wakeup\.htm/config', re.IGNORECASE)


class Pages:
    """The pages of one printer."""

    def __init__(self, client: WebClient) -> None:
        self.address = client.address
        self._client = client

    async def read(self, path: str) -> Page | None:
        """A page that must be there; None while the printer sleeps.

        Raises:
            Retry: it can't be reached.
            Reject: it has no such page, asks for a password, or answers too much.
        """
        page = await self._client.ask("GET", path, accept="*/*")
        if page.status == 503 or _ASLEEP.search(page.body[:8_000]):  # noqa: PLR2004 - HTTP Service Unavailable
            return None
        try:
            self._client.check(page, path)
        except NotFound as error:
            raise Reject(f"{self.address} has no page {path.partition('?')[0]} with its accounting") from error
        return page

    async def wake(self) -> Retry:
        """Wakes the printer; whatever it answers, it is awake some seconds later."""
        await self._client.ask("POST", WAKE_UP, accept="*/*", form={"hidden_wakeup_Addr": "", "WakeUp": "WakeUp"})
        return Retry(f"{self.address} slept and was woken, to read what it may hold")

    async def product(self) -> Node | None:
        """What it says of itself by LEDM, where it speaks that."""
        try:
            return read_xml((await self._client.get(PRODUCT, accept="text/xml")).body)
        except Reject:
            return None

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()


def first(node: Node | None, name: str) -> str | None:
    """The first text of that name, at any depth."""
    if node is None:
        return None
    return next((text[:200] for each in node.within(name) if (text := each.text.strip())), None)
