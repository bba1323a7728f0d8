"""Batch consumers: what they deal in, how they settle a batch, their source on Kafka; `run.py` ties it up."""

from __future__ import annotations

from shared.stream.batches import Options, consume
from shared.stream.kafka_source import KafkaSource
from shared.stream.records import Batch, DeadLetters, Handler, Record, Source

__all__ = [
    "Batch",
    "DeadLetters",
    "Handler",
    "KafkaSource",
    "Options",
    "Record",
    "Source",
    "consume",
]
