"""The kinds of error: the world is at fault, the input is at fault, the operator is; all else is a bug."""

from __future__ import annotations


class InkmeterError(Exception):
    """Base of every error that Inkmeter raises on purpose."""


class Retry(InkmeterError):
    """The world is at fault and may recover: back off and try the very same thing again."""


class Reject(InkmeterError):
    """The input is at fault and never will be right: set it aside with this reason.

    Attributes:
        reason: one sentence a person can act on.
        pointer: RFC 6901 JSON pointer to the offending value, "" for the whole.
    """

    def __init__(self, reason: str, *, pointer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.pointer = pointer


class Conflict(Reject):
    """The input contradicts what is already recorded under the same identity."""


class NotFound(Reject):
    """The input names something that does not exist."""


class Unanswered(Reject):
    """The input names something, such as a printer, that does not answer; a command ends as with Unreachable."""


class TooManyRejects(InkmeterError):
    """So much input in a row was refused that the fault is rather ours: stop before all is set aside."""


class ConfigError(InkmeterError):
    """The operator's settings or surroundings are wrong; nothing can start until that is mended.

    Attributes:
        remedy: what to do about it, as one sentence.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.remedy}".strip()


class Unreachable(InkmeterError):
    """A service, server or printer that a command needs does not answer (exit code 3)."""
