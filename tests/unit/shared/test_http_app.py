"""The server all services share: token, problem documents, health, OpenAPI, seen over real sockets."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec import Struct
from openapi_spec_validator import validate
from yarl import URL

from shared.errors import Conflict, NotFound, Reject, Retry
from shared.health import Readiness
from shared.http.app import make_app
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from shared.http.routes import Answer, Call, Route

TOKEN = "the-token-of-this-test"


class Thing(Struct):
    name: str
    count: int = 0


class NewThing(Thing):
    pass


class Search(Struct):
    q: str = ""
    tag: tuple[str, ...] = ()


ERRORS = {"reject": Reject("no good", pointer="/name"), "retry": Retry("later"), "gone": NotFound("no such thing"),
          "conflict": Conflict("differs"), "bug": ZeroDivisionError("oops")}  # fmt: skip


async def make_thing(call: Call) -> Thing:
    return Thing(call.body.name, call.body.count + 1)


async def find_thing(call: Call) -> Answer:
    return Answer(Thing(call.query.q or call.path["name"]), headers={"ETag": '"1"'})


async def fail(call: Call) -> None:
    raise ERRORS[call.path["how"]]


ROUTES = [
    Route(
        method="POST",
        path="/v1/things",
        handler=make_thing,
        summary="Make",
        body=NewThing,
        answer=Thing,
        status=201,
        also=(200,),
        takes=(IDEMPOTENCY_KEY, IF_MATCH),
        gives=(ETAG,),
    ),
    Route(method="GET", path="/v1/things/{name}", handler=find_thing, summary="Find", query=Search, answer=Thing),
    Route(method="GET", path="/v1/fail/{how}", handler=fail, summary="Fail"),
    Route(method="POST", path="/v1/loose", handler=find_thing, summary="Change whatever there is"),
]


@pytest.fixture
async def site() -> AsyncIterator[tuple[aiohttp.ClientSession, Readiness]]:
    readiness = Readiness()
    runner = web.AppRunner(make_app("sample", ROUTES, readiness=readiness, token=TOKEN), access_log=None)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    port = runner.addresses[0][1]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session, readiness
    await runner.cleanup()


async def test_a_good_request_is_answered(site):
    session, _ = site
    async with session.post("/v1/things", json={"name": "a", "count": 2}) as answer:
        assert (answer.status, await answer.json()) == (201, {"name": "a", "count": 3})


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic dTpw", "", "Bearer \xe9"])
async def test_without_the_token_nothing_under_v1_answers(site, header):
    session, _ = site
    async with aiohttp.ClientSession() as stranger:
        given = {"Authorization": header} if header is not None else {}
        async with stranger.get(session._base_url.join(URL("/v1/things/a")), headers=given) as answer:
            assert answer.status == 401
            assert answer.content_type == "application/problem+json"
            assert "WWW-Authenticate" in answer.headers
        async with stranger.get(session._base_url.join(URL("/healthz"))) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("how", "status"), [("reject", 422), ("retry", 503), ("gone", 404), ("conflict", 409), ("bug", 500)]
)
async def test_each_kind_of_error_has_its_status_and_a_problem_document(site, how, status):
    session, _ = site
    async with session.get(f"/v1/fail/{how}") as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["status"]) == (status, status)
        assert {"type", "title", "detail"} <= set(problem)
        assert "oops" not in str(problem)
        assert ("Retry-After" in answer.headers) == (status == 503)


async def test_malformed_json_and_unknown_fields_point_at_the_place(site):
    session, _ = site
    async with session.post("/v1/things", data=b"{") as answer:
        assert answer.status == 400
    async with session.post("/v1/things", json={"name": "a", "colour": 1}) as answer:
        assert answer.status == 422
        problem = await answer.json(content_type="application/problem+json")
        assert problem["errors"] == [{"pointer": "/colour", "detail": "unknown field 'colour'"}]


async def test_an_unknown_path_and_method_are_problems_too(site):
    session, _ = site
    async with session.get("/v1/nothing") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
    async with session.delete("/v1/things") as answer:
        assert (answer.status, answer.content_type) == (405, "application/problem+json")
        assert answer.headers["Allow"] == "POST"


async def test_a_get_answers_head_without_a_body(site):
    session, _ = site
    async with session.head("/v1/things/a") as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (200, '"1"', b"")


async def test_a_body_that_is_not_compressed_as_it_says_is_a_bad_request(site):
    session, _ = site
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with session.post("/v1/things", data=b'{"name": "a"}', headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["status"]) == (400, 400)
        assert "gzip" in problem["detail"]


async def test_readiness_names_what_is_down(site):
    session, readiness = site

    async def broken() -> str | None:
        raise ConnectionError("refused")

    async def fine() -> str | None:
        return None

    readiness.add("kafka", broken)
    readiness.add("database", fine)
    async with session.get("/readyz") as answer:
        found = await answer.json()
        assert answer.status == 503
        assert [check["name"] for check in found["checks"] if not check["ok"]] == ["kafka"]
        assert "refused" in found["checks"][0]["detail"]


async def test_the_openapi_document_is_valid_and_names_every_operation(site):
    session, _ = site
    async with session.get("/openapi.json") as answer:
        document = await answer.json()
    validate(document)
    assert set(document["paths"]) == {"/v1/things", "/v1/things/{name}", "/v1/fail/{how}", "/v1/loose"}
    assert document["paths"]["/v1/things/{name}"]["get"]["parameters"][1]["name"] == "q"


async def test_the_openapi_document_says_that_unknown_fields_are_refused_and_all_good_statuses(site):
    session, _ = site
    async with session.get("/openapi.json") as answer:
        document = await answer.json()
    schemas = document["components"]["schemas"]
    assert schemas["NewThing"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Thing"]
    assert {"200", "201"} <= set(document["paths"]["/v1/things"]["post"]["responses"])


async def test_the_openapi_document_tells_the_headers_that_go_in_and_come_out(site):
    session, _ = site
    async with session.get("/openapi.json") as answer:
        document = await answer.json()
    make = document["paths"]["/v1/things"]["post"]
    find = document["paths"]["/v1/things/{name}"]["get"]
    assert {each["name"] for each in make["parameters"]} == {"Idempotency-Key", "If-Match", "Inkmeter-Actor"}
    assert set(make["responses"]["201"]["headers"]) == {"ETag", "Idempotency-Replayed"}
    assert "412" in make["responses"]
    assert {each["name"] for each in find["parameters"]} == {"name", "q", "tag"}
    assert "headers" not in find["responses"]["200"]


async def test_a_header_that_is_given_twice_is_refused_instead_of_guessed(site):
    session, _ = site
    headers = [("Inkmeter-Actor", "a"), ("Inkmeter-Actor", "b")]
    async with session.post("/v1/things", json={"name": "a"}, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["errors"][0]["pointer"]) == (422, "Inkmeter-Actor")


async def test_a_change_that_can_not_be_bound_to_a_state_refuses_to_be(site):
    session, _ = site
    async with session.post("/v1/loose", headers={"If-Match": '"1"'}) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["errors"][0]["pointer"]) == (422, "If-Match")
    async with session.get("/v1/things/a", headers={"If-Match": '"1"'}) as answer:
        assert answer.status == 200


async def test_metrics_and_version_are_served(site):
    session, _ = site
    async with session.get("/version") as answer:
        assert (await answer.json())["service"] == "sample"
    async with session.get("/metrics") as answer:
        assert "inkmeter_http_requests_total" in await answer.text()


async def test_a_large_body_is_parsed_beside_everything_else() -> None:
    async def where(call: Call) -> dict[str, bool]:
        return {"in_loop": call.body}

    def parse(raw: bytes, content_type: str) -> bool:
        del raw, content_type
        return threading.current_thread() is threading.main_thread()

    routes = [Route(method="POST", path="/v1/where", handler=where, summary="Where", parse=parse)]
    app = make_app("test", routes, readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answers = [await (await client.post("/v1/where", data=b"x" * size)).json() for size in (10, 200_000)]

    assert [each["in_loop"] for each in answers] == [True, False]
