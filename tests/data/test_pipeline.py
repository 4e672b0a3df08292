"""The pipeline: equal bytes whatever the workers, after kill -9, and after any edits of the folder."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from samovar.core.errors import CorruptError, DataError, MissingError
from samovar.data.corpus import build_corpus, read_corpus
from samovar.data.pipeline import ordered, plan, run, unit_stream
from samovar.data.pipeline.verdicts import read_verdicts
from samovar.data.pipeline.workers import Workers
from samovar.data.readers.input_file import InputFile
from samovar.data.settings import DataSettings

STEPS: list[Any] = [
    "normalise",
    {"step": "length", "min_characters": 40},
    "redact",
    {"step": "boilerplate", "min_documents": 4},
    "exact_dedup",
    "near_dedup",
    {"step": "length", "min_characters": 60},
]
WORDS = tuple(
    re.findall(r"\w+", "чай самовар tea pot вода water leaf лист sugar сахар cup чашка lemon лимон table стол")
)
FOOTER = "Confidential. This message is for the person named above alone."


def text(number: int) -> str:
    """A text that differs from others but for what the steps look for: copies, near copies, footers, addresses."""
    draw = random.Random(number)
    body = " ".join(draw.choices(WORDS, k=60))
    if number % 7 == 0:
        body = " ".join(random.Random(number // 21).choices(WORDS, k=60)) + f" {number // 3}"
    if number % 5 == 0:
        body += f"\nWrite to person{number}@example.org please."
    if number % 11 == 0:
        body = "short"
    return f"{body}\r\n{FOOTER}\n" if number % 2 else f"{body}\n"


def folder_of(root: Path, numbers: range | list[int]) -> Path:
    for number in numbers:
        path = root / "documents" / f"{number % 5}" / f"{number:03d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(number), encoding="utf-8")
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    return root


def build(root: Path, name: str, *, units: Path | None = None, **changes: Any) -> tuple[dict[str, Any], Path]:
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 1, "validation_share": 0.1, **changes})
    metrics = build_corpus(settings, root=root, out=root / name, units=units, progress_quiet=True)
    return metrics, root / name


def assert_same(one: Path, other: Path) -> None:
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name


@pytest.fixture
def many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_stream, "BATCH_UNITS", 5)
    monkeypatch.setattr(unit_stream, "BATCH_BYTES", 3000)
    monkeypatch.setattr(ordered, "BATCH_DOCUMENTS", 7)
    monkeypatch.setattr(run, "_MEASURED_CHARACTERS", 1)
    monkeypatch.setattr(run, "_WORTH_A_WORKER_CHARACTERS_PER_S", float("inf"))


@pytest.mark.usefixtures("many_batches")
def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    folder_of(tmp_path, range(60))
    (tmp_path / "documents" / "noise.bin").write_bytes(bytes(range(256)))
    metrics, alone = build(tmp_path, "one")
    assert {"length: too short", "exact_dedup: same text as an earlier document", "near_dedup: near-duplicate"} <= set(
        metrics["dropped"]
    )
    assert metrics["masked"]["email"] > 3
    for workers in (2, 3):
        same, out = build(tmp_path, f"by-{workers}", workers=workers)
        assert same == metrics
        assert_same(alone, out)


def test_workers_share_the_documents_of_one_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, range(20))
    rows = [json.dumps({"text": text(number)}, ensure_ascii=False) for number in range(100, 400)]
    (tmp_path / "documents" / "1" / "all.jsonl").write_text("\n".join(rows), encoding="utf-8")
    metrics, alone = build(tmp_path, "alone")
    monkeypatch.setattr(unit_stream, "SHARED_BYTES", 2000)
    monkeypatch.setattr(ordered, "BATCH_DOCUMENTS", 40)
    shared: list[str] = []
    make_shared = Workers.make_shared
    monkeypatch.setattr(
        Workers, "make_shared", lambda self, task: (shared.append(task.unit.name), make_shared(self, task))[1]
    )
    same, out = build(tmp_path, "shared", workers=2)
    assert shared == ["documents/1/all.jsonl"]
    assert same == metrics
    assert_same(alone, out)


def test_every_document_is_kept_or_has_one_row_that_says_why_not(tmp_path: Path) -> None:
    folder_of(tmp_path, range(60))
    metrics, out = build(tmp_path, "c")
    kept = {document.id: document for split in ("train", "validation") for document in read_corpus(out, split)}
    rows = list(read_verdicts(out))
    dropped = Counter(row.id for row in rows if row.verdict == "dropped")
    assert set(dropped.values()) == {1}
    assert not dropped.keys() & kept.keys()
    assert len(dropped) + len(kept) == 60 == metrics["documents_read"]
    by_step = Counter(f"{row.step}: {row.reason}" for row in rows if row.verdict == "dropped")
    assert by_step == metrics["dropped"]
    for row in rows:
        if row.step == "near_dedup":
            assert row.detail.split(" to ")[1].removesuffix(", which stays") in kept
        if row.step == "redact":
            assert (row.verdict, row.detail) == ("edited", "email 1")
    mine = [row for row in rows if row.source == "documents/0/005.txt"]
    assert {row.step for row in mine} >= {"normalise", "redact"}


def test_random_edits_end_in_what_a_fresh_build_gives(tmp_path: Path) -> None:
    draw = random.Random(5)
    folder_of(tmp_path, range(40))
    units = tmp_path / "units"
    build(tmp_path, "kept", units=units)
    for round_ in range(6):
        files = sorted((tmp_path / "documents").rglob("*.txt"))
        for path in draw.sample(files, 3):
            edit = draw.choice(["change", "remove", "rename", "touch", "swap"])
            if edit == "change":
                path.write_text(text(draw.randrange(1000)), encoding="utf-8")
            elif edit == "remove":
                path.unlink()
            elif edit == "rename":
                path.rename(path.with_name(f"r{round_}-{path.name}"))
            elif edit == "touch":
                os.utime(path)
            else:
                path.write_text(path.read_text(encoding="utf-8")[::-1], encoding="utf-8")
        folder_of(tmp_path, [100 + round_])
        metrics, kept = build(tmp_path, "kept", units=units)
        same, fresh = build(tmp_path, f"fresh-{round_}")
        assert metrics == same
        assert_same(kept, fresh)
    num_files = len(list((tmp_path / "documents").rglob("*.txt")))
    assert (units / "index").stat().st_size == 56 * num_files
    assert not list(units.glob("*.index"))


def test_only_what_changed_is_read_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path, range(20))
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 1})

    def said() -> str:
        build_corpus(settings, root=tmp_path, out=tmp_path / "c", units=tmp_path / "units")
        return capfd.readouterr().err

    assert "read 20 files\n" in said()
    assert "read 0 files; 20 are as they were" in said()
    (tmp_path / "documents" / "1" / "001.txt").write_text(text(77), encoding="utf-8")
    (tmp_path / "documents" / "2" / "002.txt").unlink()
    assert "read 1 file; 18 are as they were" in said()
    settings = settings.model_copy(update={"steps": settings.steps[:1]})
    assert "read 19 files\n" in said(), "with other steps, what was kept is of no use"


def test_files_that_gave_no_text_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path, range(3))
    for number in range(4):
        row = json.dumps({"story": "Tea", "verb": "boil"})
        (tmp_path / "documents" / f"rows{number}.jsonl").write_text(f"{row}\n{row}\n", encoding="utf-8")
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 1})
    for _ in range(2):  # read now, or by an earlier run
        build_corpus(settings, root=tmp_path, out=tmp_path / "c", units=tmp_path / "units")
        said = capfd.readouterr().err
        assert "no text in 4 of 7:" in said
        assert "documents/rows0.jsonl: a row without text in text, content or body (line 1 has story, verb)" in said
        assert "and 1 more" in said


def test_a_corpus_without_text_says_so_whatever_its_steps_show(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rows.jsonl").write_text('{"story": "Tea"}\n{"story": "More"}\n', encoding="utf-8")
    settings = DataSettings.model_validate({"workers": 1})
    with pytest.raises(DataError, match=r"rows\.jsonl \(line 1 has story\)") as raised:
        build_corpus(settings, root=tmp_path, out=tmp_path / "c", progress_quiet=True)
    assert "text_field" in (raised.value.hint or "")


KILLED = """
import sys
from pathlib import Path
from samovar.data.corpus import build_corpus
from samovar.data.pipeline import plan, unit_stream
from samovar.data.settings import DataSettings
plan.reading_version = lambda: "as it was"
unit_stream.BATCH_UNITS = 4
if __name__ == "__main__":
    root = Path(sys.argv[1])
    settings = DataSettings.model_validate_json(sys.argv[2])
    build_corpus(settings, root=root, out=root / "killed", units=root / "units")
"""


def test_a_killed_run_is_taken_up_where_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "reading_version", lambda: "as it was")
    folder_of(tmp_path, range(300))
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 2, "validation_share": 0.1})
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), settings.model_dump_json()],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )
    children: list[psutil.Process] = []
    try:
        while process.poll() is None and _num_recorded(tmp_path / "units") < 20:
            time.sleep(0.005)
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "killed" / "report.md").exists(), "it was killed before its end"
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, "workers end with their parent"
    build_corpus(settings, root=tmp_path, out=tmp_path / "killed", units=tmp_path / "units")
    said = capfd.readouterr().err
    num_kept = int(said.split("files; ")[1].split(" ")[0])
    assert 20 <= num_kept < 300
    _, whole = build(tmp_path, "whole")
    assert_same(whole, tmp_path / "killed")


def _num_recorded(units: Path) -> int:
    return sum(path.stat().st_size for path in units.glob("*.index")) // 56


def test_a_damaged_store_is_named_and_read_anew_the_next_time(tmp_path: Path) -> None:
    folder_of(tmp_path, range(8))
    units = tmp_path / "units"
    _, whole = build(tmp_path, "whole", units=units)
    (segment,) = units.glob("*.units")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    with pytest.raises(CorruptError, match="the store of units"):
        build(tmp_path, "again", units=units)
    shutil.rmtree(tmp_path / "again")
    _, again = build(tmp_path, "again", units=units)
    assert_same(whole, again)
    for cut in (0, 30, 57, 100):
        index = units / "index"
        index.write_bytes(index.read_bytes()[:cut])
        _, again = build(tmp_path, "again", units=units)
        assert_same(whole, again)


@pytest.mark.usefixtures("many_batches")
def test_a_missing_package_is_told_once_by_whichever_process_misses_it(tmp_path: Path) -> None:
    folder_of(tmp_path, range(30))
    missing = tmp_path / "no-such-words.txt"
    for workers in (1, 2):
        with pytest.raises(MissingError, match=r"no-such-words\.txt does not exist") as raised:
            build(tmp_path, "c", steps=[{"step": "redact", "own": [{"file": str(missing)}]}], workers=workers)
        assert raised.value.hint


def test_dictionaries_are_part_of_what_is_kept(tmp_path: Path) -> None:
    folder_of(tmp_path, range(4))
    words = tmp_path / "words.txt"
    steps = [{"step": "redact", "own": [{"file": "words.txt"}]}]
    words.write_text("самовар\n", encoding="utf-8")
    build(tmp_path, "c", steps=steps, units=tmp_path / "units")
    assert "чай" in _all_text(tmp_path / "c")
    assert "самовар" not in _all_text(tmp_path / "c")
    words.write_text("чай\n", encoding="utf-8")
    build(tmp_path, "c", steps=steps, units=tmp_path / "units")
    assert "чай" not in _all_text(tmp_path / "c")
    assert "самовар" in _all_text(tmp_path / "c")


def _all_text(corpus: Path) -> str:
    return json.dumps(
        [document.text for split in ("train", "validation") for document in read_corpus(corpus, split)],
        ensure_ascii=False,
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_what_failed_for_the_moment_is_tried_again(tmp_path: Path, workers: int) -> None:
    folder_of(tmp_path, range(1, 6))
    settings = DataSettings.model_validate({"steps": ["normalise"], "workers": workers})

    def num_read(name: str) -> int:
        build_corpus(settings, root=tmp_path, out=tmp_path / name, units=tmp_path / "units")
        files = map(json.loads, (tmp_path / name / "files.jsonl").read_text().splitlines())
        return sum(file["documents"] for file in files)

    # Root reads whatever the permissions say.
    with pytest.MonkeyPatch.context() as patch:
        real = InputFile.first_bytes

        def failing(self: InputFile, size: int) -> bytes:
            if self.account.file.endswith("003.txt"):
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(self, size)

        patch.setattr(InputFile, "first_bytes", failing)
        assert num_read("first") == 4
        assert "permission denied" in (tmp_path / "first" / "files.jsonl").read_text()
    assert num_read("second") == 5
    assert "permission denied" not in (tmp_path / "second" / "files.jsonl").read_text()
