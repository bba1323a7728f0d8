"""Refused records: how they are set aside, looked at, retried and dropped."""

from __future__ import annotations

from shared.dead_letters.box import DeadLetterBox, OpenLetter, choose, content, key_text, open_box
from shared.dead_letters.letters import KafkaDeadLetters, Letter, letter_for

__all__ = [
    "DeadLetterBox",
    "KafkaDeadLetters",
    "Letter",
    "OpenLetter",
    "choose",
    "content",
    "key_text",
    "letter_for",
    "open_box",
]
