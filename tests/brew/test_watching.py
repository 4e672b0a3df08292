"""What a dashboard reads: rows as they are appended, runs that go on or are renamed, projects where nothing runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samovar.brew.forecast import Machine
from samovar.brew.run_rows import Tail
from samovar.brew.watching import Watch
from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import write_atomic, write_json
from samovar.train.journal import METRICS, RUN


def row(step: int, **more: Any) -> str:
    plain = {"step": step, "loss": 4.0 - step / 10, "gradient_norm": 1.0, "tokens": 100 * step, "seconds": 2.0 * step}
    return json.dumps(plain | {"learning_rate": 0.02} | more) + "\n"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "samovar.yaml").write_text("pretrain: {tokens: 4096, batch_tokens: 1024}\n")
    (tmp_path / ".samovar" / "artifacts").mkdir(parents=True)
    return tmp_path


def stage(project: Path, name: str) -> Path:
    folder = project / ".samovar" / "artifacts" / name
    folder.mkdir()
    return folder


def test_who_watches_has_neither_torch_nor_tensorboard_in_memory() -> None:
    code = "import sys, samovar.brew.watching; sys.exit(bool({'torch', 'tensorboardX'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_what_was_added_is_read_and_half_a_line_waits(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    tail = Tail(path)
    assert tail.read().tokens == []
    path.write_text(row(1) + row(2))
    rows = tail.read()
    assert rows.tokens == [100, 200]
    whole = row(3, sample="tea")
    append(path, whole[:20])
    assert tail.read().tokens == [100, 200]
    append(path, whole[20:])
    assert tail.read().tokens == [100, 200, 300]
    assert tail.rows is rows, "nothing was read twice"
    assert rows.samples == {"sample": "tea"}


def test_a_run_that_went_on_from_a_checkpoint_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    path.write_text(row(1) + row(2) + row(3))
    tail = Tail(path)
    tail.read()
    write_atomic(path, row(1))
    append(path, row(2, loss=1.0))
    assert [one.value for one in tail.read().loss.points] == [3.9, 1.0]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_text("{]\n")
    with pytest.raises(CorruptError, match="damaged line"):
        Tail(tmp_path / METRICS).read()


def test_the_speed_is_that_of_the_last_minute(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    # A slow minute of compiling, then 100 tokens every 2 seconds.
    path.write_text("".join(row(n, seconds=(100.0 if n else 0.0) + 2.0 * n) for n in range(100)))
    assert Tail(path).read().tokens_per_second() == pytest.approx(50.0)


def test_waiting_then_running_then_renamed_and_finished(project: Path) -> None:
    watch = Watch(project)
    assert (watch.look().state, watch.look().making) == ("waiting", None)
    (project / ".samovar" / "lock").write_text(str(os.getpid()))
    stage(project, "data-1.partial")
    assert watch.look().making == "data"
    folder = stage(project, "pretrain-2.partial")
    write_json(folder / RUN, {"title": "pretrain", "tokens": 1000, "steps": 10, "process": os.getpid()})
    assert watch.look().state == "running"
    append(folder / METRICS, row(1) + row(2) + row(5))
    now = watch.look()
    assert (now.stage, now.total_tokens) == ("pretrain", 1000)
    assert now.seconds_left == pytest.approx((1000 - 500) / 50)
    folder.rename(folder.with_suffix(""))
    (folder.with_suffix("") / "manifest.json").write_text("{}")
    now = watch.look()
    assert now.state == "finished"
    assert len(now.rows.tokens) == 3, "the rows are still there, each once"


def test_a_process_that_is_gone_is_a_run_that_stopped(project: Path) -> None:
    folder = stage(project, "sft-2.partial")
    write_json(folder / RUN, {"tokens": 1000, "process": 2**22 + 1})
    append(folder / METRICS, row(1))
    assert Watch(project).look().state == "stopped"


def test_the_newest_run_is_shown(project: Path) -> None:
    for number, name in enumerate(("pretrain-1", "sft-2.partial")):
        append(stage(project, name) / METRICS, row(number + 1))
        os.utime(project / ".samovar" / "artifacts" / name / METRICS, (number, 1000 + number))
    assert Watch(project).look().stage == "sft"


def test_an_older_run_is_told_by_the_recipe(project: Path) -> None:
    append(stage(project, "pretrain-1") / METRICS, row(1) + row(2))
    about = Watch(project).look().about
    assert (about["tokens"], about["steps"]) == (4096, 4)


def test_mfu_against_the_measured_and_the_published_peak(project: Path) -> None:
    folder = stage(project, "pretrain-1.partial")
    append(folder / METRICS, row(1) + row(2))
    write_json(folder / RUN, {"flops_per_token": 2e9, "device": "some processor"})
    assert Watch(project).look().mfu is None, "no peak is known"
    Machine(project / ".samovar" / "probe.json").measured("peak", [], lambda: {"flops_per_second": 4e11})
    now = Watch(project).look()
    assert now.mfu == pytest.approx(50 * 2e9 / 4e11)
    assert "measured" in now.peak_source
    write_json(folder / RUN, {"flops_per_token": 2e9, "device": "NVIDIA H100 80GB HBM3", "world_size": 2})
    now = Watch(project).look()
    assert now.mfu == pytest.approx(50 * 2e9 / (2 * 989.4e12))
    assert "published" in now.peak_source


def test_memory_is_the_run_s_own_word_or_its_process_s(project: Path) -> None:
    folder = stage(project, "pretrain-1.partial")
    append(folder / METRICS, row(1))
    write_json(folder / RUN, {"process": os.getpid()})
    memory = Watch(project).look().memory_bytes
    assert memory is not None
    assert memory > 2**20
    append(folder / METRICS, row(2, memory_bytes=77))
    assert Watch(project).look().memory_bytes == 77


def test_one_stage_s_folder_can_be_watched(tmp_path: Path) -> None:
    folder = tmp_path / "base.partial"
    folder.mkdir()
    append(folder / METRICS, row(1))
    assert Watch(tmp_path / "base").look().rows.tokens == [100]
    for missing in (tmp_path / "nothing", tmp_path):
        with pytest.raises(MissingError):
            Watch(missing)


def iteration(number: int, **numbers: float) -> str:
    return json.dumps({"step": number, "seconds": 10.0 * number} | numbers) + "\n"


def test_a_run_by_reward_is_watched_by_its_iterations(project: Path) -> None:
    folder = stage(project, "grpo-3.partial")
    write_json(folder / RUN, {"title": "reinforcement", "steps": 8, "process": os.getpid()})
    append(folder / METRICS, iteration(0, held_out=0.25))
    now = Watch(project).look()
    assert (now.done, now.whole, now.seconds_left) == (0.0, 8, None)
    append(folder / METRICS, iteration(1, reward=0.5, loss=0.1) + iteration(2, reward=0.7, loss=0.1, held_out=0.75))
    now = Watch(project).look()
    assert (now.state, now.done) == ("running", 2.0)
    assert now.seconds_left == pytest.approx(6 * 10)
    assert now.rows.curve.points == [(1, 0.5), (2, 0.7)]
    assert now.rows.curve.checks == [(0, 0.25), (2, 0.75)]
    assert now.rows.curve.smoothed == pytest.approx(0.5 + 0.1 * 0.2)


def test_self_improvement_is_watched_by_the_share_that_was_right(project: Path) -> None:
    folder = stage(project, "improve-3")
    append(folder / METRICS, iteration(0, held_out=0.2) + iteration(1, success=0.4, held_out=0.3, loss=2.0, tokens=512))
    assert Watch(project).look().rows.curve.points == [(1, 0.4)]
