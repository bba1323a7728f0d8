"""Calls a service's API from a command: answers, or the service's own words for what is wrong."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.errors import ConfigError, InkmeterError, NotFound, Reject, Unreachable
from shared.http.addresses import address_of
from shared.settings import is_token

TIMEOUT_S: Final = 60.0
_REDIRECTS: Final = range(300, 400)
Parameter = str | int | bool | Sequence[str] | None
"""What a query parameter may be; a sequence gives it once for each of its values."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: decoded JSON in `body`, or its bytes where it is not JSON."""

    status: int
    body: Any
    headers: HTTPMessage


def call(
    service: str,
    method: str,
    path: str,
    *,
    body: Any = None,
    params: Mapping[str, Parameter] | None = None,
    data_dir: Path | None = None,
) -> Any:
    """Calls a service of the running stack and answers the decoded body; see request."""
    return request(service, method, path, body=body, params=params, data_dir=data_dir).body


def request(
    service: str,
    method: str,
    path: str,
    *,
    body: Any = None,
    params: Mapping[str, Parameter] | None = None,
    headers: Mapping[str, str] | None = None,
    data_dir: Path | None = None,
) -> Reply:
    """Calls a service; see shared.http.addresses for where it is found.

    Args:
        service: its name.
        method: of HTTP.
        path: starting with a slash.
        body: bytes as they are (set the content type), anything else as JSON.
        params: query parameters; None, "" and empty sequences are left out.
        headers: more of them, such as Accept.
        data_dir: which stack; None for the default one.

    Raises:
        Unreachable: no stack, the service does not answer, or it says that something it needs is down.
        NotFound: 404. Reject: any other refusal, in the service's own words.
    """
    url, token = address_of(service, data_dir)
    if not is_token(token):
        raise ConfigError(
            f"What should be the token for the {service} service can't be one.", remedy="Look at the token file."
        )
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None and value != ""}
    query = f"?{urllib.parse.urlencode(given, doseq=True)}" if any(given.values()) else ""
    data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
    built = urllib.request.Request(url + path + query, data=data, method=method)  # noqa: S310
    built.add_header("Authorization", f"Bearer {token}")
    if data is not None:
        built.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        built.add_header(name, value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
    try:
        with opener.open(built, timeout=TIMEOUT_S) as answer:
            return Reply(answer.status, _decoded(answer.read(), answer.headers), answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(service, error.code, error.read()) from None
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Unreachable(f"The {service} service at {url} does not answer ({reason}).") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token is for the service, not for whoever it, or a proxy before it, points to."""

    def redirect_request(self, *_: Any) -> None:
        """Follows none: the redirect itself is the answer, and a refusal."""


def _text(value: str | int | bool | Sequence[str]) -> str | list[str]:
    if isinstance(value, (str, int)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return list(value)


def _decoded(raw: bytes, headers: HTTPMessage) -> Any:
    return json.loads(raw) if raw and headers.get_content_type() == "application/json" else raw


def _placed(pointer: str, detail: str) -> str:
    """An error with its place; one of the whole document has none."""
    return f"{pointer}: {detail}" if pointer else detail


def _refusal(service: str, status: int, raw: bytes) -> InkmeterError:
    try:
        problem = json.loads(raw)
        detail = str(problem.get("detail") or problem.get("title"))
        others = problem.get("errors", [])[1:]
        if problem.get("type") == "urn:inkmeter:problem:unanswered":
            return Unreachable(detail)
    except (ValueError, AttributeError):
        detail, others = raw[:200].decode(errors="replace") or f"HTTP status {status}", []
    detail += "".join(f"\n  {_placed(other.get('pointer', ''), other.get('detail', ''))}" for other in others)
    if status in _REDIRECTS:
        return ConfigError(
            f"The {service} service's address leads elsewhere (HTTP {status}).",
            remedy="Set the address that it leads to; commands take their token to no other place.",
        )
    if status == 401:  # noqa: PLR2004
        return ConfigError(f"The {service} service refuses the token.", remedy="Is this the stack's token file?")
    if status == 404:  # noqa: PLR2004
        return NotFound(detail)
    if status >= 500:  # noqa: PLR2004
        return Unreachable(f"The {service} service can't do it now: {detail}")
    return Reject(detail)
