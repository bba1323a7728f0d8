"""The files that PostgreSQL and Kafka start from."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from deploy.local import kafka_files
from deploy.local.postgres_files import clear_leftovers, refuse_other_major
from shared.errors import ConfigError


def test_kafka_listens_on_loopback_only_and_makes_no_topics_by_itself():
    text = kafka_files.properties(Path("/data/kafka"), port=9092, controller_port=9093)
    lines = dict(line.split("=", 1) for line in text.splitlines())
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert lines["controller.quorum.voters"] == "1@127.0.0.1:9093"
    assert lines["auto.create.topics.enable"] == "false"
    assert lines["broker.session.timeout.ms"] == "2000"
    assert lines["log.dirs"] == "/data/kafka"


def test_a_setting_can_be_replaced():
    text = kafka_files.properties(
        Path("/data"), port=1, controller_port=2, settings={"offsets.topic.num.partitions": "1"}
    )
    assert text.count("offsets.topic.num.partitions") == 1
    assert "offsets.topic.num.partitions=1\n" in text


def test_a_folder_that_kafka_would_read_as_two_is_refused():
    with pytest.raises(ConfigError, match="comma"):
        kafka_files.properties(Path("/data/a,b"), port=1, controller_port=2)


def test_a_cluster_id_is_sixteen_bytes_in_twenty_two_characters():
    text = kafka_files.cluster_id()
    assert len(text) == 22
    assert len(base64.urlsafe_b64decode(text + "==")) == 16


def test_data_of_another_major_version_of_postgresql_is_refused(tmp_path):
    (tmp_path / "PG_VERSION").write_text("15\n")
    with pytest.raises(ConfigError, match="made by PostgreSQL 15, and this is PostgreSQL 18"):
        refuse_other_major(tmp_path, "18")
    refuse_other_major(tmp_path, "15")
    refuse_other_major(tmp_path / "new", "18")


def test_the_pid_file_of_a_crashed_server_is_removed(tmp_path):
    (tmp_path / "postmaster.pid").write_text("999999999\n/data\n")
    clear_leftovers(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_the_process_that_got_a_crashed_servers_pid_is_left_alone(tmp_path):
    # Process 1 always runs, and is no server of this folder.
    (tmp_path / "postmaster.pid").write_text("1\n/data\n")
    clear_leftovers(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()
