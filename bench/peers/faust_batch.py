"""(b) Faust: an agent that takes batches and writes each by plain SQL."""

from __future__ import annotations

import asyncio
import sys

import faust

from bench.peers.batch import BatchWriter
from bench.peers.spec import Progress, load

BATCH = 5_000
"""1,000 and 5,000 were tried; larger batches bring nothing, as Faust itself binds."""

spec = load()
app = faust.App(
    spec.group,
    broker=f"kafka://{spec.bootstrap}",
    store="memory://",
    # Settings from "Configuration Reference" of Faust's user guide:
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    stream_wait_empty=False,
    stream_buffer_maxsize=2 * BATCH,
    broker_max_poll_records=BATCH,
    broker_commit_every=100_000,
    broker_commit_interval=2.0,
    consumer_auto_offset_reset="earliest",
    worker_redirect_stdouts=False,
)
jobs = app.topic(spec.topic, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")
writer = BatchWriter(spec)
progress = Progress(spec)


@app.agent(jobs)
async def post(stream: faust.StreamT[bytes]) -> None:
    """As "take" in the user guide; the writer has a thread, so that reading goes on."""
    async for values in stream.take(BATCH, within=0.25):
        await asyncio.to_thread(writer.write, values)
        progress.add(len(values))


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "warn", "--without-web"]
    app.main()
