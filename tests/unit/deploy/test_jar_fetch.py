"""Fetched jars are named where they stay, whatever other starts do to the cache meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import jgo
import pytest
from jgo.env import Environment, LockedDependency, LockFile

from deploy.local import jar_fetch
from deploy.local.jars import JarLock, check_jars, kafka_jars

CONTENT = b"logging"
NAME = "log4j-api-2.25.4.jar"
LOCK = JarLock(("org.apache.logging.log4j:log4j-api:2.25.4",), {NAME: hashlib.sha256(CONTENT).hexdigest()})


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Caches of our own, the repository holding one jar, and a jgo that builds as it does when it has all."""
    settings = SimpleNamespace(
        cache_dir=tmp_path / "cache", repo_cache=tmp_path / "repository", repositories={"central": "never-asked"}
    )
    folder = settings.repo_cache / "org" / "apache" / "logging" / "log4j" / "log4j-api" / "2.25.4"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(CONTENT)
    monkeypatch.setattr(jar_fetch.GlobalSettings, "load", lambda: settings)
    monkeypatch.setattr(jgo, "build", lambda *_, **__: built(settings.cache_dir, folder / NAME))
    return settings


def built(cache: Path, jar: Path) -> Environment:
    """An environment like that of log4j, whose jars are all modules: jgo takes it for empty and fills it anew."""
    environment = Environment(cache / "envs" / "org" / "log4j")
    shutil.rmtree(environment.modules_dir, ignore_errors=True)
    environment.modules_dir.mkdir(parents=True)
    shutil.copyfile(jar, environment.modules_dir / jar.name)
    LockFile([LockedDependency("org.apache.logging.log4j", "log4j-api", "2.25.4")]).save(environment.lock_path)
    return environment


def test_jars_stay_while_another_start_empties_the_environment_and_fills_it_again(settings, tmp_path):
    jars = kafka_jars(tmp_path, lock=LOCK)
    shutil.rmtree(settings.cache_dir / "envs")

    check_jars(jars, LOCK.sha256)
    assert kafka_jars(tmp_path, lock=LOCK) == jars


def test_a_jar_that_the_repository_has_not_is_taken_from_the_environment(settings, tmp_path):
    environment = built(settings.cache_dir, next(settings.repo_cache.rglob(NAME)))
    shutil.rmtree(settings.repo_cache)

    assert jar_fetch.lasting(environment, settings.repo_cache) == [environment.modules_dir / NAME]
