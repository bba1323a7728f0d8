"""What batch consumers tell Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

RECORDS = Counter("inkmeter_stream_records_total", "Records handled and committed.", ["consumer"])
REJECTS = Counter(
    "inkmeter_stream_rejects_total",
    "Records refused and set aside. Not zero: look at them with `inkmeter dlq list`.",
    ["consumer"],
)
RETRIES = Counter(
    "inkmeter_stream_retries_total",
    "Batches tried again as the world was at fault. Growing: read the log's batch_retried, ask /readyz.",
    ["consumer"],
)
