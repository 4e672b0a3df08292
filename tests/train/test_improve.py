"""Self-improvement: what is kept of answers, a tiny assistant that learns from its own right ones, interruptions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from samovar.agent.habits import Habits
from samovar.brew.alone import make_alone
from samovar.brew.recipe import Recipe
from samovar.brew.stages.improve import ImproveStage
from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.core.errors import ConfigError, DataError
from samovar.model.checkpoint import load_model
from samovar.tasks.task import assistant
from samovar.train import improve as module
from samovar.train.asking import different, is_right
from samovar.train.improve import Old, improve
from samovar.train.improve_settings import ImproveSettings
from samovar.train.rl.rollouts import Rollout
from tests.train.rl_tasks import RIGHT, WordOf

HABITS = Habits(tools=())
TASK = WordOf(seed=1)


def settings(**changes: object) -> ImproveSettings:
    return ImproveSettings.model_validate({
        "iterations": 2, "questions": 80, "answers": 4, "max_tokens": 8, "context": 128, "batch_tokens": 1024,
        "micro_batch_tokens": 1024, "epochs": 6, "held_out": 30, "learning_rate": 0.01, "compile": "off",
        "remember": 0.0, **changes,
    })  # fmt: skip


def run(guesser: Path, out: Path, how: ImproveSettings, old: Old | None = None) -> dict[str, object]:
    out.mkdir(exist_ok=True)
    return improve(
        how, base=guesser, out=out, tasks={"word_of": TASK}, shares={"word_of": 1.0}, habits=HABITS, old=old,
        is_quiet=True,
    )  # fmt: skip


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def answer(*messages: Message, reward: float = 1.0, is_cut: bool = False) -> Rollout:
    return Rollout(TASK.example("train", 0), messages, is_cut, (), reward)


def test_only_whole_answers_count_as_right() -> None:
    assert is_right(answer(assistant("4")))
    assert not is_right(answer(assistant("4"), reward=0.99))
    assert not is_right(answer(assistant("4"), is_cut=True)), "no end would be learnt"


def test_answers_that_say_the_same_count_once_in_the_order_of_drawing() -> None:
    def calls(number: int, **arguments: object) -> Message:
        return Message(role="assistant", tool_calls=[ToolCall(id=f"call_{number}", name="add", arguments=arguments)])

    long, short = answer(assistant("1+1=2")), answer(assistant("2"))
    first, again, other = answer(calls(1, a=1, b=2)), answer(calls(2, b=2, a=1)), answer(calls(3, a=2, b=2))
    assert different([long, short, long, first, again, other]) == [long, short, first, other]


@pytest.mark.parametrize("begins_with", ["first", "last"])
def test_a_guesser_finds_out_what_is_right(guesser: Path, tmp_path: Path, begins_with: str) -> None:
    found = run(guesser, tmp_path / "out", settings(begins_with=begins_with))
    assert found["held_out_before"] <= 0.6  # type: ignore[operator]
    assert found["held_out"] >= 0.9  # type: ignore[operator]
    before, *after = rows(tmp_path / "out")
    assert [row["step"] for row in (before, *after)] == [0, 1, 2]
    assert 0.2 <= after[0]["success"] <= 0.5 < after[1]["success"]  # type: ignore[operator]
    assert load_model(tmp_path / "out").settings.num_layers == 2
    assert f"- after: {RIGHT}." in (tmp_path / "out" / "samples.md").read_text()


def test_what_is_learnt_from_was_said_by_itself_and_is_right(guesser: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    lines = (
        {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": "tap"}]} for n in range(90)
    )
    own.write_text("".join(json.dumps(line) + "\n" for line in lines))
    old = Old({}, {}, [own])
    run(guesser, tmp_path / "out", settings(iterations=1, questions=64, remember=0.25, kept=1), old)
    learnt = tmp_path / "out" / "scratch" / "iteration-1" / "work" / "rows.jsonl"
    said = [Conversation.from_openai(json.loads(line)) for line in learnt.read_text().splitlines()]
    mine = [one for one in said if one.meta.get("task") == "word_of"]
    assert {one.messages[-1].content for one in mine} == {f"{RIGHT}."}
    assert max(Counter(one.messages[0].content for one in mine).values()) == 1
    assert len(said) - len(mine) == round(len(mine) / 3), "a quarter of all"
    row = rows(tmp_path / "out")[1]
    assert (row["learnt"], row["remembered"]) == (len(mine), len(said) - len(mine))
    assert row["learnt"] <= row["solved"] * row["questions"] + 0.5  # type: ignore[operator]


def test_an_iteration_that_makes_it_worse_is_not_kept(guesser: Path, tmp_path: Path) -> None:
    """Learning at such a rate leaves nothing of the model; the old one is what remains."""
    wild = settings(iterations=1, learning_rate=3.0, adamw_learning_rate=3.0)
    found = run(guesser, tmp_path / "out", wild)
    assert found["best_iteration"] == 0
    before, after = load_model(guesser).state_dict(), load_model(tmp_path / "out").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


SHORT = settings(questions=70, epochs=2, held_out=4)


@pytest.fixture(scope="module")
def whole(guesser: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A run that nothing interrupted, and what it told."""
    out = tmp_path_factory.mktemp("whole") / "out"
    return out, run(guesser, out, SHORT)


@pytest.mark.parametrize("dies_in", ["ask_some", "sft"])
def test_a_run_that_was_killed_ends_with_the_same_weights(
    guesser: Path,
    whole: tuple[Path, dict[str, object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dies_in: str,
) -> None:

    class Killed(BaseException):
        pass

    act, calls = getattr(module, dies_in), []

    def dies(*args: object, **more: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return act(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(module, dies_in, dies)
        with pytest.raises(Killed):
            run(guesser, tmp_path / "cut", SHORT)
    out, told = whole
    assert run(guesser, tmp_path / "cut", SHORT) == told
    first, second = (load_model(folder).state_dict() for folder in (out, tmp_path / "cut"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    known = {"step", "success", "learnt", "held_out", "kinds"}
    at_once, in_two = (
        [{name: row.get(name) for name in known} for row in rows(folder)] for folder in (out, tmp_path / "cut")
    )
    assert at_once == in_two


def test_without_a_right_answer_it_says_what_to_do(guesser: Path, tmp_path: Path) -> None:
    class Hopeless(WordOf):
        def grade(self, example: object, completion: object) -> float:
            return 0.5

    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="none of the answers to 20 questions was right") as caught:
        improve(
            settings(questions=20), base=guesser, out=tmp_path / "out", tasks={"word_of": Hopeless()},
            shares={"word_of": 1.0}, habits=HABITS, is_quiet=True,
        )  # fmt: skip
    assert "long_sums@2-5" in str(caught.value.hint)


def test_questions_that_are_too_long_and_no_task_at_all_are_refused(guesser: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no held-out question fits"):
        run(guesser, tmp_path / "out", settings(max_tokens=120))
    with pytest.raises(ConfigError, match="there is no task"):
        improve(settings(), base=guesser, out=tmp_path / "out", tasks={}, shares={}, habits=HABITS)


def test_the_stage_tells_what_changed_and_keeps_the_better_one(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = []

    def word_of(recipe: Recipe, *, seed: int, names: Iterable[str] | None = None) -> dict[str, WordOf]:
        if names:
            seeds.append(seed)
        return {name: WordOf(seed=seed) for name in names or ()}

    monkeypatch.setattr("samovar.brew.stages.improve.load_tasks", word_of)
    monkeypatch.setattr("samovar.brew.promotion.load_tasks", word_of)
    how = settings(iterations=1, gate={"examples": 30}).model_dump(exclude_unset=True)
    recipe = Recipe.model_validate({
        "languages": ["en"], "improve": {**how, "tasks": {"word_of": 1}}, "serve": {"tools": []},
        "sft": {"tasks": {}}, "eval": {"max_tokens": 8},
    })  # fmt: skip
    made = make_alone(ImproveStage(), recipe, inputs={"sft": guesser}, out=tmp_path / "better")
    assert made.metrics["promoted"] is True
    (row,) = made.metrics["comparison"]
    assert row["after"] >= row["before"] + 0.3
    assert "| word_of (en) |" in (tmp_path / "better" / "comparison.md").read_text()
    assert not (tmp_path / "better" / "scratch").exists()
    learnt_with, asked_with = seeds[0], seeds[-1]
    assert learnt_with != asked_with, "the gate asks other questions than those by which the best was chosen"
