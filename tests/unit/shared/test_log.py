"""Logs: JSON lines for machines, and no secret in any of them."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import structlog, logging, threading
from shared import log
log.configure("json", service="sample")
structlog.get_logger().info("printer_added", address="ipp://p", snmp_community="public", token="hush", pins=3)
logging.getLogger("library").warning("watch out %s", "now")
logging.getLogger("library").info("inner life")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("it_broke")
threading.Thread(target=lambda: structlog.get_logger().info("from_a_thread")).start()
"""


def test_a_line_is_json_with_event_service_and_level_and_hides_secrets():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "printer_added",
        "watch out now",
        "it_broke",
        "from_a_thread",
    ]
    assert lines[0]["token"] == lines[0]["snmp_community"] == "********"
    assert lines[0]["pins"] == 3
    assert {line["service"] for line in lines} == {"sample"}
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert "hush" not in done.stderr


FAILING = r"""
import structlog
from shared import log
log.configure("console", service="sample")
def connect():
    url = "postgresql://inkmeter:hunter2@db/inkmeter"
    raise ValueError("the device said \x1b]0;pwned\x07")
try:
    connect()
except ValueError:
    structlog.get_logger().exception("look_broke", printer="a\x1b[31m\n2026-01-01 [info] forged")
"""


def test_on_a_terminal_a_traceback_shows_no_variables_and_foreign_text_steers_nothing():
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=True)
    assert "ValueError: the device said" in done.stderr
    assert "hunter2" not in done.stderr
    assert "\x1b" not in done.stderr
    assert not any(line.startswith("2026-01-01") for line in done.stderr.splitlines())
