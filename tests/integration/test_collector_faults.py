"""The collector as a process when the world fails it: Kafka away for long, the disk full, the clock set back."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.deadline import eventually
from tests.fixtures.cups.documents import pdf
from tests.fixtures.cups.ippeveprinter import start_ippeveprinter
from tests.integration.test_collector import _print, wait_for
from tests.jobs import job
from tests.running import Running

JOBS: Final = 5_000
PRINTERS: Final = 40
LIBRARY: Final = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
POLL: Final = {"INKMETER_POLL_INTERVAL_S": "0.5"}


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    try:
        yield running
    finally:
        running.close()


def post(shop: Running, numbers: range, *, printers: int = 1) -> tuple[int, Any]:
    jobs = [job(number, printer=f"p{number % printers}") for number in numbers]
    return shop.http("collector", "POST", "/v1/jobs", {"jobs": jobs})


def waiting(shop: Running) -> int:
    """Records in the journal."""
    return int(shop.http("collector", "GET", "/v1/journal")[1]["records"])


def check(shop: Running, name: str) -> dict[str, Any]:
    answer = shop.http("collector", "GET", "/readyz")[1]
    return next(each for each in answer["checks"] if each["name"] == name)


def assert_in_order(found: list[dict[str, Any]], count: int) -> None:
    """Each job once; those of a printer in the order in which they were brought, with growing running numbers."""
    assert len({event["id"] for event in found}) == len(found) == count
    assert_per_printer(found)


def assert_per_printer(found: list[dict[str, Any]]) -> None:
    told: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in found:
        number = event["data"]["job"]
        told[event["_key"]].append((int(number["device_job_id"]), number["source_sequence"]))
    for pairs in told.values():
        assert pairs == sorted(pairs)
        assert [sequence for _, sequence in pairs] == sorted({sequence for _, sequence in pairs})


async def test_five_thousand_jobs_wait_for_kafka_and_arrive_in_order(shop: Running, kafka) -> None:
    """How long Kafka is away makes no difference to the journal: what counts is how much has come meanwhile."""
    shop.start("collector")
    kafka.stop()
    try:
        for first in range(0, JOBS, 1_000):
            status, answer = post(shop, range(first, first + 1_000), printers=PRINTERS)
            assert status == 202, answer
            if first == JOBS // 2:
                shop.kill("collector")
                shop.launch("collector")
                eventually(lambda: waiting(shop), within_s=30, what="it is back")
        journal = shop.http("collector", "GET", "/v1/journal")[1]
        assert (journal["records"], bool(journal["kafka_fault"])) == (JOBS, True)
        assert f"{JOBS} records wait in the journal" in check(shop, "kafka")["detail"]
    finally:
        kafka.start()

    found = await wait_for(shop, "jobs.v1", JOBS, within_s=90)

    assert_in_order(found, JOBS)
    shop.wait_ready("collector", within_s=30)
    assert waiting(shop) == 0


@contextmanager
def small_disk(folder: Path, *, size: str) -> Iterator[Path]:
    """A disk of its own at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room; gives the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as out:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue
    return ballast


@pytest.mark.needs("root", "mount")
async def test_a_full_disk_refuses_jobs_and_loses_none_that_was_taken(shop: Running) -> None:
    with small_disk(shop.data_dir / "collector", size="24m") as disk:
        shop.start("collector")
        assert post(shop, range(500))[0] == 202
        ballast = fill(disk)

        taken = 500
        refused: Any = None
        while refused is None and taken < 40_000:
            status, answer = post(shop, range(taken, taken + 500))
            if status == 202:
                taken += 500
            else:
                assert status == 503, answer
                refused = answer
        assert "journal can't be written" in refused["detail"]
        assert check(shop, "journal")["ok"] is False
        assert shop.http("collector", "GET", "/v1/printers")[0] == 200, "the rest goes on"
        shop.kill("collector")
        shop.launch("collector")
        ballast.unlink()
        eventually(lambda: check(shop, "journal")["ok"], within_s=30, what="the journal is written again")

        assert post(shop, range(taken, taken + 500))[0] == 202
        eventually(lambda: waiting(shop) == 0, within_s=60, what="the journal is empty")
        shop.stop("collector")
    found = await wait_for(shop, "jobs.v1", taken + 500)
    # What Kafka had acknowledged and the full disk could not note comes once more after the kill, and only once.
    once = list({event["id"]: event for event in found}.values())
    assert len(found) <= len(once) + 500
    assert_in_order(once, taken + 500)


@pytest.mark.needs("faketime", "ippeveprinter", "ipptool", "dbus-daemon")
async def test_a_clock_that_is_set_back_mixes_up_nothing(shop: Running, tmp_path: Path) -> None:
    """Two hours back while it runs, and right again when it starts: order, numbers and identities go on."""
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    fake = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    device = start_ippeveprinter(tmp_path / "eve")
    try:
        shop.start("collector", **POLL, **fake)
        shop.json("printers", "add", device.uri, "--name", "plotter")
        document = pdf(tmp_path / "plan.pdf")
        _print(device.uri, document)
        await wait_for(shop, "jobs.v1", 1)
        looked_at = shop.json("printers", "show", "plotter")["status"]["looked_at"]
        assert post(shop, range(20))[0] == 202

        clock.write_text("-7200\n")
        eventually(
            lambda: shop.json("printers", "show", "plotter")["status"]["looked_at"] < looked_at,
            within_s=15,
            what="the collector's clock is behind",
        )
        assert post(shop, range(20, 40))[0] == 202
        _print(device.uri, document)
        await wait_for(shop, "jobs.v1", 42)
        shop.kill("collector")
        shop.start("collector", **POLL)  # the clock is right again: two hours ahead
        eventually(
            lambda: shop.json("printers", "show", "plotter")["status"]["succeeded_at"], within_s=15, what="a look"
        )
        assert [answer["duplicate"] for answer in post(shop, range(40))[1]["items"]] == [True] * 40
        assert post(shop, range(40, 41))[0] == 202
        found = await wait_for(shop, "jobs.v1", 43)
    finally:
        device.stop()
    brought = [event for event in found if event["_key"] == "p0"]
    assert_in_order(brought, 41)
    printed = [event["data"] for event in found if event["_key"] != "p0"]
    assert len(printed) == 2, "the device's jobs are not told again under another time"
    assert [each["job"]["source_sequence"] for each in printed] == [1, 2]
