"""The device behind a queue: what came out of jobs that CUPS gave up, by the device's own final numbers.

CUPS counts what its filters emitted; a job that is cancelled while it prints has then been counted whole or not at
all, and the device goes on for a while. It knows, and may forget a minute later, so it is asked as soon as the job
has ended in CUPS, and until it has ended there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from services.collector.sources.ipp.client import IppClient
from services.collector.sources.ipp.counts import Attempt, Counts, counts
from services.collector.sources.ipp.requests import get_jobs, get_printer_attributes
from services.collector.sources.ipp.tags import GroupTag, JobState
from services.collector.sources.ipp.traits import Traits, traits
from services.collector.sources.ipp.view import View
from shared.errors import Reject, Retry

FOLLOWED_FOR_S: Final = 120
"""After so long a device is no longer waited for: the job is told without numbers."""
LISTED: Final = 50
MAX_REMEMBERED: Final = 1_000
SLACK_S: Final = 5
"""By which the ages of one job may differ between the queue and the device: both count whole seconds."""
WRAPPER: Final = "inkmeter:"
"""A backend of ours that asks before it prints; what follows is the device."""
_ENDED: Final = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})
_GIVEN_UP: Final = frozenset({JobState.CANCELED, JobState.ABORTED})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as the device has it: how long ago it came, and what was counted once it has ended."""

    title: str | None
    user: str | None
    came_s: int
    counted: Counts | None


class Behind:
    """Asks one queue's device about jobs that were given up, once about each."""

    def __init__(self, queue: IppClient) -> None:
        self._queue = queue
        self._known: dict[tuple[int, int], Counts | None] = {}

    async def final(self, ended: Iterable[View], printer: View) -> tuple[Mapping[int, Counts], set[int]]:
        """The device's numbers by job, and the jobs that it has not ended yet."""
        now_s = printer.integer("printer-up-time") or 0
        given_up = {key: job for job in ended if (key := _key(job)) and key[1] > 0}
        fresh = {key: job for key, job in given_up.items() if key not in self._known}
        recent = {key: job for key, job in fresh.items() if now_s - key[1] <= FOLLOWED_FOR_S}
        waits: set[int] = set()
        uri = device_uri(printer, self._queue.address.uri)
        if recent and uri:
            seen = await self._ask(uri)
            for key, job in recent.items():
                found = None if seen is None else match(job, now_s, seen)
                if seen is None or (found and found.counted is None):
                    waits.add(key[0])
                else:
                    self._known[key] = found.counted if found else None
        self._known = dict([*self._known.items()][-MAX_REMEMBERED:])
        return {key[0]: counted for key in given_up if (counted := self._known.get(key))}, waits

    async def _ask(self, uri: str) -> list[Seen] | None:
        """The newest jobs of the device; None when it can't be reached now."""
        try:
            client = self._queue.beside(uri)
        except Reject:
            return []
        try:
            about = View((await client.send(get_printer_attributes(client.address.uri))).first(GroupTag.PRINTER))
            found: list[View] = []
            for which in ("not-completed", "completed"):
                answer = await client.send(get_jobs(client.address.uri, which, limit=LISTED))
                found += [View(job) for job in answer.every(GroupTag.JOB)[:LISTED]]
        except Retry:
            return None
        except Reject:
            return []
        finally:
            await client.close()
        return [seen for job in found if (seen := _seen(job, about, traits(about)))]


def device_uri(printer: View, queue_uri: str) -> str | None:
    """Where the device can be asked; None where it does not speak IPP, or only the print server can reach it."""
    uri = (printer.text("device-uri") or "").removeprefix(WRAPPER)
    try:
        host, server = urlsplit(uri).hostname, urlsplit(queue_uri).hostname
    except ValueError:
        return None
    if not uri.startswith(("ipp://", "ipps://")) or (host in _LOOPBACK and server not in _LOOPBACK):
        return None
    return uri


def match(job: View, now_s: int, seen: Iterable[Seen]) -> Seen | None:
    """The device's job that a queue's job became: of one name and person, and come while CUPS printed it.

    No number passes through the backend of CUPS; ages are compared, as the clocks of both may differ.
    """
    began_s = now_s - (job.integer("time-at-processing") or 0)
    ended_s = now_s - (job.integer("time-at-completed") or 0)
    found = [
        each
        for each in seen
        if each.title == job.text("job-name")
        and each.user == job.text("job-originating-user-name")
        and ended_s - SLACK_S <= each.came_s <= began_s + SLACK_S
    ]
    return min(found, key=lambda each: each.came_s, default=None)


def _key(job: View) -> tuple[int, int] | None:
    """Number and end of a job that was given up after it had been begun."""
    number, state = job.integer("job-id"), job.integer("job-state")
    if number is None or state not in _GIVEN_UP or not job.integer("time-at-processing"):
        return None
    return number, job.integer("time-at-completed") or 0


def _seen(job: View, printer: View, about: Traits) -> Seen | None:
    came = job.integer("time-at-creation")
    now = job.integer("job-printer-up-time") or printer.integer("printer-up-time")
    if came is None or now is None:
        return None
    state, counted = job.integer("job-state"), None
    if state in _ENDED:
        copies = next((told for name in ("copies-actual", "copies") if (told := job.integer(name) or 0) > 0), 1)
        counted = counts(job, about, state=state, copies=copies, earlier=Attempt())
    return Seen(job.text("job-name"), job.text("job-originating-user-name"), max(0, now - came), counted)
