"""The OpenAPI 3.1 document of a service, generated from its routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.http.headers import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, Header
from shared.http.problems import CONTENT_TYPE, Problem
from shared.http.routes import Route
from shared.version import version

_PARAMETER = re.compile(r"{(\w+)}")
_PRINTABLE = "^[!-~]([ -~]*[!-~])?$"
"""Of a header; beyond ASCII it may be UTF-8, which no schema of a header can say."""
_REF = "#/components/schemas/{name}"


def document(service: str, routes: Sequence[Route]) -> dict[str, Any]:
    """Builds the document; component schemas come from the routes' types."""
    types = [Problem] + [t for route in routes for t in (route.body, route.answer, route.query) if t is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = {_key(t): schema for t, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(service, route, by_type, components)
    queries = {route.query.__name__ for route in routes if route.query is not None}
    _refuse_unknown_fields(components, routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Inkmeter {service}",
            "version": version(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _refuse_unknown_fields(components: dict[str, Any], routes: Sequence[Route]) -> None:
    """Says of what only goes in that unknown fields are refused; answers may get more fields later."""

    def named(types: Sequence[Any]) -> set[str]:
        return set(msgspec.json.schema_components(types)[1])

    comes_out = named([Problem, *(route.answer for route in routes if route.answer is not None)])
    for name in named([route.body for route in routes if route.body is not None]) - comes_out:
        if "properties" in components[name]:
            components[name]["additionalProperties"] = False


def _key(value: Any) -> str:
    return repr(value)


def _operation(service: str, route: Route, by_type: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    words = [part.strip("{}") for part in route.path.split("/") if part and part != "v1"]
    operation: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *words]).replace("-", "_"),
        "summary": route.summary,
        "tags": [service],
        "responses": _responses(route, by_type),
    }
    if route.description:
        operation["description"] = route.description
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        shape = components[route.query.__name__]
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    parameters += [_header_parameter(header) for header in route.request_headers]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None or route.parse is not None:
        schema = by_type[_key(route.body)] if route.body is not None else {"type": "string"}
        operation["requestBody"] = {
            "required": True,
            "content": {
                kind: {"schema": schema if "json" in kind else {"type": "string"}} for kind in route.content_types
            },
        }
    return operation


def _header_parameter(header: Header) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": header.max_length, "pattern": _PRINTABLE}
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.description,
        "schema": schema,
    }


def _responses(route: Route, by_type: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if told := [*route.gives, *([REPLAYED] if IDEMPOTENCY_KEY in route.takes else [])]:
        good["headers"] = {
            header.name: {"description": header.description, "schema": {"type": "string"}} for header in told
        }
    if route.answer is not None:
        schema = by_type[_key(route.answer)]
        good["content"] = {
            kind: {"schema": schema if "json" in kind else {"type": "string"}} for kind in route.answers_with
        }
    problem = {"description": "A problem document.", "content": {CONTENT_TYPE: {"schema": by_type[_key(Problem)]}}}
    statuses = sorted({400, 401, 422, 500, 503, *route.errors, *([412] if IF_MATCH in route.takes else [])})
    return {str(status): good for status in (route.status, *route.also)} | {
        str(status): problem for status in statuses
    }
