"""Which conversations fine-tuning sees: shares, no instance twice, chains in one language, own ones held out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from samovar.chat.conversation import Conversation, Message
from samovar.core.errors import ConfigError
from samovar.core.settings import parse_settings
from samovar.tasks.task import Example, Split, Task, assistant, user
from samovar.train.conversation_check import ConversationCheck
from samovar.train.conversations import interleave, own_conversations, task_conversations
from samovar.train.question_settings import QuestionSettings
from samovar.train.settings import LoopSettings, SftSettings


class Counting(Task):
    """Says which example it is."""

    name = "counting"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        raise NotImplementedError  # example is overridden: it needs the index

    def example(self, split: Split, index: int) -> Example:
        language = self.languages[index % len(self.languages)]
        prompt = (user(f"{self.assistant_name} {split} {language} {index}"),)
        return Example(self.name, language, prompt, (assistant("yes"),), {})

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        return 1.0


def tasks() -> dict[str, Task]:
    return {name: Counting(assistant_name=name) for name in ("a", "b")}


def questions(conversation: Conversation) -> list[str]:
    return [message.content for message in conversation.messages if message.role == "user"]


def test_shares_are_kept_and_nothing_comes_twice() -> None:
    drawn = list(islice(task_conversations(tasks(), {"a": 3, "b": 1}, split="train", seed=0, chained_share=0.3), 3000))
    asked = [question for conversation in drawn for question in questions(conversation)]
    assert len(set(asked)) == len(asked)
    by_task = Counter(question.split()[0] for question in asked)
    assert by_task["a"] / by_task["b"] == pytest.approx(3, rel=0.15)
    by_language = Counter(question.split()[2] for question in asked)
    assert by_language["en"] / by_language["ru"] == pytest.approx(1, rel=0.1)
    assert all(question.split()[1] == "train" for question in asked)


def test_a_chain_keeps_to_one_language_and_the_share_is_kept() -> None:
    drawn = list(islice(task_conversations(tasks(), {"a": 1, "b": 1}, split="test", seed=1, chained_share=0.4), 2000))
    chains = [questions(conversation) for conversation in drawn if len(questions(conversation)) > 1]
    assert len(chains) / len(drawn) == pytest.approx(0.4, abs=0.05)
    assert {len(chain) for chain in chains} == {2, 3, 4}
    assert all(len({question.split()[2] for question in chain}) == 1 for chain in chains)


def test_the_same_seed_gives_the_same_conversations() -> None:
    def first(seed: int) -> list[Conversation]:
        return list(islice(task_conversations(tasks(), {"a": 1, "b": 1}, split="train", seed=seed), 50))

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_own_conversations_are_shuffled_repeated_and_every_twentieth_held_out(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    rows = [
        {"messages": [{"role": "user", "content": str(n)}, {"role": "assistant", "content": "ok"}]} for n in range(100)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def numbers(split: Split, epochs: float = 1.0) -> list[int]:
        return [int(questions(c)[0]) for c in own_conversations([path], split=split, seed=0, epochs=epochs)]

    train, test = numbers("train"), numbers("test")
    assert sorted(test) == [19, 39, 59, 79, 99]
    assert sorted(train + test) == list(range(100))
    assert train != sorted(train)
    twice = numbers("train", epochs=2.0)
    assert Counter(twice) == Counter(train * 2)
    assert len(numbers("train", epochs=0.5)) == round(95 * 0.5)


@pytest.mark.parametrize("settings", [SftSettings, QuestionSettings])
@pytest.mark.parametrize(
    ("shares", "words"),
    [({"a": 0}, "all shares are zero"), ({"a": 2, "b": -1}, "greater than or equal to 0"), ({"a": "inf"}, "finite")],
)
def test_shares_by_which_nothing_can_be_drawn_are_refused(
    settings: type[LoopSettings], shares: dict[str, float], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_settings(settings, {"tasks": shares}, source="recipe.yaml")
    assert parse_settings(settings, {"tasks": {"a": 1, "b": 0}}, source="recipe.yaml")


def test_what_is_not_sound_is_left_out_before_any_is_held_out(tmp_path: Path) -> None:
    """Else a stage that tells of them and one that does not would hold out different ones."""
    path = tmp_path / "own.jsonl"
    sound = [
        {"messages": [{"role": "user", "content": str(n)}, {"role": "assistant", "content": "ok"}]} for n in range(20)
    ]
    silent = {"messages": [{"role": "user", "content": "silent"}]}
    path.write_text("\n".join(map(json.dumps, [silent, *sound, sound[0]])), encoding="utf-8")
    check = ConversationCheck()
    told = [questions(c) for c in own_conversations([path], split="test", seed=0, check=check)]
    assert told == [questions(c) for c in own_conversations([path], split="test", seed=0)] == [["19"]]
    assert check.own.counts == {"no_answer": 1, "duplicate": 1}


def test_interleaving_goes_on_with_what_is_left() -> None:
    def some(name: str, count: int) -> list[Conversation]:
        return [Conversation(messages=[user(f"{name}{n}"), assistant("ok")]) for n in range(count)]

    mixed = [questions(c)[0] for c in interleave(iter(some("a", 10)), iter(some("b", 40)), first_share=0.5, seed=1)]
    assert sorted(mixed) == sorted([f"a{n}" for n in range(10)] + [f"b{n}" for n in range(40)])
    assert {name[0] for name in mixed[:10]} == {"a", "b"}
