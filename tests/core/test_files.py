"""Files written whole: what stands in them, and what a failure leaves; and locks."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from samovar.core.errors import BusyError, ResourceError
from samovar.core.files import exclusive_lock, naming_os_errors, write_json_lines


def test_rows_are_a_line_each_in_utf_8(tmp_path: Path) -> None:
    rows = [{"text": "чай\nи мёд"}, {"text": ""}, {}]
    write_json_lines(tmp_path / "inner" / "rows.jsonl", rows)
    written = (tmp_path / "inner" / "rows.jsonl").read_bytes()
    assert "чай".encode() in written
    assert [json.loads(line) for line in written.split(b"\n")[:-1]] == rows
    assert written.endswith(b"}\n")


def test_rows_that_fail_half_way_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_json_lines(path, [{"old": 1}])

    def rows() -> Iterator[dict[str, int]]:
        yield {"new": 1}
        raise RuntimeError("the disk on fire")

    with pytest.raises(RuntimeError):
        write_json_lines(path, rows())
    assert path.read_text() == '{"old": 1}\n'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["file/below", "file/below/deep", "/proc/here", "file"])
def test_a_place_where_nothing_can_be_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / place
    with pytest.raises(ResourceError) as caught, naming_os_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    assert str(path) in caught.value.what
    assert caught.value.hint
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_lock_that_its_holder_removes_as_it_is_taken_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real, calls = tmp_path / "lock", fcntl.flock, []

    def removed_meanwhile(file: IO[str], how: int) -> None:
        calls.append(how)
        if len(calls) == 1:
            path.unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with exclusive_lock(path, what="it"):
        assert path.read_text() == str(os.getpid()), "others see that it is held"
        with pytest.raises(BusyError, match=f"process {os.getpid()}"), exclusive_lock(path, what="it"):
            pass
    assert len(calls) == 3
