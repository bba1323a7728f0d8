"""(d) FastStream: a batch subscriber that writes each batch by the same plain SQL."""

from __future__ import annotations

import asyncio
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker

from bench.peers.batch import BatchWriter
from bench.peers.spec import Progress, load

BATCH = 5_000

spec = load()
writer = BatchWriter(spec)
progress = Progress(spec)


async def as_bytes(message: Any) -> Any:
    """As "Custom Decoder" in FastStream's documentation: msgspec decodes, so FastStream need not."""
    return message.body


# The "Confluent" broker is librdkafka, the quicker of FastStream's two for Kafka; apply_types=False spares each
# batch the pydantic pass over its arguments. Records are acknowledged after the effect.
broker = KafkaBroker(spec.bootstrap, decoder=as_bytes, apply_types=False, log_level=30)
app = FastStream(broker)


@broker.subscriber(
    spec.topic,
    group_id=spec.group,
    batch=True,
    max_records=BATCH,
    polling_interval=0.2,
    auto_offset_reset="earliest",
    max_partition_fetch_bytes=8 * 1024 * 1024,
    ack_policy=AckPolicy.REJECT_ON_ERROR,
)
async def post(values: Any) -> None:
    """One batch; the writer has a thread, so that the event loop stays free."""
    await asyncio.to_thread(writer.write, values)
    progress.add(len(values))


if __name__ == "__main__":
    asyncio.run(app.run())
