"""What is expected of sources that a short probe does not read to their end."""

from __future__ import annotations

import gzip
import json
import random
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from samovar.brew import data_forecast
from samovar.brew.data_forecast import probe_data
from samovar.data.settings import DataSettings

SETTINGS = DataSettings.model_validate({"sources": ["documents"], "steps": ["normalise", "length"], "workers": 1})


def write_rows(path: Path, num_rows: int) -> None:
    """Documents of 500 characters, each in a line that is not much longer."""
    line = json.dumps({"text": "word " * 100}) + "\n"
    path.write_text(line * num_rows, encoding="utf-8")


def test_all_is_read_where_a_second_is_enough(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    write_rows(tmp_path / "documents" / "a.jsonl", 40)
    assert probe_data(SETTINGS, tmp_path)["characters"] == pytest.approx(40 * 500, rel=0.01)


@pytest.mark.parametrize("small_files", [1, 30])
def test_a_large_file_begun_and_not_ended_counts_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_files: int
) -> None:
    clock = SimpleNamespace(monotonic=count().__next__)  # a second a document
    monkeypatch.setattr(data_forecast, "time", clock)
    monkeypatch.setattr(data_forecast, "PROBE_SECONDS", small_files + 3)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "0.md").write_text("About this folder, in one short line of text that is kept.\n", encoding="utf-8")
    for number in range(small_files):
        write_rows(documents / f"1_{number:02}.jsonl", 1)
    write_rows(documents / "2.jsonl", 4_000)
    size_bytes = sum(file.stat().st_size for file in documents.iterdir())
    assert probe_data(SETTINGS, tmp_path)["characters"] == pytest.approx(size_bytes, rel=0.05)


def test_a_packed_file_counts_for_more_than_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prose of other words in each line, so that gzip leaves about a third of it, as of prose."""
    monkeypatch.setattr(data_forecast, "time", SimpleNamespace(monotonic=count().__next__))
    draw = random.Random(1)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 8))) for _ in range(1000)]
    rows = [json.dumps({"text": " ".join(draw.choices(words, k=100))}) + "\n" for _ in range(1000)]
    (tmp_path / "documents").mkdir()
    with gzip.open(tmp_path / "documents" / "a.jsonl.gz", "wt") as file:
        file.writelines(rows)
    characters = probe_data(SETTINGS, tmp_path)["characters"]
    assert characters == pytest.approx(sum(map(len, rows)), rel=0.3)
