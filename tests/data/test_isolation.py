"""Parsers in a child process: one child for many files, and what happens when it hangs, crashes, or eats memory."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samovar.core.errors import ResourceError
from samovar.data.account import FileAccount
from samovar.data.readers import InputFile, isolation, read_file
from samovar.data.readers.isolation import Limits, close_children, read_isolated
from samovar.data.readers.problems import UnreadableError
from samovar.data.readers.registry import format_named
from tests.data.reading import read_one


def write_table(path: Path, num_rows: int = 2000) -> InputFile:
    pq.write_table(pa.table({"text": [f"row {number} " + "words " * 300 for number in range(num_rows)]}), path)
    return InputFile(path, path.name, FileAccount(path.name))


def child_pids() -> list[int]:
    return [child._process.pid for child in isolation._idle]


def test_one_child_serves_many_files(tmp_path: Path) -> None:
    close_children()
    for number in range(3):
        path = tmp_path / f"{number}.html"
        path.write_text(f"<html><body><p>Page {number}")
        assert read_one(path).text == f"Page {number}"
    (pid,) = child_pids()
    assert pid != os.getpid()


def test_files_read_side_by_side_have_children_of_their_own(tmp_path: Path) -> None:
    close_children()
    first, second = (read_file(write_table(tmp_path / name)) for name in ("a.parquet", "b.parquet"))
    for left, right in zip(first, second, strict=True):
        assert left.text == right.text
    assert len(set(child_pids())) == 2
    close_children()
    assert not child_pids()


def test_a_file_left_in_the_middle_frees_its_child(tmp_path: Path) -> None:
    close_children()
    documents = read_file(write_table(tmp_path / "a.parquet"))
    next(documents)
    documents.close()
    assert not child_pids()
    path = tmp_path / "a.html"
    path.write_text("<p>next file")
    assert read_one(path).text == "next file"


def test_a_parser_that_hangs_is_stopped_and_the_next_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 300_000)  # lexbor's time grows with the square of the depth
    file = InputFile(path, path.name, FileAccount(path.name))
    with pytest.raises(UnreadableError, match=r"its parser was stopped: nothing came for 0\.5 seconds"):
        list(read_isolated(file, format_named("html"), Limits(silence_s=0.5)))
    path.write_text("<p>next file")
    assert read_one(path).text == "next file"


def test_a_parser_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "big.ipynb"
    path.write_text("<html><body>" + "<p>words</p>" * 500_000)
    file = InputFile(path, path.name, FileAccount(path.name))
    with pytest.raises(UnreadableError, match=r"memory|crashed"):
        list(read_isolated(file, format_named("html"), Limits(memory_bytes=24 << 20)))
    path.write_text("<html><p>next file")
    assert read_one(path).text == "next file"


def test_a_parser_that_crashes_is_named(tmp_path: Path) -> None:
    close_children()
    warm = tmp_path / "a.html"
    warm.write_text("<p>x")
    read_one(warm)
    (pid,) = child_pids()
    file = write_table(tmp_path / "a.parquet")
    documents = []
    for document in read_file(file):
        file.account.documents += 1
        documents.append(document)
        if len(documents) == 1:
            os.kill(pid, signal.SIGSEGV)
    assert 0 < len(documents) < 2000
    assert list(file.account.notes) == ["its parser crashed (SIGSEGV)"]


def test_a_child_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    close_children()
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    with pytest.raises(ResourceError, match="no such library"):
        next(read_file(write_table(tmp_path / "a.parquet")))


def test_a_forked_process_has_children_of_its_own(tmp_path: Path) -> None:
    close_children()
    path = tmp_path / "a.html"
    path.write_text("<p>words")
    read_one(path)
    (pid,) = child_pids()
    forked = os.fork()
    if not forked:
        is_right = not child_pids() and read_one(path).text == "words" and child_pids() != [pid]
        os._exit(0 if is_right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    assert read_one(path).text == "words"
    assert child_pids() == [pid]


def test_halves_of_surrogate_pairs_do_not_end_the_child(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><title>&#xD800;x</title><p>words")
    assert read_one(path).text == "words"
