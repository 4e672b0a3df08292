"""Distillation: divergences against torch's own, the objective against written-out sums, and a student that learns."""

from __future__ import annotations

import importlib
import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from samovar.agent.habits import Habits
from samovar.chat.conversation import Message, ToolCall
from samovar.chat.read import read_conversations
from samovar.core.errors import ConfigError, DataError
from samovar.evals.lineup import gap_closed
from samovar.model.checkpoint import load_model, read_settings
from samovar.tasks.task import Example, Split, assistant, user
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train import teacher_answers
from samovar.train.batches import IGNORED, Batch
from samovar.train.distill import distill
from samovar.train.distill_settings import DistillSettings
from samovar.train.objectives.contract import measured
from samovar.train.objectives.distill import Distill, Divergence, divergences
from samovar.train.rl.rollouts import Player
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from samovar.train.teacher_answers import write_answers
from tests.train.rl_tasks import RIGHT, WordOf, guesses
from tests.train.tiny_preferences import tiny_model, write_rows

LOOP = {
    "batch_tokens": 2048, "micro_batch_tokens": 2048, "context": 128, "learning_rate": 0.01, "compile": "off",
    "validations": 1, "tasks": {"word_of": 1.0},
}  # fmt: skip


def log_shares(seed: int, rows: int = 5, size: int = 7) -> Tensor:
    return torch.randn(rows, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).log_softmax(-1)


def test_divergences_are_torchs() -> None:
    student, teacher = log_shares(0), log_shares(1)
    kl_div = torch.nn.functional.kl_div

    def kl(p: Tensor, q: Tensor) -> Tensor:
        return kl_div(q, p, log_target=True, reduction="none").sum(-1)

    assert torch.allclose(divergences(student, teacher, "forward"), kl(teacher, student))
    assert torch.allclose(divergences(student, teacher, "reverse"), kl(student, teacher))
    mixed = (0.3 * teacher.exp() + 0.7 * student.exp()).log()
    expected = 0.3 * kl(teacher, mixed) + 0.7 * kl(student, mixed)
    assert torch.allclose(divergences(student, teacher, "jensen_shannon", 0.3), expected)


@pytest.mark.parametrize("kind", ["forward", "reverse", "jensen_shannon"])
def test_divergences_are_nothing_between_equals_and_their_gradient_is_that_of_differences(kind: Divergence) -> None:
    teacher = log_shares(1)
    assert torch.allclose(divergences(teacher, teacher, kind), torch.zeros(5, dtype=torch.float64))
    assert bool((divergences(log_shares(0), teacher, kind) > 0).all())
    logits = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: divergences(x.log_softmax(-1), teacher, kind), (logits,))


@pytest.mark.parametrize(("beta", "kind"), [(0.0, "forward"), (1.0, "reverse"), (0.3, "jensen_shannon")])
def test_equal_to_trl(beta: float, kind: Divergence) -> None:
    trainer = importlib.import_module("trl.experimental.gkd.gkd_trainer")
    generator = torch.Generator().manual_seed(2)
    student, teacher = (3 * torch.randn(2, 6, 11, generator=generator) for _ in range(2))
    labels = torch.randint(0, 11, (2, 6), generator=generator).masked_fill(
        torch.rand(2, 6, generator=generator) < 0.4, IGNORED
    )
    student.requires_grad_(True)
    theirs = trainer.GKDTrainer.generalized_jsd_loss(student, teacher, labels=labels, beta=beta, temperature=1.7)
    is_target = labels != IGNORED
    both = ((one[is_target] / 1.7).log_softmax(-1) for one in (student, teacher))
    ours = divergences(*both, kind, beta).mean()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    gradients = [torch.autograd.grad(loss, student, retain_graph=True)[0] for loss in (ours, theirs)]
    assert torch.allclose(*gradients, atol=1e-6)


def test_the_mixture_behaves_as_either_divergence_at_its_ends() -> None:
    student, teacher = log_shares(0), log_shares(1)
    for beta, kind in ((1e-6, "forward"), (1 - 1e-6, "reverse")):
        near = divergences(student, teacher, "jensen_shannon", beta) / min(beta, 1 - beta)
        assert torch.allclose(near, divergences(student, teacher, kind), rtol=1e-3)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assistant that has learnt the word."""
    folder = tmp_path_factory.mktemp("teacher")
    base = tiny_model(folder / "base", layers=3, width=160)
    (folder / "out").mkdir()
    settings = SftSettings.model_validate({**LOOP, "tokens": 40_000})
    sft(settings, base=base, out=folder / "out", tasks={"word_of": WordOf()})
    return folder / "out"


def test_the_objective_is_the_written_out_sum_over_the_targets(teacher: Path) -> None:
    master, student = load_model(teacher, dtype=torch.float32), load_model(teacher, dtype=torch.float32)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    tokens = torch.randint(0, 300, (2, 9), generator=generator)
    target = tokens.roll(-1, 1).masked_fill(torch.rand(2, 9, generator=generator) < 0.5, IGNORED)
    weight = torch.rand(2, 9, generator=generator)
    batch = Batch(tokens, target, None, weight)
    student.requires_grad_(True)
    objective = Distill(master, "forward", 0.5, 2.0, 0.25)
    found = measured(objective.loss_sum(student, batch, student.hidden(tokens)))
    is_target = target != IGNORED
    logits, taught = student(tokens)[is_target], master(tokens)[is_target]
    soft = torch.nn.functional.kl_div(
        (logits / 2).log_softmax(-1), (taught / 2).log_softmax(-1), log_target=True, reduction="none"
    ).sum(-1)
    hard = torch.nn.functional.cross_entropy(logits, target[is_target], reduction="none")
    counts = weight[is_target]
    expected = (counts * (0.75 * 4 * soft + 0.25 * hard)).sum()
    assert found.loss.item() == pytest.approx(expected.item(), rel=1e-4)
    assert found.metrics["cross_entropy"].item() == pytest.approx((counts * hard).sum().item(), rel=1e-4)
    assert objective.weight(batch) == pytest.approx(counts.sum().item())
    ours = torch.autograd.grad(found.loss, student.embed_tokens.weight)[0]
    theirs = torch.autograd.grad(expected, student.embed_tokens.weight)[0]
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_fresh_student_learns_from_the_teachers_answers(teacher: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    settings = DistillSettings.model_validate(
        {**LOOP, "tokens": 40_000, "size": 1, "teacher_answers": 20, "answer_tokens": 8, "conversations_share": 1.0,
         "max_epochs": 100, "divergence": "jensen_shannon"}
    )  # fmt: skip
    found = distill(
        settings, teacher=teacher, student=None, out=tmp_path / "out", tasks={"word_of": WordOf()},
        habits=Habits(tools=()),
    )  # fmt: skip
    written = (tmp_path / "out" / "scratch" / "answers.jsonl").read_text().splitlines()
    answers = [json.loads(line)["messages"] for line in written]
    assert len(answers) == 20
    assert found["parameters"] < found["teacher_parameters"]
    assert read_settings(tmp_path / "out").num_layers == 1
    assert all(messages[-1]["content"] == f"{RIGHT}." for messages in answers)
    rows = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["divergence"] < rows[0]["divergence"] / 4
    assert math.isfinite(found["validation_loss"])


def test_questions_longer_than_the_context_are_not_put_to_the_teacher(teacher: Path, tmp_path: Path) -> None:
    class Wordy(WordOf):
        least: ClassVar[int] = 1

        def draw(self, rng: random.Random, split: Split, language: str) -> Example:
            return replace(super().draw(rng, split, language), prompt=(user("cup " * rng.choice((self.least, 200))),))

    class Endless(Wordy):
        least: ClassVar[int] = 200

    settings = DistillSettings.model_validate({**LOOP, "teacher_answers": 6, "answer_tokens": 16})
    write_answers(settings, teacher, {"word_of": Wordy()}, Habits(tools=()), tmp_path / "some.jsonl")
    answers = [json.loads(line)["messages"] for line in (tmp_path / "some.jsonl").read_text().splitlines()]
    assert [one[0]["content"] for one in answers] == ["cup "] * 6
    with pytest.raises(DataError, match="200 questions after each other are longer"):
        write_answers(settings, teacher, {"word_of": Endless()}, Habits(tools=()), tmp_path / "none.jsonl")


def test_what_a_teacher_says_with_a_tool_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ToolCall(id="call_0", name="calculator", arguments={"expression": "17*24"})
    said = [
        Message(role="assistant", tool_calls=[call]),
        Message(role="tool", content="408", tool_call_id="call_0"),
        assistant("408."),
    ]
    monkeypatch.setattr(Player, "complete", lambda self, prompts: [said for _ in prompts])
    roomy = tiny_model(tmp_path / "roomy", positions=1024)
    settings = DistillSettings.model_validate({**LOOP, "teacher_answers": 3})
    for announces in (False, True):
        path = tmp_path / f"{announces}.jsonl"
        write_answers(settings, roomy, {"word_of": WordOf()}, Habits(announces_tools=announces), path)
        read = list(read_conversations(path))
        assert [one.messages[1:] for one in read] == [said] * 3
        assert [tool["function"]["name"] for one in read for tool in one.tools] == ["calculator"] * (3 * announces)


def test_cut_answers_are_left_out_and_an_interrupted_run_goes_on_at_the_right_question(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other answer is cut, and so is the last one before the interruption."""
    asked: list[str] = []
    settings = DistillSettings.model_validate({**LOOP, "teacher_answers": 8})

    def answer(path: Path, stops_at: int | None = None) -> None:
        def complete(_: Player, prompts: Sequence[Sequence[Message]]) -> list[list[Message] | None]:
            if len(asked) == stops_at:
                raise KeyboardInterrupt
            numbers = range(len(asked), len(asked) + len(prompts))
            asked.extend(prompt[-1].content for prompt in prompts)
            return [None if number % 2 else [assistant(f"{number}.")] for number in numbers]

        monkeypatch.setattr(Player, "complete", complete)
        write_answers(settings, teacher, {"word_of": WordOf()}, Habits(tools=()), path)

    monkeypatch.setattr(teacher_answers, "_AT_ONCE", 2)
    answer(tmp_path / "whole.jsonl")
    at_once, asked = asked, []
    with pytest.raises(KeyboardInterrupt):
        answer(tmp_path / "stopped.jsonl", stops_at=4)
    assert not (tmp_path / "stopped.jsonl").exists()
    answer(tmp_path / "stopped.jsonl")
    assert asked == at_once
    assert (tmp_path / "stopped.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    read = [[message.content for message in one.messages] for one in read_conversations(tmp_path / "whole.jsonl")]
    assert read == [[at_once[number], f"{number}."] for number in (0, 2, 4, 6)]


def test_a_teacher_that_never_comes_to_an_end_is_told_with_what_to_raise(teacher: Path, tmp_path: Path) -> None:
    settings = DistillSettings.model_validate({**LOOP, "teacher_answers": 3, "answer_tokens": 1})
    with pytest.raises(DataError, match="all answers of the teacher are longer than 1 tokens") as caught:
        write_answers(settings, teacher, {"word_of": WordOf()}, Habits(tools=()), tmp_path / "none.jsonl")
    assert caught.value.hint == "raise distill.answer_tokens"
    assert not (tmp_path / "none.jsonl").exists()


def test_a_student_closes_the_gap_between_itself_alone_and_its_teacher(teacher: Path, tmp_path: Path) -> None:
    """On conversations that say one of three words by chance, of which the teacher knows the right one."""
    rows = write_rows(tmp_path / "guesses.jsonl", [one.to_openai() for one in guesses(200)])
    (tmp_path / "out").mkdir()
    settings = DistillSettings.model_validate(
        {**LOOP, "batch_tokens": 256, "micro_batch_tokens": 256, "tasks": {}, "tokens": 24_000, "size": 1,
         "max_epochs": 100, "alone": True}
    )  # fmt: skip
    distill(
        settings, teacher=teacher, student=tiny_model(tmp_path / "base", layers=1, width=64), out=tmp_path / "out",
        tasks={}, conversations=[rows], habits=Habits(tools=()),
    )  # fmt: skip
    of_teacher, of_student, of_alone = map(share_right, (teacher, tmp_path / "out", tmp_path / "out" / "alone"))
    assert of_alone < 0.6
    assert of_teacher > 0.9
    closed = gap_closed(of_teacher, of_student, of_alone)
    assert closed is not None
    assert closed > 0.5


def share_right(folder: Path) -> float:
    """Of answers drawn to held-out questions."""
    player = Player(load_model(folder, dtype=torch.float32), Tokenizer.load(folder), Habits(tools=()), max_tokens=8)
    task = WordOf()
    groups = player.play([task.example("test", number) for number in range(60)])
    return sum(task.grade(one.example, one.completion) for group in groups for one in group) / 60


def test_what_cannot_be_taught_is_refused(teacher: Path, tmp_path: Path) -> None:
    settings = DistillSettings.model_validate({**LOOP, "size": 20})
    with pytest.raises(ConfigError, match="and the teacher has"):
        distill(settings, teacher=teacher, student=None, out=tmp_path / "out", tasks={"word_of": WordOf()})
    other = tiny_model(tmp_path / "other")
    text = (other / "tokenizer.json").read_text().replace('"merges": [', '"merges": [["a", "b"], ', 1)
    (other / "tokenizer.json").write_text(text)
    with pytest.raises(ConfigError, match="another tokenizer"):
        distill(settings, teacher=teacher, student=other, out=tmp_path / "out", tasks={"word_of": WordOf()})
