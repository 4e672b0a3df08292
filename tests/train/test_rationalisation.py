"""Rationalisation: the result is shown where drawing found none, and the way to it learnt as of the plain question."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.chat.rows import render_row
from samovar.model.checkpoint import load_model
from samovar.tasks.long_sums import LongSums
from samovar.tasks.more_words import MoreWords
from samovar.tasks.task import Example, Split, assistant, final_text
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.improve import improve
from samovar.train.improve_settings import ImproveSettings
from samovar.train.rationalisation import says_more_than_the_result, surprise, with_hint
from samovar.train.rl.rollouts import Player, Rollout
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.rl_tasks import WORDS, WordFor
from tests.train.tiny_preferences import KIND, tiny_model, write_rows


class Told(WordFor):
    """The word of each thing, of which the guesser below never says some by itself."""

    name: ClassVar[str] = "told"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        plain = super().draw(rng, split, language)
        word = self.word(str(plain.check["kind"]))
        return Example(
            self.name, language, plain.prompt, (assistant(f"Pass it {word}."),), {**plain.check, "answer": word}
        )

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        return float(final_text(completion).endswith(f" {example.check['answer']}."))


TASK = Told(seed=1)


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assistant that says a polite word by chance, and any word that it is shown."""
    folder, draw, rows = tmp_path_factory.mktemp("follower"), random.Random(1), []
    for number in range(600):
        example = TASK.example("train", number)
        word = draw.choice(KIND)
        if number % 2:
            word = draw.choice(WORDS)
            hinted = with_hint(Example("", "en", example.prompt, (), {"answer": word}))
            assert hinted is not None
            example = hinted
        rows.append(Conversation(messages=[*example.prompt, assistant(f"Pass it {word}.")]).to_openai())
    settings = SftSettings(
        tokens=250_000, batch_tokens=2048, micro_batch_tokens=2048, context=256, learning_rate=0.01,
        conversations_share=1.0, max_epochs=100, compile="off", validations=1,
    )  # fmt: skip
    (folder / "out").mkdir()
    base = tiny_model(folder / "base", positions=256)
    sft(settings, base=base, out=folder / "out", tasks={}, conversations=[write_rows(folder / "rows.jsonl", rows)])
    return folder / "out"


def improved(follower: Path, out: Path, *, rationalises: bool) -> list[dict[str, float]]:
    out.mkdir()
    settings = ImproveSettings.model_validate({
        "iterations": 1, "questions": 100, "answers": 4, "max_tokens": 12, "context": 256, "batch_tokens": 512,
        "micro_batch_tokens": 512, "epochs": 24, "held_out": 40, "learning_rate": 0.01, "compile": "off",
        "remember": 0.0, "rationalises": rationalises,
    })  # fmt: skip
    improve(
        settings, base=follower, out=out, tasks={"told": TASK}, shares={"told": 1.0}, habits=Habits(tools=()),
        is_quiet=True,
    )  # fmt: skip
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_what_drawing_never_finds_is_learnt_from_what_was_shown(follower: Path, tmp_path: Path) -> None:
    plain = improved(follower, tmp_path / "plain", rationalises=False)[1]
    before, shown = improved(follower, tmp_path / "shown", rationalises=True)
    assert before["held_out"] < 0.5
    # Three of eight things have a word that is never drawn.
    assert plain["held_out"] <= 0.7
    assert shown["held_out"] >= 0.9
    assert shown["success"] == plain["success"], "the curriculum knows what was found alone"
    assert "shown" not in plain
    assert shown["shown"] == shown["questions"] - round(shown["solved"] * shown["questions"])
    assert 0.5 * shown["shown"] < shown["rationalised"] <= shown["shown"]
    rows = tmp_path / "shown" / "scratch" / "iteration-1" / "work" / "rows.jsonl"
    said = [Conversation.from_openai(json.loads(line)) for line in rows.read_text().splitlines()]
    hinted = [one for one in said if one.meta.get("rationalised")]
    assert {one.messages[-1].content for one in hinted} >= {"Pass it now.", "Pass it fool.", "Pass it hurry."}
    assert not any("right answer" in message.content for one in said for message in one.messages)


def test_the_bare_result_is_shown_in_the_language_of_the_question() -> None:
    english, russian = (LongSums(languages=[name]).example("train", 0) for name in ("en", "ru"))
    for example, words in ((english, "The right answer is"), (russian, "Правильный ответ:")):
        hinted = with_hint(example)
        assert hinted is not None
        asked = hinted.prompt[-1].content
        assert asked.startswith(example.prompt[-1].content)
        assert f"{words} {example.check['answer']}." in asked
        assert final_text(example.reference) not in asked, "the way there is not given away"
        assert hinted.check == example.check
    assert with_hint(MoreWords().example("train", 0)) is None, "there is no one right story"


@pytest.mark.parametrize(
    ("said", "counts"), [("13", False), ("13.", False), (" **13** ", False), ("7+6 = 13", True), ("It is 13.", True)]
)
def test_the_result_alone_is_no_way_to_it(said: str, counts: bool) -> None:
    example = Example("sum", "en", (), (), {"answer": 13})
    assert says_more_than_the_result(Rollout(example, (assistant(said),), False, ())) is counts


def test_a_call_of_a_tool_is_a_way() -> None:
    call = Message(role="assistant", tool_calls=[ToolCall(id="call_1", name="calculator", arguments={"e": "7+6"})])
    result = Message(role="tool", content="13", tool_call_id="call_1", name="calculator")
    example = Example("sum", "en", (), (), {"answer": 13})
    assert says_more_than_the_result(Rollout(example, (call, result, assistant("13")), False, ()))


def test_what_the_assistant_would_never_say_is_no_way_of_its_own(follower: Path) -> None:
    """As transformers weighs the same tokens; nonsense takes more nats than the setting allows, a new word does not."""
    from transformers import AutoModelForCausalLM

    player = Player(load_model(follower, dtype=torch.float32), Tokenizer.load(follower), Habits(tools=()), max_tokens=8)
    example = TASK.example("train", 0)
    said = {
        text: Rollout(example, (assistant(text),), False, ())
        for text in ("Pass it please.", "Pass it hurry.", "The the cup fool spoon and.")
    }
    found = {text: surprise(player, one) for text, one in said.items()}
    likely, new, nonsense = found.values()
    assert likely < new < ImproveSettings().max_surprise < nonsense
    theirs = AutoModelForCausalLM.from_pretrained(follower, dtype=torch.float32)
    for text, nats in found.items():
        conversation = Conversation(messages=[*example.prompt, assistant(text)])
        row = render_row(conversation, player.tokenizer)
        ids = torch.tensor([row.ids])
        labels = ids.masked_fill(~torch.tensor([row.is_target]), -100)
        with torch.no_grad():
            assert theirs(input_ids=ids, labels=labels).loss.item() == pytest.approx(nats, abs=1e-3)
