"""Topics: what is agreed about each, and bringing Kafka in line with that."""

from __future__ import annotations

from shared.topics.admin import TopicChange, TopicLag, TopicState, apply_topics, lag, list_topics
from shared.topics.definitions import DLQ_SUFFIX, Topic, load_topics, topic_named

__all__ = [
    "DLQ_SUFFIX",
    "Topic",
    "TopicChange",
    "TopicLag",
    "TopicState",
    "apply_topics",
    "lag",
    "list_topics",
    "load_topics",
    "topic_named",
]
