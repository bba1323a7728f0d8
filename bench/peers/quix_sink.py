"""(a) Quix Streams: its PostgreSQLSink with upsert; jobs and their lines, no rollups, so less work than ours."""

from __future__ import annotations

from typing import Any

import psycopg
from quixstreams import Application
from quixstreams.sinks import SinkBatch
from quixstreams.sinks.base.item import SinkItem
from quixstreams.sinks.community.postgresql import PostgreSQLSink

from bench.peers.job import CHARGE_COLUMNS, JOB_COLUMNS, Numbers, decode, now, rows
from bench.peers.spec import Progress, load

BATCH = 10_000
INTERVAL_S = 0.5
"""A sink is flushed with each checkpoint; a longer interval only made the last records wait."""

spec = load()
progress = Progress(spec)
JOB_NAMES = [name for name, _ in JOB_COLUMNS]
CHARGE_NAMES = [name for name, _ in CHARGE_COLUMNS]
with psycopg.connect(spec.conninfo) as connection:
    numbers = Numbers(connection)


def rows_of(value: bytes) -> list[dict[str, Any]]:
    """All rows of one event; msgspec decodes, which is quicker than the built-in JSON deserializer."""
    job, charges = rows(decode(value).data, numbers, now())
    made = [
        dict(zip(JOB_NAMES, job, strict=True)),
        *(dict(zip(CHARGE_NAMES, row, strict=True)) for row in charges),
    ]
    for row in made:
        row["job_id"] = str(row["job_id"])
        if "ink_ul" in row:
            # The sink takes its columns from a batch's first row and leaves NULLs out, so there must be none.
            row["ink_ul"] = "{" + ",".join(map(str, row["ink_ul"] or ())) + "}"
            row["ink_total_ul"] = row["ink_total_ul"] or 0
    return made


def table_of(item: SinkItem) -> str:
    """The sink's documentation names a callable for several tables."""
    return "job" if "lines" in item.value else "charge"


def key_of(item: SinkItem) -> list[str]:
    """The whole primary key, as the sink demands."""
    return ["job_id"] if "lines" in item.value else ["entry_id", "line", "occurred_at"]


class CountedSink(PostgreSQLSink):
    """Tells of each flush, and changes nothing else."""

    def write(self, batch: SinkBatch) -> None:
        """Counts jobs, of which there is one row per record."""
        super().write(batch)
        progress.add(sum("lines" in item.value for item in batch))


# "Connectors / PostgreSQL sink" and "Performance and tuning": one flush per partition and checkpoint.
app = Application(
    spec.bootstrap,
    consumer_group=spec.group,
    auto_offset_reset="earliest",
    commit_every=BATCH,
    commit_interval=INTERVAL_S,
    loglevel="WARNING",
    use_changelog_topics=False,
    auto_create_topics=False,
)
sink = CountedSink(
    host=spec.host,
    port=spec.port,
    dbname=spec.database,
    user=spec.user,
    password=spec.password,
    table_name=table_of,
    schema_name="peers",
    schema_auto_update=False,
    include_metadata=False,
    primary_key_columns=key_of,
    upsert_on_primary_key=True,
)
topic = app.topic(spec.topic, value_deserializer="bytes", key_deserializer="bytes")
app.dataframe(topic).apply(rows_of, expand=True).sink(sink)

if __name__ == "__main__":
    app.run()
