"""What the aggregates worker tells Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

LINES: Final = Counter("inkmeter_aggregates_lines_total", "Ledger lines counted into live windows.")
FILLED: Final = Counter(
    "inkmeter_aggregates_filled_total",
    "Records that the stream had left out and that were read from the topic. Rising often: tell us.",
)
TOO_LATE: Final = Counter(
    "inkmeter_aggregates_too_late_total", "Times a line came for a window that is no longer kept."
)
REFUSED: Final = Counter(
    "inkmeter_aggregates_refused_total", "Records set aside. Not zero: look at them with `inkmeter dlq list`."
)
RETRIES: Final = Counter(
    "inkmeter_aggregates_retries_total", "Tries again as Kafka or the database was away. Rising: are they there?"
)
CELLS: Final = Gauge("inkmeter_aggregates_cells", "Windows held in memory.")
GENERATION: Final = Gauge("inkmeter_aggregates_generation", "Counts up with each rebuild.")
