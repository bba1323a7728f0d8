"""Refused records: how they are set aside, looked at, retried and dropped."""

from __future__ import annotations

from shared.dead_letters.box import DeadLetterBox, OpenLetter, choose, content, open_box
from shared.dead_letters.letters import KafkaDeadLetters, Letter, letter_for

__all__ = [
    "DeadLetterBox",
    "KafkaDeadLetters",
    "Letter",
    "OpenLetter",
    "choose",
    "content",
    "letter_for",
    "open_box",
]
