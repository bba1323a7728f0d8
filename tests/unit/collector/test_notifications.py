"""Hints brought by HTTP: whom they wake, and what of them is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from services.collector.http.notifications import MAX_NOTIFICATIONS, NotificationsApi
from services.collector.polling.events import servers
from services.collector.registry.printers import Printer
from shared.health import Readiness
from shared.http.app import make_app
from tests.unit.collector.registry_rows import printer

PRINTERS = [
    printer(1),
    printer(2, kind="cups", address="ipp://cups-a:631/printers/Plotter"),
    printer(3, kind="cups", address="ipp://cups-b:631/printers/plotter"),
    printer(4, kind="cups", address="ipp://cups-b:631/printers/big%20one"),
    printer(5, kind="cups", address="ipp://cups-b:631/classes/all"),
    printer(6, kind="cups", address="ipp://cups-b:631/printers/off", enabled=False),
]


class World:
    def __init__(self) -> None:
        self.woken: dict[str, dict[int, int]] = {}

    def printers(self) -> list[Printer]:
        return PRINTERS

    def wake(self, printer_id: str, attempts: Mapping[int, int]) -> bool:
        self.woken[printer_id] = dict(attempts)
        return True

    async def post(self, body: Any) -> tuple[int, Any]:
        app = make_app(
            "collector", NotificationsApi(self, self.wake).routes(), readiness=Readiness(), token="secret"
        )
        async with TestServer(app) as server, ClientSession(server.make_url("/")) as session:
            headers = {"Authorization": "Bearer secret"}
            async with session.post("/v1/notifications", json=body, headers=headers) as answer:
                return answer.status, await answer.json()

    async def hint(self, *hints: dict[str, Any]) -> Any:
        status, answer = await self.post({"notifications": list(hints)})
        assert status == 202, answer
        return answer


@pytest.mark.parametrize(
    ("hint", "woken"),
    [
        ({"queue": "PLOTTER", "server": "cups-a", "job": 1, "job_state": 9}, ["id-2"]),
        ({"queue": "plotter", "server": "vm.local", "job": 1, "job_state": 7}, ["id-2", "id-3"]),
        ({"queue": "big one", "server": "cups-b", "job": 1, "job_state": 8}, ["id-4"]),
        ({"queue": "member", "server": "cups-b", "job": 1, "job_state": 9}, ["id-5"]),
        ({"queue": "plotter", "server": "cups-a", "job": 1, "job_state": 5}, []),
        ({"printer": "Plotter-1"}, ["id-1"]),
        ({"printer": "id-4"}, ["id-4"]),
        ({"queue": "off", "server": "cups-a", "job_state": 9}, []),
        ({"printer": "nobody"}, []),
        ({}, []),
    ],
)
async def test_a_hint_wakes_the_queue_it_is_about(hint: dict[str, Any], woken: list[str]):
    world = World()
    answer = await world.hint(hint)
    assert sorted(world.woken) == woken
    assert answer["woken"] == len(woken)


async def test_where_a_job_is_begun_again_its_counter_is_passed_on_to_the_one_queue_it_can_be():
    world = World()

    def told(state: int, sides: int, server: str) -> dict[str, Any]:
        return {"queue": "plotter", "server": server, "job": 7, "job_state": state, "impressions": sides}

    await world.hint(told(4, 6, "cups-a"), told(5, 6, "cups-a"), told(4, 6, "vm"), told(5, 6, "vm"))
    assert world.woken["id-2"] == {7: 6}
    assert world.woken["id-3"] == {}, "by its name alone it may be either queue"


async def test_a_body_that_is_too_long_or_wrong_is_refused():
    world = World()
    for body in ({"notifications": [{}] * (MAX_NOTIFICATIONS + 1)}, {"notifications": []}, {}, {"events": []}):
        assert (await world.post(body))[0] in (400, 422)
    assert (await world.post({"notifications": [{"queue": "plotter", "user": "alice"}]}))[0] in (400, 422)
    assert not world.woken


def test_queues_are_grouped_by_their_server():
    assert [(each.address, [name for name, _ in each.queues]) for each in servers(PRINTERS)] == [
        ("ipp://cups-a:631/", ["plotter"]),
        ("ipp://cups-b:631/", ["plotter", "big one", "all"]),
    ]
