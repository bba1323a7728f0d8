"""What a local stack refuses, each in one sentence with the remedy; and whose servers it leaves alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from deploy.local.identity import is_alive
from deploy.local.jars import REMEMBERED, kafka_jars
from deploy.local.kafka import KafkaServer
from deploy.local.paths import Layout
from deploy.local.stack import LocalStack
from deploy.local.stack_options import StackOptions
from deploy.local.state import write_json
from deploy.local.status import status_of
from shared.errors import ConfigError
from shared.stack import read_stack
from tests.deadline import eventually

STAND_IN = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
address = os.environ["INKMETER_HTTP_HOST"], int(os.environ["INKMETER_HTTP_PORT"])
http.server.HTTPServer(address, Answer).serve_forever()
"""
"""A service that is ready at once: what is shown here is about the stack around it."""


def up(data_dir, *arguments, **settings):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INKMETER_")}
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "up", "--data-dir", str(data_dir), *arguments],
        env=clean | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done, *words):
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("inkmeter: ")
    for word in words:
        assert word in message


def test_a_taken_port_is_named_with_the_remedy(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = str(listener.getsockname()[1])
        refused(up(tmp_path, INKMETER_LOCAL_KAFKA_PORT=port), port, "kafka", "--ports free")
    assert not (tmp_path / "stack.json").exists()


def test_data_of_another_postgresql_is_refused(tmp_path):
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    refused(up(tmp_path, "--ports", "free"), "PostgreSQL 15", "--data-dir")


def test_a_wrong_setting_of_the_stack_is_named(tmp_path):
    done = up(tmp_path, INKMETER_LOCAL_KAFKA_HEAP="much", INKMETER_LOCAL_POSTGRES_PORT="0")
    refused(done, "INKMETER_LOCAL_KAFKA_HEAP", "INKMETER_LOCAL_POSTGRES_PORT")


def test_a_detached_start_tells_why_it_failed_and_exits_like_it(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = str(listener.getsockname()[1])
        done = up(tmp_path, "--detach", INKMETER_LOCAL_KAFKA_PORT=port)
    assert done.returncode == 2
    assert port in done.stderr


def test_kafka_does_not_start_with_a_jar_that_was_changed(tmp_path):
    good = kafka_jars(tmp_path)
    folder = tmp_path / "jars"
    folder.mkdir()
    for jar in good:
        shutil.copy(jar, folder)
    broker = next(folder.glob("kafka_2.13-*.jar"))
    broker.write_bytes(broker.read_bytes()[:-1] + b"x")
    kafka = KafkaServer(tmp_path / "kafka")
    kafka.folder.mkdir()
    write_json(kafka.folder / REMEMBERED, [str(folder / jar.name) for jar in good])
    with pytest.raises(ConfigError, match=broker.name):
        kafka.start()
    assert kafka.pid is None


async def test_servers_elsewhere_are_used_and_not_stopped(tmp_path, monkeypatch, kafka, database_url):
    monkeypatch.setenv("INKMETER_KAFKA_BOOTSTRAP", kafka.bootstrap)
    monkeypatch.setenv("INKMETER_DATABASE_URL", database_url)
    options = StackOptions(
        data_dir=tmp_path,
        free_ports=True,
        services=("collector",),
        command=lambda _name: (sys.executable, "-c", STAND_IN),
        prepare=False,
    )
    async with LocalStack(options) as stack:
        found = read_stack(tmp_path)
        assert (found.kafka.bootstrap, found.database.url) == (kafka.bootstrap, database_url)
        assert (found.kafka_pid, found.postgres_pid) == (None, None)
        parts = {part.name: part for part in status_of(Layout(tmp_path)).parts}
        assert all(part.ready for part in parts.values()), parts
        assert (parts["kafka"].pid, parts["postgres"].pid) == (None, None)
        [service] = [state for state in stack._supervisor.states() if state.name == "collector"]
    assert not is_alive(service.pid, service.mark)
    assert kafka.pid, "a server that is not the stack's own goes on"


async def test_a_service_with_wrong_settings_ends_the_start_with_its_own_words(
    tmp_path, monkeypatch, kafka, database_url
):
    monkeypatch.setenv("INKMETER_KAFKA_BOOTSTRAP", kafka.bootstrap)
    monkeypatch.setenv("INKMETER_DATABASE_URL", database_url)
    wrong = "import sys; print('inkmeter: INKMETER_TIMEZONE: no such zone'); sys.exit(2)"
    options = StackOptions(
        data_dir=tmp_path,
        free_ports=True,
        services=("reporting",),
        command=lambda _name: (sys.executable, "-c", wrong),
        prepare=False,
    )
    with pytest.raises(ConfigError, match=r"reporting can't start: INKMETER_TIMEZONE"):
        async with LocalStack(options):
            pass
    eventually(lambda: not (tmp_path / "processes.json").exists(), within_s=5, what="nothing is left")
