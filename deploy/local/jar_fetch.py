"""Fetches jars with jgo, a Maven client in pure Python, and shows how far it is."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import jgo
from jgo.config import GlobalSettings
from jgo.env import Environment
from jgo.maven import PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

from deploy.local.say import Say
from deploy.local.waiting import Abort, Aborted
from shared.errors import ConfigError, Unreachable

LOCK_NAME: Final = "inkmeter.lock"


def fetch(coordinates: Sequence[str], *, expected: int, abort: Abort, say: Say) -> tuple[Path, ...]:
    """The jars of all coordinates with what they need, one for each file name; the cache is asked first.

    Raises:
        Unreachable: the repository can't be reached.
        ConfigError: it has them not, or the cache can't be written.
        Aborted: told so.
    """
    settings = GlobalSettings.load()
    found: dict[str, Path] = {}
    try:
        with (
            _one_at_a_time(Path(settings.cache_dir)),
            _Bar(expected, Path(settings.repo_cache), abort, say) as bar,
        ):
            for each in coordinates:
                resolver = PythonResolver(progress_callback=bar.download)
                environment = jgo.build(each, resolver=resolver, repositories=settings.repositories)
                found.update({jar.name: jar for jar in lasting(environment, Path(settings.repo_cache))})
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"Kafka's jars are not to be had: {error}",
            remedy="Check this machine's Maven settings, or set INKMETER_KAFKA_BOOTSTRAP to a Kafka of yours.",
        ) from error
    except OSError as error:  # every failure of the network is one: requests' errors derive from it
        raise Unreachable(
            f"Kafka's jars can't be fetched ({type(error).__name__}): is there a network? "
            "Only the first start needs it; --debug tells more."
        ) from error
    return tuple(found.values())


def lasting(environment: Environment, repository: Path) -> list[Path]:
    """An environment's jars where they stay: in the local Maven repository, if that has them.

    jgo empties the environment's own folder and fills it again at each start of anybody that has not remembered
    where the jars are. Another start that just reads them then misses one, and so may a running Java, which opens
    a jar only once it needs a class of it.
    """
    kept: dict[str, Path] = {}
    for each in environment.lockfile.dependencies if environment.lockfile else ():
        classifier = f"-{each.classifier}" if each.classifier else ""
        name = f"{each.artifactId}-{each.version}{classifier}.jar"
        jar = repository.joinpath(*each.groupId.split("."), each.artifactId, each.version, name)
        if jar.is_file():
            kept[name] = jar
    return [kept.get(jar.name, jar) for jar in environment.all_jars]


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    """Two first starts at the same moment would write the same files."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / LOCK_NAME).open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Bar:
    """A line on stderr that counts jars; it appears with the first download, not when the cache has all."""

    def __init__(self, expected: int, repository: Path, abort: Abort, say: Say) -> None:
        self._expected = expected
        self._repository = repository
        self._abort = abort
        self._say = say
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("Fetching Apache Kafka (once)", total=None)
        self._jars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    @contextmanager
    def download(self, name: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
        """Called by jgo around each file."""
        if not self._progress.live.is_started:
            self._say(f"Fetching Apache Kafka and what it needs, once: {self._expected} jars ...")
            self._progress.start()
        self._jars += name.endswith(".jar")
        text = f"Fetching Apache Kafka (once): {min(self._jars, self._expected)} of {self._expected} jars"
        self._progress.update(self._task, description=text)

        def advance(count_bytes: int) -> None:
            if self._abort.is_set():
                raise Aborted(name)
            self._progress.update(self._task, advance=count_bytes)

        try:
            yield advance
        except BaseException:
            self._remove_partial(name, size_bytes)
            raise

    def _remove_partial(self, name: str, size_bytes: int) -> None:
        """Half a file would pass for a whole one at the next start."""
        for path in self._repository.rglob(name):
            with suppress(OSError):
                if path.stat().st_size < size_bytes:
                    path.unlink()
