"""Events of CUPS: what is read of them, and what of an answer is not believed."""

from __future__ import annotations

from services.collector.sources.ipp.counts import Attempt, begun_again, counts, ends
from services.collector.sources.ipp.events import Attempts, JobEvent, job_events
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, Tag
from services.collector.sources.ipp.traits import Traits
from services.collector.sources.ipp.view import View

HELD, PROCESSING, COMPLETED = 4, 5, 9


def event(sequence: int, *, subscription: int = 7, **more: int) -> Group:
    """One event as CUPS tells it."""
    numbers = {"notify-sequence-number": sequence, "notify-subscription-id": subscription}
    numbers |= {name.replace("_", "-"): number for name, number in more.items()}
    attributes = [Attribute.of(name, Tag.INTEGER, number) for name, number in numbers.items()]
    return Group(GroupTag.EVENT_NOTIFICATION, (Attribute.of("printer-name", Tag.NAME, "Plotter"), *attributes))


def states(*told: tuple[int, int]) -> list[JobEvent]:
    return [
        JobEvent(number, "plotter", 1, state, counted) for number, (state, counted) in enumerate(told, start=1)
    ]


def test_events_come_in_their_order_and_only_those_of_the_subscription():
    answer = Message(
        0, 1, (event(3), event(2, notify_job_id=5, job_state=9), event(9, subscription=8), Group(7, ()))
    )
    assert job_events(answer, 7) == [JobEvent(2, "plotter", 5, COMPLETED), JobEvent(3, "plotter")]


def test_an_attempt_begins_where_the_counter_stood_when_the_job_was_started_again():
    attempts = Attempts()
    assert not attempts.began_at(states((HELD, 0), (PROCESSING, 0)))
    assert attempts.began_at(states((HELD, 6), (3, 6), (PROCESSING, 6))) == {("plotter", 1): 6}
    assert not attempts.began_at(states((PROCESSING, 9))), "progress is no start"
    assert attempts.began_at(states((COMPLETED, 12), (PROCESSING, 12))) == {("plotter", 1): 12}


def test_a_job_that_was_first_seen_while_it_printed_has_no_known_start():
    assert not Attempts().began_at(states((PROCESSING, 4)))


def test_a_job_that_is_printed_again_goes_on_from_where_it_ended_and_another_of_its_number_does_not():
    def ended(came_s: int, at_s: int, sides: int) -> View:
        numbers = {"job-id": 5, "time-at-creation": came_s, "time-at-completed": at_s}
        numbers |= {"job-impressions-completed": sides, "job-media-sheets-completed": sides}
        return View([Attribute.of(name, Tag.INTEGER, number) for name, number in numbers.items()])

    before = ends([ended(100, 110, 30)], {})
    assert begun_again(ends([ended(100, 110, 30)], before), before, {}) == {}
    assert begun_again(ends([ended(100, 150, 60)], before), before, {}) == {5: (30, 30)}
    assert begun_again(ends([ended(100, 150, 60)], before), before, {5: (45, None)}) == {}, "an event knew better"
    assert begun_again(ends([ended(140, 150, 60)], before), before, {}) == {}, "its numbers began anew"
    assert ends([], before) == before, "it is printing"


def test_the_sheets_of_the_last_attempt_are_its_share_where_that_is_a_whole_number():
    def sheets(sides: int, total: int, before: int) -> int | None:
        job = View(
            [
                Attribute.of("job-impressions-completed", Tag.INTEGER, sides),
                Attribute.of("job-media-sheets-completed", Tag.INTEGER, total),
            ]
        )
        return counts(job, Traits(is_cups=True), state=9, copies=1, earlier=Attempt(before, None)).sheets

    assert (sheets(12, 12, 6), sheets(16, 8, 8), sheets(9, 5, 3)) == (6, 4, None)
