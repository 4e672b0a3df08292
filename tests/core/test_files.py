"""Files written whole: what stands in them, and what a failure leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.core.files import write_json_lines


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
