"""Metrics: each is declared once, with its unit and what to do about it, and served at /metrics."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

HTTP_REQUESTS = Counter(
    "inkmeter_http_requests_total",
    "HTTP requests answered. Many of status 5xx: read the service's log.",
    ["method", "route", "status"],
)
HTTP_SECONDS = Histogram("inkmeter_http_request_seconds", "Time to answer a request, in seconds.", ["route"])
READY = Gauge("inkmeter_ready", "1 when the last readiness check found all well. 0: ask /readyz what is down.")


def render() -> tuple[bytes, str]:
    """All metrics of this process in the Prometheus text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
