"""The numbers of IPP: delimiter and value tags (RFC 8010, section 3.5), operations, states and status codes."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class GroupTag(IntEnum):
    """Delimiter tags; those above 0x07 are reserved for later and are carried along unread."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05
    SUBSCRIPTION = 0x06
    EVENT_NOTIFICATION = 0x07
    RESOURCE = 0x08
    DOCUMENT = 0x09
    SYSTEM = 0x0A


FIRST_VALUE_TAG: Final = 0x10


class Tag(IntEnum):
    """Value tags."""

    UNSUPPORTED = 0x10
    DEFAULT = 0x11
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    NOT_SETTABLE = 0x15
    DELETE_ATTRIBUTE = 0x16
    ADMIN_DEFINE = 0x17
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEG_COLLECTION = 0x34
    TEXT_LANGUAGE = 0x35
    NAME_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A
    EXTENSION = 0x7F


OUT_OF_BAND: Final = range(0x10, 0x20)
"""Values that stand for the absence of one."""
STRINGS: Final = frozenset(
    {Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.URI_SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME_TYPE}
)
LANGUAGE_STRINGS: Final = frozenset({Tag.TEXT_LANGUAGE, Tag.NAME_LANGUAGE})


class Operation(IntEnum):
    """What Inkmeter asks for or, as a simulated printer, answers (RFC 8011, 3995, 3996; PWG 5100.11)."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B
    CREATE_PRINTER_SUBSCRIPTION = 0x0016
    RENEW_SUBSCRIPTION = 0x001A
    CANCEL_SUBSCRIPTION = 0x001B
    GET_NOTIFICATIONS = 0x001C
    CANCEL_MY_JOBS = 0x0039
    CLOSE_JOB = 0x003B
    IDENTIFY_PRINTER = 0x003C


class Status(IntEnum):
    """Status codes (RFC 8011, appendix B) that are told apart; all others go by their range."""

    OK = 0x0000
    OK_IGNORED = 0x0001
    BAD_REQUEST = 0x0400
    NOT_AUTHENTICATED = 0x0402
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    ATTRIBUTES_NOT_SUPPORTED = 0x040B
    DOCUMENT_FORMAT_NOT_SUPPORTED = 0x040A
    CHARSET_NOT_SUPPORTED = 0x040D
    COMPRESSION_NOT_SUPPORTED = 0x040F
    OPERATION_NOT_SUPPORTED = 0x0501
    VERSION_NOT_SUPPORTED = 0x0503
    BUSY = 0x0507


CLIENT_ERRORS: Final = range(0x0400, 0x0500)
SERVER_ERRORS: Final = range(0x0500, 0x0600)


class JobState(IntEnum):
    """job-state (RFC 8011, section 5.3.7)."""

    PENDING = 3
    PENDING_HELD = 4
    PROCESSING = 5
    PROCESSING_STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


class PrinterStateCode(IntEnum):
    """printer-state (RFC 8011, section 5.4.11)."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5
