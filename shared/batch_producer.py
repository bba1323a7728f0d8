"""A producer of batches on librdkafka: for the one sender whose time for each record matters."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from shared.errors import ConfigError, Reject, Retry
from shared.kafka import MAX_RECORD_BYTES, REQUEST_TIMEOUT_MS, SEND_TIMEOUT_S, Headers, check_bootstrap

LINGER_MS: Final = 5
MAX_UNKNOWN_TOPIC_MS: Final = 10_000
"""How long a topic may be unknown to the brokers before it counts as missing: a new one takes a moment."""
LOOK_S: Final = 0.2
"""How often a wait for acknowledgements looks whether it is to stop."""
MAX_WAITING_RECORDS: Final = 100_000
_UNKNOWN_TOPIC: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
_TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})

assert MAX_UNKNOWN_TOPIC_MS < SEND_TIMEOUT_S * 1_000  # noqa: S101 - a missing topic is told as such


class Batch(NamedTuple):
    """Records for one topic, as pairs of key and value; all have the same headers."""

    topic: str
    records: Sequence[tuple[bytes, bytes]]
    headers: Headers


class BatchProducer:
    """Sends batches, each acknowledged as a whole, each key's records in order; connects by itself, in threads.

    A batch that fails takes the client with it: the next one starts afresh, so that nothing of the old one may
    come between. Within a client a record is never given up while those behind it go on.
    """

    def __init__(self, bootstrap: str, client_id: str) -> None:
        """Takes brokers as host:port, comma-separated, and a name for the broker's log.

        Raises:
            ConfigError: the address is no list of host:port.
        """
        check_bootstrap(bootstrap)
        self._settings: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "client.id": client_id,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": LINGER_MS,
            "batch.size": 256 * 1024,
            "message.max.bytes": MAX_RECORD_BYTES,
            "message.timeout.ms": 0,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": MAX_WAITING_RECORDS,
            "socket.timeout.ms": REQUEST_TIMEOUT_MS,
            "topic.metadata.propagation.max.ms": MAX_UNKNOWN_TOPIC_MS,
            "error_cb": self._noted,
            "on_delivery": self._delivered,
            "delivery.report.only.error": True,
            "logger": logging.getLogger("librdkafka"),
            "log_level": 2,
        }
        self._producer: Producer | None = None
        self._failed: list[KafkaError] = []
        self._trouble = ""
        self._stopped = threading.Event()

    async def send(self, batch: Batch) -> None:
        """Sends a batch and waits until all in-sync replicas have it.

        Raises:
            Retry: not acknowledged in time; any of it may or may not have arrived, so send the same again.
            Reject: a record is larger than the broker takes.
            ConfigError: there is no such topic.
        """
        await asyncio.to_thread(self._send, batch)

    def stop(self) -> None:
        """Gives up what is being sent, soon; nothing can be sent any more."""
        self._stopped.set()

    def _send(self, batch: Batch) -> None:
        producer = self._producer or Producer(self._settings)
        self._producer = None
        self._failed, self._trouble = [], ""
        topic = batch.topic
        headers: list[tuple[str, str | bytes | None]] = list(batch.headers)
        try:
            for key, value in batch.records:
                producer.produce(topic, value, key, headers=headers)
        except KafkaException as error:
            self._failed.append(error.args[0])
        waiting = self._flush(producer)
        if waiting or self._failed:
            producer.purge(in_queue=True, in_flight=True, blocking=False)
            # It ends here, which may take as long as a name server, and not with the error's traceback in a loop.
            del producer
            raise self._failure(batch)
        self._producer = producer

    def _flush(self, producer: Producer) -> int:
        """Waits until all is acknowledged or something failed; how many records are not yet acknowledged."""
        give_up = time.monotonic() + SEND_TIMEOUT_S
        while waiting := producer.flush(LOOK_S):
            if self._failed or self._stopped.is_set() or time.monotonic() > give_up:
                break
        return waiting

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error)

    def _noted(self, error: KafkaError) -> None:
        """Librdkafka mends what can be mended; what it last could not is told if the batch fails."""
        self._trouble = error.str()

    def _failure(self, batch: Batch) -> Exception:
        codes = [each.code() for each in self._failed]
        if _UNKNOWN_TOPIC.intersection(codes):
            return ConfigError(f"There is no topic {batch.topic}.", remedy="Create it by `inkmeter topics apply`.")
        if _TOO_LARGE.intersection(codes):
            size = max(len(value) for _, value in batch.records)
            return Reject(f"larger than Kafka takes on {batch.topic}: {size} bytes")
        why = self._failed[0].str() if self._failed else self._trouble or "no answer in time"
        return Retry(f"Kafka did not acknowledge records for {batch.topic}: {why}")
