"""metrics.jsonl is read as it was written, whatever the rows hold and wherever the run was killed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto import event_pb2

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


def events(folder: Path) -> list[Any]:
    """TensorBoard's events: records of a length, its checksum, the event and its checksum (tensorflow/core/lib/io)."""
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack_from("<Q", data, place)
            found.append(event_pb2.Event.FromString(data[place + 12 : place + 12 + length]))
            place += 12 + length + 4
    return found


def test_tensorboard_gets_every_number_and_text_at_its_step(tmp_path: Path) -> None:
    journal = Journal(tmp_path, first_step=0, about={})
    for step in (1, 2, 3):
        journal.write(step, {"loss": 4.0 / step, "tokens": 100 * step})
    journal.write(4, {"loss": 1.0, "sample": "tea"})
    journal.close()
    (first,) = (tmp_path / "tensorboard").iterdir()
    first.rename(first.with_name("events.out.tfevents.1.first"))  # files are named after the second they are begun in
    resumed = Journal(tmp_path, first_step=2, about={})  # killed after its checkpoint: what came later is done again
    resumed.write(3, {"loss": 1.5})
    resumed.close()
    found = events(tmp_path / "tensorboard")
    values = [(event.step, value.tag, value.simple_value) for event in found for value in event.summary.value]
    assert [(step, number) for step, tag, number in values if tag == "loss"] == [
        (1, 4.0), (2, 2.0), (3, pytest.approx(4 / 3)), (4, 1.0), (3, 1.5),
    ]  # fmt: skip
    assert (2, "tokens", 200.0) in values
    # What a reader drops, it drops from this step on: the row of the checkpoint's own step stays.
    assert [event.step for event in found if event.HasField("session_log")] == [3]
    texts = [value for event in found for value in event.summary.value if value.tag.startswith("sample")]
    assert [value.tensor.string_val for value in texts] == [[b"tea"]]


def test_a_run_killed_before_its_first_checkpoint_begins_its_curves_anew(tmp_path: Path) -> None:
    for name in ("1.killed", "2.whole"):
        journal = Journal(tmp_path, first_step=0, about={})
        journal.write(1, {"loss": 2.0})
        journal.close()
        latest = max((tmp_path / "tensorboard").iterdir(), key=lambda path: len(path.name))
        latest.rename(latest.with_name(f"events.out.tfevents.{name}"))
    assert [event.step for event in events(tmp_path / "tensorboard") if event.HasField("session_log")] == [1]


def test_a_last_line_cut_off_is_left_out_and_any_other_is_named(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    whole, cut = '{"step": 1}\n', '{"step": 2, "sample": "чай'
    for num_bytes in range(len(cut.encode())):  # within a letter, too
        path.write_bytes(whole.encode() + cut.encode()[:num_bytes])
        assert read_metrics(path) == [{"step": 1}]
    path.write_text('{"ste\n{"step": 2}\n', encoding="utf-8")
    with pytest.raises(CorruptError, match=f"{METRICS}:1"):
        read_metrics(path)
