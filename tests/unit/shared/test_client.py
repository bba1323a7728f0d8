"""Calling a service from a command: its answers, and its own words when it refuses."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from shared.errors import ConfigError, NotFound, Reject, Unreachable
from shared.health import Readiness
from shared.http.app import make_app
from shared.http.client import call
from shared.http.routes import Call, Route
from shared.stack import read_stack

TOKEN = "the-token-of-this-test"


async def echo(call_: Call) -> dict[str, object]:
    return {"q": dict(call_.request.query)}


async def refuse(call_: Call) -> None:
    raise {"reject": Reject("the price list nope is unknown"), "gone": NotFound("no such printer")}[
        call_.path["how"]
    ]


async def lead_away(_: Call) -> web.Response:
    return web.Response(status=302, headers={"Location": "/v1/echo"})


ROUTES = [
    Route(method="GET", path="/v1/away", handler=lead_away, summary="Lead away"),
    Route(method="GET", path="/v1/echo", handler=echo, summary="Echo"),
    Route(method="GET", path="/v1/refuse/{how}", handler=refuse, summary="Refuse"),
]


@pytest.fixture
async def data_dir(tmp_path):
    runner = web.AppRunner(make_app("sample", ROUTES, readiness=Readiness(), token=TOKEN), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    (tmp_path / "token").write_text(TOKEN + "\n")
    doc = {
        "data_dir": str(tmp_path),
        "kafka": {"bootstrap": "127.0.0.1:9"},
        "database": {"url": "postgresql://ink:hush@127.0.0.1/ink"},
        "services": {
            "sample": {"url": f"http://127.0.0.1:{port}", "pid": 1},
            "dead": {"url": "http://127.0.0.1:9"},
        },
        "token_file": str(tmp_path / "token"),
    }
    (tmp_path / "stack.json").write_text(json.dumps(doc))
    yield tmp_path
    await runner.cleanup()


async def in_thread(*args, **kwargs):
    return await asyncio.to_thread(call, *args, **kwargs)


async def test_an_answer_is_decoded_and_empty_parameters_are_left_out(data_dir):
    params = {"a": 1, "b": None, "c": "", "d": True}
    assert await in_thread("sample", "GET", "/v1/echo", params=params, data_dir=data_dir) == {
        "q": {"a": "1", "d": "true"}
    }


async def test_refusals_keep_the_services_words(data_dir):
    with pytest.raises(Reject, match="the price list nope is unknown"):
        await in_thread("sample", "GET", "/v1/refuse/reject", data_dir=data_dir)
    with pytest.raises(NotFound, match="no such printer"):
        await in_thread("sample", "GET", "/v1/refuse/gone", data_dir=data_dir)


async def test_a_dead_service_and_a_missing_stack_are_unreachable(data_dir, tmp_path_factory):
    with pytest.raises(Unreachable, match="dead service at"):
        await in_thread("dead", "GET", "/v1/echo", data_dir=data_dir)
    with pytest.raises(Unreachable, match="inkmeter up"):
        await in_thread("sample", "GET", "/", data_dir=tmp_path_factory.mktemp("empty"))


async def test_a_wrong_token_is_the_operators_to_mend(data_dir):
    (data_dir / "token").write_text("wrong")
    with pytest.raises(ConfigError, match="refuses the token"):
        await in_thread("sample", "GET", "/v1/echo", data_dir=data_dir)


def test_a_damaged_stack_file_is_told_and_its_password_never_shown(tmp_path):
    (tmp_path / "stack.json").write_text('{"database": {"url": "postgresql://ink:hush@h/d"}')
    with pytest.raises(ConfigError, match="damaged") as caught:
        read_stack(tmp_path)
    assert "hush" not in str(caught.value)


async def test_a_redirect_is_refused_as_it_would_take_the_token_elsewhere(data_dir):
    with pytest.raises(ConfigError, match=r"leads elsewhere \(HTTP 302\)"):
        await in_thread("sample", "GET", "/v1/away", data_dir=data_dir)


@pytest.mark.parametrize("token", ["", "two\nlines", "a b", "schlüssel"])
async def test_what_can_be_no_token_is_told_in_one_sentence(data_dir, token):
    (data_dir / "token").write_text(token)
    with pytest.raises(ConfigError, match="Look at the token file"):
        await in_thread("sample", "GET", "/v1/echo", data_dir=data_dir)
