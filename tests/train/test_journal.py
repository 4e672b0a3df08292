"""metrics.jsonl is read as it was written, whatever the rows hold and wherever the run was killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.core.errors import CorruptError
from samovar.train.journal import METRICS, Journal, read_metrics

TEXT = "one\u2028two\u0085three\x1cfour\nfive"
"""Ends of lines to Unicode, though not to JSON Lines."""


def test_a_row_is_one_line_whatever_it_says(tmp_path: Path) -> None:
    journal = Journal(tmp_path, first_step=0, about={})
    journal.write(1, {"loss": 2.0, "sample": TEXT})
    journal.write(2, {"loss": 1.0})
    journal.close()
    rows = read_metrics(tmp_path / METRICS)
    assert rows == [{"step": 1, "loss": 2.0, "sample": TEXT}, {"step": 2, "loss": 1.0}]
    resumed = Journal(tmp_path, first_step=1, about={})
    resumed.close()
    assert read_metrics(tmp_path / METRICS) == rows[:1]


def test_a_last_line_cut_off_is_left_out_and_any_other_is_named(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    whole, cut = '{"step": 1}\n', '{"step": 2, "sample": "чай'
    for num_bytes in range(len(cut.encode())):  # within a letter, too
        path.write_bytes(whole.encode() + cut.encode()[:num_bytes])
        assert read_metrics(path) == [{"step": 1}]
    path.write_text('{"ste\n{"step": 2}\n', encoding="utf-8")
    with pytest.raises(CorruptError, match=f"{METRICS}:1"):
        read_metrics(path)
