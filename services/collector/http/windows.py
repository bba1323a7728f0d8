"""HTTP of Windows print servers: POST /v1/windows-events."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from services.collector.windows.events import WindowsEvents
from services.collector.windows.joining import Joiner
from shared.http.routes import Call, Route

_DESCRIPTION: Final = """\
For the forwarder in `deploy/windows/`. An event 307 (document printed) and the event 805 (rendered) of a job
make one job, in whatever order they come; what gets no event 805 in time is told without copies and colour.
Events of other ids are passed over, and an event that was brought before is no second job."""


class KeptEvents(Struct, frozen=True):
    """How many events were new; all are safe on disk."""

    events: int
    new: int


class WindowsApi:
    """Keeps events; the joiner makes jobs of them."""

    def __init__(self, joiner: Joiner) -> None:
        self._joiner = joiner

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="POST",
                path="/v1/windows-events",
                handler=self.keep,
                summary="Bring events 307 and 805 of a Windows print server's log.",
                description=_DESCRIPTION,
                body=WindowsEvents,
                answer=KeptEvents,
                status=202,
            )
        ]

    async def keep(self, call: Call) -> KeptEvents:
        """Keeps what is brought."""
        brought: WindowsEvents = call.body
        return KeptEvents(events=len(brought.events), new=await self._joiner.keep(brought))
