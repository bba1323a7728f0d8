"""HTTP of the watched folders: GET /v1/folders."""

from __future__ import annotations

from msgspec import Struct

from services.collector.files.watching import FolderState, Watching
from shared.http.routes import Call, Route


class Folders(Struct, frozen=True):
    """The watched folders in the order of the file that names them."""

    items: list[FolderState]


class FoldersApi:
    """Answers how the watched folders do."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching

    def routes(self) -> list[Route]:
        """The routes to serve."""
        summary = "The watched folders: what was taken since the start, and what is not and why."
        return [Route(method="GET", path="/v1/folders", handler=self.every, answer=Folders, summary=summary)]

    async def every(self, _: Call) -> Folders:
        """All of them."""
        return Folders(self._watching.states())
