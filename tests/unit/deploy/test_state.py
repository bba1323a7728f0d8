"""Files that the supervisor leaves: private, whole, and forgiving to read."""

from __future__ import annotations

import stat

from deploy.local.state import ChildState, StackState, read_json, secret_of, write_json, write_private
from services.collector.vault import KEY_BYTES, parse_keys


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "token"
    first = secret_of(path)
    assert len(first) >= 32
    assert secret_of(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_is_a_key_that_the_collector_takes(tmp_path):
    (key,) = parse_keys(secret_of(tmp_path / "secret-key"))
    assert len(key) == KEY_BYTES


def test_an_empty_secret_is_made_anew(tmp_path):
    path = tmp_path / "token"
    path.write_text("\n")
    assert secret_of(path)


def test_a_file_is_replaced_whole_and_stays_private(tmp_path):
    path = tmp_path / "stack.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_written_is_read_back(tmp_path):
    state = StackState(7, (ChildState("kafka", 8, "99", 1, 15, "127.0.0.1:9092", 2),))
    write_json(tmp_path / "state", state)
    assert read_json(tmp_path / "state", StackState) == state


def test_a_missing_or_damaged_file_reads_as_nothing(tmp_path):
    (tmp_path / "damaged").write_text('{"supervisor_pid": ')
    assert read_json(tmp_path / "missing", StackState) is None
    assert read_json(tmp_path / "damaged", StackState) is None
