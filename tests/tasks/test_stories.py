"""Stories: references use the asked words, the grader knows their forms and refuses what is no story."""

from __future__ import annotations

import dataclasses
import re

import pytest

from samovar.tasks.stories import Stories
from samovar.tasks.tales import english, russian
from samovar.tasks.tales.pieces import Plot, variants
from samovar.tasks.task import Example, assistant

TASK = Stories()
TRAIN = list(TASK.examples("train", 3000))
TEST = list(TASK.examples("test", 800))


def asked(language: str, *words: tuple[str, str, list[str]]) -> Example:
    check = {"words": [{"word": word, "kind": kind, "stems": stems} for word, kind, stems in words]}
    return Example("stories", language, (), (), check)


def grade(example: Example, text: str) -> float:
    return TASK.grade(example, [assistant(text)])


def test_every_reference_is_right() -> None:
    assert all(TASK.grade(one, one.reference) == 1.0 for one in (*TRAIN, *TEST))


def test_another_story_is_mostly_wrong() -> None:
    shifted = TRAIN[2:] + TRAIN[:2]
    grades = [TASK.grade(one, other.reference) for one, other in zip(TRAIN, shifted, strict=True) if one.check["words"]]
    assert sum(grades) / len(grades) < 0.08
    assert sum(value == 1.0 for value in grades) < 0.01 * len(grades)


@pytest.mark.parametrize("plot", [english.PLOT, russian.PLOT], ids=["en", "ru"])
def test_a_feeling_begins_like_no_other_sentence(plot: Plot) -> None:
    pieces = dataclasses.asdict(plot)
    feelings = {sentence.split()[0] for sentence in pieces.pop("feeling")}
    assert not feelings & {sentence.split()[0] for piece in pieces.values() for sentence in piece}


def test_examples_repeat_by_their_number() -> None:
    assert list(Stories().examples("test", 20, start=10)) == TEST[10:30]


def test_splits_share_no_set_of_words() -> None:
    def sets(examples: list[Example]) -> set[frozenset[str]]:
        return {frozenset(word["word"] for word in one.check["words"]) for one in examples}

    assert not sets(TRAIN) & sets(TEST)
    assert len({one.reference[0].content for one in TRAIN}) > 0.995 * len(TRAIN)
    # Of a hero alone, or of nothing at all, there are not so many ways to ask for a story.
    longer = [one for one in TRAIN if len(one.check["words"]) > 1]
    assert len({one.prompt[0].content for one in longer}) > 0.99 * len(longer) > 0.7 * len(TRAIN)


def test_russian_heroes_and_things_stand_in_the_accusative() -> None:
    about = [
        one.prompt[0].content for one in (*TRAIN, *TEST) if one.language == "ru" and " про " in one.prompt[0].content
    ]
    assert {"лису", "кота", "девочку"} <= {re.search(r" про (\w+)", text).group(1) for text in about}  # type: ignore[union-attr]
    assert not any(re.search(r" про (лиса|кот|девочка|собака)\b", text) for text in about)


def test_a_story_has_four_to_seven_sentences_and_is_short() -> None:
    for one in (*TRAIN, *TEST):
        text = one.reference[0].content
        assert 4 <= len(re.findall(r"[.!?](?: |$)", text)) <= 7
        assert len(one.prompt[0].content) + len(text) <= {"en": 500, "ru": 480}[one.language]


@pytest.mark.parametrize("plot", [english.PLOT, russian.PLOT])
def test_every_main_piece_has_forty_variants(plot: Plot) -> None:
    sizes = {item.name: len(getattr(plot, item.name)) for item in dataclasses.fields(plot)}
    assert min(sizes[name] for name in ("opening", "habit", "gain", "loss", "help", "ending")) >= 40


def test_variants_expand_every_choice() -> None:
    assert variants("(A|B) c (d|e).", "f") == ("A c d.", "A c e.", "B c d.", "B c e.", "f")


KEY = ("ключ", "noun", ["ключ"])
RED = ("красный", "adjective", ["красн"])
JUMP = ("прыгать", "verb", ["прыга", "прыга"])


def test_russian_forms_count() -> None:
    example = asked("ru", KEY, RED, JUMP)
    assert grade(example, "Жила-была лиса Аня. Она играла красными ключами. Потом Аня запрыгала домой.") == 1.0
    assert grade(example, "Жила-была лиса Аня. Она играла ключами весь день. Потом Аня пошла домой.") == pytest.approx(
        1 / 3
    )
    assert grade(example, "Жила-была лиса Аня. Она пила ключевую воду. Потом Аня пошла домой.") == 0.0


@pytest.mark.parametrize(
    ("word", "plural"), [("игрушка", "игрушек"), ("кукла", "кукол"), ("чашка", "чашек"), ("письмо", "писем")]
)
def test_a_vowel_that_comes_in_the_genitive_of_the_plural_counts(word: str, plural: str) -> None:
    noun = next(noun for one in TRAIN for noun in one.check["words"] if noun["word"] == word)
    example = asked("ru", (word, noun["kind"], noun["stems"]))
    assert grade(example, f"У лисы Ани было пять {plural}. Она играла с ними весь день. Потом Аня пошла домой.") == 1.0


def test_english_forms_count() -> None:
    example = asked("en", ("key", "noun", ["key", "keys"]), ("run", "verb", ["run", "runs", "ran", "running"]))
    assert grade(example, "There was a fox. She had two keys. Then she ran home.") == 1.0
    assert grade(example, "There was a fox. She had a monkey. Then she ran home.") == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ключ, красный, прыгать.",
        "Красный ключ стал прыгать.",
        "Красный ключ стал прыгать. " * 6,
        "A red ключ стал красный. He wanted to прыгать there. And then they all went home together.",
    ],
)
def test_what_is_no_story_is_worth_nothing(text: str) -> None:
    assert grade(asked("ru", KEY, RED, JUMP), text) == 0.0
