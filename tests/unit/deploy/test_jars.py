"""Kafka's jars are what the lock says, or they are refused."""

from __future__ import annotations

import hashlib
import re

import pytest

from deploy.local.jars import REMEMBERED, JarLock, check_jars, kafka_jars, read_lock
from deploy.local.jars_lock import lock_text
from deploy.local.state import write_json
from shared.errors import ConfigError

CONTENT = {"kafka.jar": b"broker", "log4j.jar": b"logging"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


@pytest.fixture
def jars(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in CONTENT]


def test_jars_as_in_the_lock_pass(jars):
    check_jars(jars, SHA256)


def test_a_jar_with_another_content_is_refused_by_name(jars):
    jars[0].write_bytes(b"brokem")
    with pytest.raises(ConfigError, match=r"different: .*kafka\.jar"):
        check_jars(jars, SHA256)


def test_a_missing_jar_is_refused_by_name(jars):
    with pytest.raises(ConfigError, match=r"missing: log4j\.jar"):
        check_jars(jars[:1], SHA256)


def test_a_jar_that_is_not_in_the_lock_is_refused_by_name(jars):
    with pytest.raises(ConfigError, match=r"not in the lock: log4j\.jar"):
        check_jars(jars, {"kafka.jar": SHA256["kafka.jar"]})


def test_remembered_jars_are_checked_at_every_start(jars, tmp_path):
    lock = JarLock(("never:asked:1",), SHA256)
    write_json(tmp_path / REMEMBERED, [str(jar) for jar in jars])
    assert kafka_jars(tmp_path, lock=lock) == tuple(jars)
    jars[1].write_bytes(b"longing")
    with pytest.raises(ConfigError, match=r"different: .*log4j\.jar"):
        kafka_jars(tmp_path, lock=lock)


def test_the_lock_in_the_code_holds_digests_and_no_address():
    lock = read_lock()
    assert any("kafka_2.13:4.3.0" in each for each in lock.coordinates)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in lock.sha256.values())
    assert "://" not in lock_text(lock.coordinates, lock.sha256)


def test_broker_and_client_in_the_lock_are_of_one_version():
    versions = {name.rpartition("-")[2] for name in read_lock().sha256 if name.startswith(("kafka-", "kafka_"))}
    assert versions == {"4.3.0.jar"}


def test_a_lock_that_is_written_reads_back():
    lock = read_lock()
    assert read_lock(lock_text(lock.coordinates, lock.sha256)) == lock
