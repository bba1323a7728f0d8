"""Jobs that are brought to a running collector, by what its pages say: curl, a watched folder, Windows events."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deadline import eventually
from tests.integration.test_collector import events_of, wait_for
from tests.running import Running

PAGES = Path(__file__).parents[2] / "docs/printers"
SETTINGS = {"INKMETER_WATCH_INTERVAL_S": "0.2", "INKMETER_WINDOWS_WAIT_S": "0"}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", (PAGES / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def shop(tmp_path: Path, database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Running]:
    data_dir = tmp_path / "shop"
    data_dir.mkdir()
    folder = tmp_path / "in"
    folder.mkdir()
    mapping, _ = blocks("files.md", "toml")[:2]
    (tmp_path / "rip.toml").write_text(mapping.replace("[job]", '[printer]\nid = { value = "rip-1" }\n[job]'))
    (tmp_path / "watch.toml").write_text(
        '[[folders]]\nname = "rip"\npath = "in"\npattern = "*.csv"\nmapping = "rip.toml"\nsettle_s = 0\n'
    )
    running = Running(data_dir, database_url=database_url, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix)
    running.start("collector", INKMETER_WATCH=str(tmp_path / "watch.toml"), **SETTINGS)
    try:
        yield running
    finally:
        running.close()


def bash(shop: Running, script: str) -> str:
    url = f"http://127.0.0.1:{shop.ports['collector']}"
    environment = shop.environment(INKMETER_TOKEN_FILE=str(shop.data_dir / "token"), URL=url, TOKEN=shop.token)
    script = script.replace("URL=http://127.0.0.1:7081", f"URL={url}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_every_example_of_the_http_page_works_and_brings_each_job_once(shop: Running):
    script = "\n".join(blocks("http.md", "sh"))
    first = await asyncio.to_thread(bash, shop, script)
    again = await asyncio.to_thread(bash, shop, script)
    assert first.count('"duplicate":false') == 4
    assert again.count('"duplicate":true') == 1, "the one without a key"
    assert again.count('"duplicate":false') == 3, "the first answers again"
    found = await wait_for(shop, "jobs.v1", 4)
    assert sorted(each["data"]["job"]["device_job_id"] for each in found) == ["42", "7", "8", "9"]


async def test_the_files_of_the_files_page_become_jobs_and_the_commands_show_them(shop: Running, tmp_path: Path):
    (csv,) = blocks("files.md", "csv")
    (tmp_path / "jobs.csv").write_text(csv)
    checked = shop.inkmeter("mapping", "check", str(tmp_path / "rip.toml"), str(tmp_path / "jobs.csv"))
    assert (checked.returncode, "2 jobs, 0 records refused" in checked.stdout) == (0, True), checked.stderr

    (tmp_path / "in/.part").write_text(csv + "43;never;;;;;;;;;;;;\n")
    (tmp_path / "in/.part").rename(tmp_path / "in/jobs.csv")
    found = await wait_for(shop, "jobs.v1", 2)
    assert [each["data"]["person"]["claimed"] for each in found] == ["alice", "bob"]
    assert found[1]["data"]["outcome"] == "cancelled_by_user"
    assert found[0]["source"] == "/collector/c1/rip"
    eventually((tmp_path / "in/done/jobs.csv").exists, within_s=10, what="the file is moved")
    (rejects,) = (tmp_path / "in").glob("*.rejects.jsonl")
    assert json.loads(rejects.read_text())["line"] == 4

    (tmp_path / "in/odd.csv").symlink_to(tmp_path / "jobs.csv")
    eventually(lambda: shop.inkmeter("folders").returncode == 1, within_s=10, what="the odd file is told")
    shown = shop.inkmeter("folders").stdout
    assert "odd.csv is a symbolic link, which is never read" in shown
    (state,) = json.loads(shop.inkmeter("folders", "--json").stdout)
    assert (state["jobs"], state["refused"], state["last_file"]) == (2, 1, "jobs.csv")
    (tmp_path / "in").rename(tmp_path / "gone")
    eventually(lambda: shop.http("collector", "GET", "/readyz")[0] == 503, within_s=10, what="not ready")
    assert len(await events_of(shop, "jobs.v1")) == 2


async def test_the_events_of_the_windows_page_become_one_job(shop: Running):
    (script,) = blocks("windows.md", "sh")
    assert '"new":2' in await asyncio.to_thread(bash, shop, script)
    (event,) = await wait_for(shop, "jobs.v1", 1)
    assert event["_key"] == "windows:printsrv.example.com/plotter a"
    assert event["data"]["lines"] == [{"impressions": 6, "colour_mode": "colour"}]
    assert '"new":0' in await asyncio.to_thread(bash, shop, script)


async def test_a_collector_whose_watched_folders_are_named_wrongly_does_not_start(shop: Running, tmp_path: Path):
    shop.stop("collector")
    (tmp_path / "rip.toml").write_text("name = 1")
    done = shop.inkmeter("run", "collector", INKMETER_WATCH=str(tmp_path / "watch.toml"), **SETTINGS)
    assert (done.returncode, "rip.toml" in done.stderr) == (2, True), done.stderr
