"""What the ledger tells Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

JOBS: Final = Counter("inkmeter_ledger_jobs_total", "Jobs posted.")
LINES: Final = Counter("inkmeter_ledger_lines_total", "Ledger lines posted.")
DUPLICATES: Final = Counter("inkmeter_ledger_duplicates_total", "Jobs told again, which changed nothing.")
REFUSED: Final = Counter(
    "inkmeter_ledger_refused_total", "Records set aside. Not zero: look at them with `inkmeter dlq list`."
)
RETRIES: Final = Counter(
    "inkmeter_ledger_retries_total", "Batches tried again as the database did not take them. Rising: is it there?"
)
FENCED: Final = Counter(
    "inkmeter_ledger_fenced_total", "Times another worker had taken over. Often: do two processes share a name?"
)
BATCH_SECONDS: Final = Histogram("inkmeter_ledger_batch_seconds", "Time from a batch's taking to its commit.")
LAST_COMMIT: Final = Gauge(
    "inkmeter_ledger_last_commit_timestamp_seconds",
    "When the last batch was committed. Old while jobs come in: the ledger is stuck.",
)
RELAYED: Final = Counter("inkmeter_relay_charges_total", "Charges told to Kafka.")
