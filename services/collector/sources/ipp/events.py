"""Events of a CUPS server: how they are asked for (RFC 3995, RFC 3996), and what they say of jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.requests import asker, request
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation, Tag
from services.collector.sources.ipp.view import View

SUBSCRIBED: Final = "job-state-changed"
"""In CUPS this takes in job-created, job-stopped and job-completed, which is also the end of a job that was
cancelled or aborted; not job-progress, which comes with each page."""
MAX_EVENTS: Final = 1_000
"""Of one answer; CUPS keeps 100 unless its MaxEvents says otherwise."""
MAX_TRACKED: Final = 2_000
_ENDED: Final = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What one event says; it names no person and no quantities that could be charged.

    Attributes:
        sequence: of the subscription, one more with each event.
        queue: the name of the queue that prints the job, in lower case; CUPS tells names apart without case.
        impressions: what the server has counted for the job, over all attempts at it.
    """

    sequence: int
    queue: str
    job: int | None = None
    state: int | None = None
    impressions: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it tells of a job's end."""
        return self.state in _ENDED


def create_subscription(uri: str, *, lease_s: int) -> Message:
    """Create-Printer-Subscription, events to be fetched."""
    wanted = (
        Attribute.of("notify-pull-method", Tag.KEYWORD, "ippget"),
        Attribute.of("notify-events", Tag.KEYWORD, SUBSCRIBED),
        Attribute.of("notify-lease-duration", Tag.INTEGER, lease_s),
    )
    return _with(request(Operation.CREATE_PRINTER_SUBSCRIPTION, uri, asker()), wanted)


def get_notifications(uri: str, subscription: int, *, sequence: int) -> Message:
    """Get-Notifications: those from a sequence number on, answered at once."""
    return request(
        Operation.GET_NOTIFICATIONS,
        uri,
        asker(),
        Attribute.of("notify-subscription-ids", Tag.INTEGER, subscription),
        Attribute.of("notify-sequence-numbers", Tag.INTEGER, sequence),
        Attribute.of("notify-wait", Tag.BOOLEAN, False),
    )


def renew_subscription(uri: str, subscription: int, *, lease_s: int) -> Message:
    """Renew-Subscription: the lease counts from now."""
    head = request(
        Operation.RENEW_SUBSCRIPTION,
        uri,
        asker(),
        Attribute.of("notify-subscription-id", Tag.INTEGER, subscription),
    )
    return _with(head, (Attribute.of("notify-lease-duration", Tag.INTEGER, lease_s),))


def cancel_subscription(uri: str, subscription: int) -> Message:
    """Cancel-Subscription."""
    return request(
        Operation.CANCEL_SUBSCRIPTION,
        uri,
        asker(),
        Attribute.of("notify-subscription-id", Tag.INTEGER, subscription),
    )


def subscription_id(answer: Message) -> int | None:
    """The number of a subscription that was made; None where the server made none."""
    return View(answer.first(GroupTag.SUBSCRIPTION)).integer("notify-subscription-id")


def job_events(answer: Message, subscription: int) -> list[JobEvent]:
    """The events of an answer to Get-Notifications, in order."""
    found: list[JobEvent] = []
    for attributes in answer.every(GroupTag.EVENT_NOTIFICATION)[:MAX_EVENTS]:
        event = View(attributes)
        sequence = event.integer("notify-sequence-number")
        if sequence is None or event.integer("notify-subscription-id") != subscription:
            continue
        found.append(
            JobEvent(
                sequence,
                (event.text("printer-name") or "").lower(),
                event.integer("notify-job-id"),
                event.integer("job-state"),
                event.integer("job-impressions-completed"),
            )
        )
    return sorted(found, key=lambda each: each.sequence)


class Attempts:
    """Where the counters of a server's jobs stood when the last attempt at each began.

    CUPS goes on counting when it prints a job again: after a failure, after a hold, or because somebody restarts a
    job that was completed. A job of six sides that was held in between ends at twelve. The event of a start says
    where the counter stands; it is a start only for a job that is known to have waited before.
    """

    def __init__(self) -> None:
        self._waits: dict[int, None] = {}

    def began_at(self, events: Iterable[JobEvent]) -> dict[tuple[str, int], int]:
        """By queue and job the impressions at the start of its last attempt, where it was not the first."""
        found: dict[tuple[str, int], int] = {}
        for event in events:
            if event.job is None:
                continue
            if event.state != JobState.PROCESSING:
                self._waits.pop(event.job, None)
                self._waits[event.job] = None
                if len(self._waits) > MAX_TRACKED:
                    del self._waits[next(iter(self._waits))]
            elif event.job in self._waits:
                del self._waits[event.job]
                if event.impressions and event.impressions > 0:
                    found[event.queue, event.job] = event.impressions
        return found


def _with(message: Message, wanted: tuple[Attribute, ...]) -> Message:
    group = Group(GroupTag.SUBSCRIPTION, wanted)
    return Message(message.code, message.request_id, (*message.groups, group), message.version)
