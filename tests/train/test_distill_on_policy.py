"""What the student draws itself: which steps, which rows, that it learns from them, and that a killed run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import samovar.train.distill as distillation
from samovar.agent.habits import Habits
from samovar.chat.conversation import Conversation, Message
from samovar.chat.rows import Row
from samovar.core.errors import DataError
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import IGNORED, Batch
from samovar.train.distill import distill
from samovar.train.distill_settings import DistillSettings
from samovar.train.drawing import draw_rows, questions
from samovar.train.drawn_rows import DrawnRows
from samovar.train.objectives.contract import measured
from samovar.train.objectives.distill import Distill
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.rl.rollouts import Player
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.rl_tasks import RIGHT, WordOf
from tests.train.tiny_preferences import KIND, tiny_model, write_rows

LOOP = {
    "batch_tokens": 512, "micro_batch_tokens": 256, "context": 128, "compile": "off", "validations": 1,
    "tasks": {"word_of": 1.0}, "checkpoint_every_s": 0.001,
}  # fmt: skip


def rows_of(folder: Path, token: int, count: int) -> PackedRows:
    """Rows of one conversation each, which is made of one token."""
    row = Row([token] * 8, [False] * 4 + [True] * 4)
    pack_rows([row] * count, folder, context=7, vocab_size=300, pad_id=0, max_rows=count)
    return PackedRows(folder)


def drawing(tmp_path: Path, asked: list[int], **changes: Any) -> DrawnRows:
    def draw(period: int, folder: Path) -> None:
        asked.append(period)
        row = [Row([100 + 10 * period + number] * 8, [False] * 4 + [True] * 4) for number in range(4)]
        pack_rows(row, folder, context=7, vocab_size=300, pad_id=0, max_rows=4)

    how: dict[str, Any] = {"share": 0.5, "first_step": 4, "rows_per_step": 2, "steps_at_once": 2} | changes
    return DrawnRows(rows_of(tmp_path / "own", 5, 6), draw, tmp_path / "drawn", **how)


def test_which_steps_are_drawn_and_which_rows_they_get(tmp_path: Path) -> None:
    asked: list[int] = []
    rows = drawing(tmp_path, asked)
    seen = []
    for step in range(14):
        rows.prepare(step)
        batches = [rows.batch(np.array([number])) for number in (3, 1)]
        assert rows.batch(np.array([3])).tokens_BT.tolist() == batches[0].tokens_BT.tolist()
        assert len({batch.is_drawn for batch in batches}) == 1
        seen.append((batches[0].is_drawn, [int(batch.tokens_BT[0, 0]) for batch in batches]))
    assert [step for step, (is_drawn, _) in enumerate(seen) if is_drawn] == [5, 7, 9, 11, 13]
    assert all(tokens == [5, 5] for is_drawn, tokens in seen if not is_drawn)
    drawn = [tokens for is_drawn, tokens in seen if is_drawn]
    assert drawn == [[100, 101], [102, 103], [110, 111], [112, 113], [120, 121]]
    assert asked == [0, 1, 2]


def test_a_run_that_begins_in_the_middle_gets_what_it_would_have_got(tmp_path: Path) -> None:
    asked: list[int] = []
    rows = drawing(tmp_path, asked)
    for step in range(12):
        rows.prepare(step)
    before = rows.batch(np.array([4, 0])).tokens_BT
    again = drawing(tmp_path, asked)
    again.prepare(11)
    assert torch.equal(again.batch(np.array([4, 0])).tokens_BT, before)
    assert asked == [0, 1]


@pytest.mark.parametrize(("share", "first"), [(1.0, 0), (0.3, 0), (0.25, 7)])
def test_the_share_is_kept(tmp_path: Path, share: float, first: int) -> None:
    rows = drawing(tmp_path, [], share=share, first_step=first)
    assert rows.num_drawn(first) == 0
    assert rows.num_drawn(first + 100) == round(100 * share)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assistant that has learnt the word."""
    folder = tmp_path_factory.mktemp("teacher")
    (folder / "out").mkdir()
    settings = SftSettings.model_validate({**LOOP, "tokens": 16_000, "learning_rate": 0.02})
    sft(settings, base=tiny_model(folder / "base", width=96), out=folder / "out", tasks={"word_of": WordOf()})
    return folder / "out"


def test_the_right_token_is_no_lesson_where_the_student_drew_it(teacher: Path) -> None:
    model = load_model(teacher, dtype=torch.float32)
    tokens = torch.tensor([[1, 2, 3, 4]])
    target = torch.tensor([[IGNORED, 3, 4, 5]])
    plain = Batch(tokens, target, None)
    objective = Distill(model, "reverse", 0.5, 1.0, 0.5)
    with torch.no_grad():
        of_data, of_own = (
            measured(objective.loss_sum(model, batch, model.hidden(tokens))).loss.item()
            for batch in (plain, plain._replace(is_drawn=True))
        )
    assert of_own == pytest.approx(0.0, abs=1e-4), "it is its own teacher here"
    assert of_data > 1.0


def test_questions_are_of_tasks_and_of_ones_own_talks(tmp_path: Path) -> None:
    said = [Message(role=role, content=content) for role, content in
            (("user", "one"), ("assistant", "two"), ("user", "three"), ("assistant", "four"))]  # fmt: skip
    asked = questions({"word_of": WordOf()}, {"word_of": 1.0}, [Conversation(messages=said)], own_share=0.5, seed="a")
    found = [next(asked) for _ in range(200)]
    own = [example for example in found if example.task == "own"]
    assert 60 < len(own) < 140
    assert {tuple(one.content for one in example.prompt) for example in own} == {("one",), ("one", "two", "three")}
    assert len({example.prompt[0].content for example in found if example.task != "own"}) > 20


def test_answers_are_packed_with_what_was_drawn_as_targets(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = Tokenizer.load(teacher)
    player = Player(load_model(teacher, dtype=torch.float32), tokenizer, Habits(tools=()), max_tokens=8)
    asked = questions({"word_of": WordOf()}, {"word_of": 1.0}, [], own_share=0.0, seed="b")
    draw_rows(player, asked, tmp_path, num_rows=3, context=128, seed=0)
    rows = PackedRows(tmp_path)
    assert len(rows) == 3
    batch = rows.batch(np.arange(3))
    told = tokenizer.decode(batch.target_BT[0][batch.target_BT[0] != IGNORED].tolist())
    assert told.count(f"{RIGHT}.") > 2
    monkeypatch.setattr("samovar.train.drawing._MOST_UNFIT", 5)
    with pytest.raises(DataError, match="5 questions after each other leave no room"):
        draw_rows(
            Player(player.model, tokenizer, Habits(tools=()), max_tokens=127), asked, tmp_path / "none", num_rows=1,
            context=128, seed=0,
        )  # fmt: skip


def taught(teacher: Path, student: Path, out: Path, **changes: Any) -> dict[str, Any]:
    how = {
        **LOOP, "tokens": 6 * 512, "answer_tokens": 8, "learning_rate": 0.003, "divergence": "reverse",
        "on_policy": 1.0, "on_policy_after": 0.0, "drawn_at_once": 2,
    }  # fmt: skip
    out.mkdir(exist_ok=True)
    settings = DistillSettings.model_validate(how | changes)
    return distill(
        settings, teacher=teacher, student=student, out=out, tasks={"word_of": WordOf()}, habits=Habits(tools=())
    )


def share_right(folder: Path, tokenizer: Tokenizer) -> float:
    """Of the answers in packed rows, those that say the teacher's word."""
    rows = PackedRows(folder)
    target_BT = rows.batch(np.arange(len(rows))).target_BT
    said = tokenizer.decode(target_BT[target_BT != IGNORED].tolist())
    return said.count(RIGHT) / sum(said.count(word) for word in KIND)


def test_it_learns_from_its_own_answers_and_a_killed_run_goes_on_to_the_same_weights(
    teacher: Path, guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(teacher, guesser, tmp_path / "whole")
    rows = [json.loads(line) for line in (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert len(rows) == 6
    assert rows[-1]["divergence"] < rows[0]["divergence"] / 2
    drawn = sorted((tmp_path / "whole" / "scratch" / "drawn").iterdir())
    assert [folder.name for folder in drawn] == ["period-00000", "period-00001", "period-00002"]
    shares = [share_right(folder, Tokenizer.load(teacher)) for folder in drawn]
    assert shares[0] < 0.75
    assert shares[-1] > shares[0] + 0.15, shares

    real: Callable[..., None] = distillation.draw_rows
    calls: list[Path] = []

    def dies(player: Player, asked: Any, folder: Path, **how: Any) -> None:
        calls.append(folder)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(player, asked, folder, **how)

    monkeypatch.setattr(distillation, "draw_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        taught(teacher, guesser, tmp_path / "killed")
    taught(teacher, guesser, tmp_path / "killed")
    assert [folder.name for folder in calls] == ["period-00000", "period-00001", "period-00001", "period-00002"]
    ended = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert ended[0] == ended[1]


def test_a_cached_teacher_and_ones_own_answers_go_together(teacher: Path, guesser: Path, tmp_path: Path) -> None:
    found = taught(teacher, guesser, tmp_path / "out", top_k=4, tokens=2_048, on_policy=0.5, alone=True)
    assert list((tmp_path / "out" / "scratch").glob("expected-*/index.json"))
    assert list((tmp_path / "out" / "scratch" / "drawn").iterdir())
    assert np.isfinite(found["validation_loss"])
    assert found["alone"]["steps"] == found["steps"]
    alone = load_model(tmp_path / "out" / "alone", dtype=torch.float32)
    assert alone.settings == load_model(tmp_path / "out", dtype=torch.float32).settings


def test_own_conversations_alone_can_be_asked(teacher: Path, guesser: Path, tmp_path: Path) -> None:
    talk = {"messages": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": f"{RIGHT}."}]}
    path = write_rows(tmp_path / "talks.jsonl", [talk])
    (tmp_path / "out").mkdir()
    settings = DistillSettings.model_validate({
        **LOOP, "tasks": {}, "tokens": 512, "answer_tokens": 8, "on_policy": 1.0, "on_policy_after": 0,
        "max_epochs": 100, "batch_tokens": 128, "micro_batch_tokens": 128, "drawn_at_once": 1,
    })  # fmt: skip
    distill(
        settings, teacher=teacher, student=guesser, out=tmp_path / "out", tasks={}, conversations=[path],
        habits=Habits(tools=()),
    )  # fmt: skip
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert list((tmp_path / "out" / "scratch" / "drawn").iterdir())
