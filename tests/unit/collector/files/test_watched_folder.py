"""A watched folder: each record once, bad ones set aside with the reason, odd files told and left alone."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.collector.files.folders import load_folders
from services.collector.files.looking import look
from services.collector.journal import Journal
from services.collector.journal.store import Store
from shared.clock import FixedClock
from shared.errors import ConfigError
from tests.unit.collector.files.shop import HEADER, MAPPING, NOW, Shop, opened, row, write_folders
from tests.unit.collector.registry_rows import printer


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path, write_folders(tmp_path)) as made:
        yield made


async def test_a_file_becomes_jobs_and_is_moved(shop: Shop):
    shop.put("a.csv", HEADER + row(1) + row(2, 5))
    await shop.look()
    one, two = await shop.jobs()
    assert (one["printer"]["id"], one["person"]["claimed"], two["lines"][0]["sheets"]) == ("id-1", "alice", 5)
    assert one["job"]["source"] == "rip"
    assert (shop.names(), shop.names("done")) == (set(), {"a.csv"})
    state = shop.watch.state
    assert (state.files, state.jobs, state.refused, state.last_file) == (1, 2, 0, "a.csv")


async def test_the_same_file_again_is_no_second_job_under_whatever_name(shop: Shop):
    for name in ("a.csv", "a.csv", "b.csv"):
        shop.put(name, HEADER + row(1))
        await shop.look()
    assert await shop.numbers() == [1]
    assert shop.names() == set()
    assert {"a.csv", "b.csv"} <= shop.names("done")


async def test_records_that_were_in_an_earlier_file_are_no_second_jobs(shop: Shop):
    shop.put("monday.csv", HEADER + row(1) + row(2))
    await shop.look()
    shop.put("tuesday.csv", HEADER + row(1) + row(2) + row(3))
    await shop.look()
    assert await shop.numbers() == [1, 2, 3]
    assert shop.watch.state.duplicates == 2


async def test_a_record_that_was_taken_with_other_values_is_refused(shop: Shop):
    shop.put("a.csv", HEADER + row(1, 1))
    shop.put("b.csv", HEADER + row(1, 2) + row(2))
    await shop.look()
    assert [each["lines"][0]["sheets"] for each in await shop.jobs()] == [1, 1]
    (rejects,) = [each for each in shop.names() if each.endswith(".rejects.jsonl")]
    assert "taken before with other values" in (shop.folder.path / rejects).read_text()


async def test_bad_records_are_written_beside_with_their_reasons_and_the_good_ones_are_taken(shop: Shop):
    bad = row(2, "many") + row(3, printer="nobody")
    shop.put("a.csv", HEADER + row(1) + bad + row(4))
    await shop.look()
    assert await shop.numbers() == [1, 4]
    (rejects,) = shop.names()
    assert rejects.startswith("a.csv.")
    path = shop.folder.path / rejects
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(each["record"], each["line"], each["raw"]) for each in told] == [
        (2, 3, row(2, "many").strip()),
        (3, 4, row(3, printer="nobody").strip()),
    ]
    assert told[0]["reasons"] == ["lines/1/sheets: 'many': must be a number such as 12.5"]
    assert told[1]["reasons"] == ["no printer nobody is registered: add it, then bring the file again"]
    assert path.stat().st_mode & 0o077 == 0
    await shop.look()
    assert shop.watch.state.refused == 2, "the file of refused records is not taken for one of ours"


async def test_a_file_with_refused_records_may_be_brought_again_once_they_are_good(shop: Shop):
    text = HEADER + row(1) + row(2, printer="plotter-9")
    shop.put("a.csv", text)
    await shop.look()
    shop.rows.rows["id-9"] = printer(9)
    await shop.registry.refresh()
    shop.put("a.csv", text)
    await shop.look()
    assert await shop.numbers() == [1, 2]
    assert shop.watch.state.duplicates == 1


async def test_a_file_is_taken_only_when_nobody_has_written_to_it_for_long_enough(tmp_path: Path):
    async with opened(tmp_path, write_folders(tmp_path, settle_s=5)) as shop:
        path = shop.put("a.csv", HEADER + row(1))
        await shop.look()
        shop.now_s = 4
        path.write_text(HEADER + row(1) + row(2))
        await shop.look()
        shop.now_s = 8
        await shop.look()
        assert await shop.numbers() == []
        assert shop.watch.state.waiting == 1
        shop.now_s = 9
        await shop.look()
        assert await shop.numbers() == [1, 2]


async def test_names_of_what_is_not_whole_yet_are_passed_over(shop: Shop):
    for name in (".a.csv", "a.csv.tmp", "a.csv.part", "a.csv~"):
        shop.put(name, HEADER + row(1))
    await shop.look()
    assert await shop.numbers() == []
    (shop.folder.path / "a.csv.part").rename(shop.folder.path / "a.csv")
    await shop.look()
    assert await shop.numbers() == [1]


async def test_what_is_no_file_is_told_and_never_opened(shop: Shop, tmp_path: Path):
    secret = tmp_path / "secret.csv"
    secret.write_text(HEADER + row(1))
    (shop.folder.path / "link.csv").symlink_to(secret)
    os.mkfifo(shop.folder.path / "pipe.csv")
    (shop.folder.path / "folder.csv").mkdir()
    shop.put("good.csv", HEADER + row(2))
    await shop.look()
    assert await shop.numbers() == [2]
    assert shop.problems == {
        "link.csv": "is a symbolic link, which is never read",
        "pipe.csv": "is no regular file, which is never read",
    }


async def test_a_file_that_can_not_be_read_by_the_mapping_stays_and_is_told_until_it_is_changed(shop: Shop):
    path = shop.put("a.csv", "x,y\n1,2\n")
    await shop.look()
    await shop.look()
    assert "has no column 'id'" in shop.problems["a.csv"]
    assert shop.names() == {"a.csv"}
    path.write_text(HEADER + row(1))
    await shop.look()
    assert (await shop.numbers(), shop.problems) == ([1], {})


async def test_a_mapping_that_fits_no_record_stops_at_a_file_and_keeps_it(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.collector.files.taking.MAX_REFUSED", 10)
    shop.put("a.csv", HEADER + "".join(row(number, "x") for number in range(11)))
    await shop.look()
    assert "is it the right mapping?" in shop.problems["a.csv"]
    assert shop.names() == {"a.csv"}


async def test_a_log_with_some_bad_lines_goes_on_for_ever_and_tells_the_newest(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("services.collector.files.taking.MAX_REFUSED", 10)
    monkeypatch.setattr("services.collector.files.taking.NEWEST_REFUSED", 5)
    folder = write_folders(tmp_path, grows=True)
    async with opened(tmp_path, folder) as shop:
        path = shop.put("log", HEADER)
        for number in range(0, 40, 2):
            with path.open("a") as file:
                file.write(row(number) + row(number + 1, "x" if number % 3 else 1))
            await shop.look()
        assert shop.problems == {}
        told = [json.loads(line)["raw"] for line in (folder.path / "log.rejects.jsonl").read_text().splitlines()]
        assert [int(each.split(",")[0]) for each in told] == [27, 29, 33, 35, 39]
        assert len(await shop.numbers()) == 27


async def test_a_folder_whose_printer_is_not_registered_waits_for_it(tmp_path: Path):
    async with opened(tmp_path, write_folders(tmp_path, printer="plotter-2")) as shop:
        shop.put("a.csv", HEADER + row(1))
        await shop.look()
        assert "no printer plotter-2 is registered" in shop.problems["a.csv"]
        shop.rows.rows["id-2"] = printer(2)
        await shop.registry.refresh()
        await shop.look()
        (job,) = await shop.jobs()
        assert (job["printer"]["id"], shop.problems) == ("id-2", {})


async def test_a_kept_file_stays_and_is_taken_again_only_when_it_changes(tmp_path: Path):
    folder = write_folders(tmp_path, when_done="keep")
    async with opened(tmp_path, folder) as shop:
        shop.put("a.csv", HEADER + row(1))
        for _ in range(3):
            await shop.look()
        assert (shop.watch.state.files, shop.names()) == (1, {"a.csv"})
    async with opened(tmp_path, folder) as shop:
        await shop.look()
        shop.put("a.csv", HEADER + row(1) + row(2))
        await shop.look()
        assert await shop.numbers() == [1, 2]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_a_file_that_grows_goes_on_where_it_was_also_after_a_restart(tmp_path: Path, form: str):
    folder = write_folders(tmp_path, form, grows=True)

    def line(number: int) -> str:
        text = row(number) if form == "csv" else ""
        return text or json.dumps({"id": number, "at": "2026-11-02T08:00:00Z", "n": 1}) + "\n"

    path = folder.path / "log"
    path.write_text((HEADER if form == "csv" else "") + line(1) + line(2)[:9])
    async with opened(tmp_path, folder) as shop:
        await shop.look()
        assert await shop.numbers() == [1], "a line that has no end yet is none"
        with path.open("a") as file:
            file.write(line(2)[9:] + line(3))
        await shop.look()
        assert await shop.numbers() == [1, 2, 3]
    with path.open("a") as file:
        file.write(line(4) + line(5).replace("1", "x", 1) + "bad\n")
    async with opened(tmp_path, folder) as shop:
        await shop.look()
        assert (await shop.numbers())[:4] == [1, 2, 3, 4]
        assert (shop.watch.state.duplicates, shop.watch.state.jobs >= 1) == (0, True)
        assert "log.rejects.jsonl" in shop.names()


async def test_a_log_that_is_turned_over_begins_anew(tmp_path: Path):
    folder = write_folders(tmp_path, grows=True, pattern="log*")
    async with opened(tmp_path, folder) as shop:
        path = shop.put("log", HEADER + row(1) + row(8, "x"))
        await shop.look()
        with path.open("a") as file:
            file.write(row(2))
        path.rename(path.with_name("log.1"))
        shop.put("log", HEADER + row(3) + row(9, "y"))
        await shop.look()
        path.write_text(HEADER + row(4))
        await shop.look()
        assert sorted(await shop.numbers()) == [1, 2, 3, 4]
        assert shop.watch.state.duplicates == 0
        told = [(folder.path / f"log.earlier-{number}.rejects.jsonl").read_text() for number in (1, 2)]
        assert ["'x'" in told[0], "'y'" in told[1], "'x'" in told[1]] == [True, True, False]


async def test_a_full_disk_leaves_the_file_where_it_is_and_takes_it_later(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    full = Journal(path, clock=FixedClock(NOW), store=Store(path, max_pages=40))
    text = HEADER + "".join(row(number) for number in range(300))
    folder = write_folders(tmp_path)
    async with opened(tmp_path, folder, full) as shop:
        shop.put("a.csv", text)
        await shop.look()
        assert "full" in shop.problems["a.csv"]
        assert (await shop.numbers(), shop.names()) == ([], {"a.csv"})
    async with opened(tmp_path, folder) as shop:
        await shop.look()
        assert await shop.numbers() == list(range(300))


async def test_a_folder_that_can_not_be_read_is_a_fault_and_heals(tmp_path: Path):
    folder = write_folders(tmp_path)
    async with opened(tmp_path, folder) as shop:
        folder.path.rename(tmp_path / "away")
        await shop.look()
        assert "can't be read (No such file or directory)" in str(shop.watch.state.fault)
        (tmp_path / "away").rename(folder.path)
        await shop.look()
        assert shop.watch.state.fault is None


async def test_a_folder_that_hangs_keeps_one_thread_and_is_a_fault_until_it_answers(shop: Shop, monkeypatch):
    shop.put("a.csv", HEADER + row(1))
    answers = threading.Event()
    asked: list[None] = []

    def hang(folder):
        asked.append(None)
        answers.wait()
        return look(folder)

    monkeypatch.setattr("services.collector.files.watching.look", hang)
    shop.watch._timeout_s = 0.01
    for _ in range(3):
        await shop.look()
    assert "does not answer within" in str(shop.watch.state.fault)
    answers.set()
    shop.watch._timeout_s = 30
    await shop.look()
    assert (len(asked), shop.watch.state.fault, await shop.numbers()) == (1, None, [1])


async def test_a_file_that_may_not_be_read_is_told_and_read_once_it_may(shop: Shop, monkeypatch):
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    shop.put("a.csv", HEADER + row(1))
    with monkeypatch.context() as patched:
        patched.setattr("services.collector.files.looking.os.open", refuse)
        await shop.look()
    assert shop.problems == {"a.csv": "can't be read (Permission denied)"}
    await shop.look()
    assert await shop.numbers() == [1]


async def test_a_file_that_can_not_be_moved_is_taken_once_and_told(shop: Shop):
    shop.put("done", "in the way")
    shop.put("a.csv", HEADER + row(1))
    await shop.look()
    await shop.look()
    assert await shop.numbers() == [1]
    assert "can't be moved to done/" in shop.problems["a.csv"]


async def test_a_link_in_the_place_of_done_leads_no_file_elsewhere(shop: Shop, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shop.folder.path / "done").symlink_to(elsewhere)
    shop.put("a.csv", HEADER + row(1))
    await shop.look()
    assert (list(elsewhere.iterdir()), shop.names()) == ([], {"a.csv"})
    assert "can't be moved" in shop.problems["a.csv"]


async def test_refused_records_that_can_not_be_written_are_written_later(shop: Shop):
    path = shop.put("a.csv", HEADER + row(1) + row(2, "x"))
    await shop.look()
    (rejects,) = [each for each in shop.folder.path.iterdir() if each.is_file()]
    told = rejects.read_bytes()
    rejects.unlink()
    rejects.mkdir()
    path.write_text(HEADER + row(1) + row(2, "x"))
    await shop.look()
    assert "refused records can't be written" in shop.problems["a.csv"]
    rejects.rmdir()
    await shop.look()
    assert (rejects.read_bytes(), shop.names("done"), shop.problems) == (told, shop.names("done"), {})
    assert await shop.numbers() == [1]


async def test_a_large_file_is_taken_in_parts(shop: Shop, monkeypatch):
    monkeypatch.setattr("services.collector.files.taking.PART_BYTES", 1_000)
    monkeypatch.setattr("services.collector.files.taking.BATCH", 7)
    shop.put("a.csv", HEADER + "".join(row(number) for number in range(500)))
    await shop.look()
    assert await shop.numbers() == list(range(500))
    assert shop.watch.state.jobs == 500


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "folders"),
        ("[[folders]]\nname='a'\npath='in'\nmapping='none.toml'\n", "none.toml can't be read"),
        ("[[folders]]\nname='a'\npath='in'\nmapping='map.toml'\ncolour=1\n", "unknown field `colour`"),
        ("[[folders]]\nname='a'\npath='in'\nmapping='map.toml'\n" * 2, "same name"),
        ("[[folders]]\nname='a'\npath='in'\nmapping='xml.toml'\ngrows=true\n", "only CSV and JSON lines"),
        ("[[folders]]\nname='a'\npath='in'\nmapping='bad.toml'\n", "bad.toml: The mapping is wrong"),
        ("[[", "no TOML"),
    ],
)
def test_what_names_the_folders_is_checked_before_anything_starts(tmp_path: Path, text: str, why: str):
    (tmp_path / "watch.toml").write_text(text)
    (tmp_path / "map.toml").write_text(MAPPING.format(form="csv"))
    (tmp_path / "xml.toml").write_text(
        MAPPING.format(form="xml").replace("[printer]", "[records]\npath='a'\n[printer]")
    )
    (tmp_path / "bad.toml").write_text(MAPPING.format(form="csv").replace("[[lines]]", "[[lines]]\nwidth='w'"))
    with pytest.raises(ConfigError, match=why):
        load_folders(tmp_path / "watch.toml")
