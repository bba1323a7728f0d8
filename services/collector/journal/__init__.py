"""The journal: what was accepted is on disk before it is acknowledged, and stays there until Kafka has it."""

from __future__ import annotations

from services.collector.journal.journal import Journal
from services.collector.journal.records import Backlog, Entry, Record

__all__ = ["Backlog", "Entry", "Journal", "Record"]
