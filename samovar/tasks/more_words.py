"""Little stories with more asked-for words: a sentence for each of them, between a beginning and an end.

A level is how many words there are. The words are those of ``stories``, and so is the grade: the share of them that the
story uses, if it is one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from samovar.tasks.stories import Stories
from samovar.tasks.tales import english, russian
from samovar.tasks.tales.pieces import Asked, Cast, Kind
from samovar.tasks.task import Example, Split, assistant, split_of, user


@dataclass(frozen=True, slots=True)
class _Language:
    cast: Callable[[random.Random], Cast]
    requests: tuple[str, ...]
    beginnings: tuple[str, ...]
    sentences: Mapping[Kind, tuple[str, ...]]
    endings: tuple[str, ...]


_LANGUAGES: Mapping[str, _Language] = {
    "en": _Language(
        english.cast,
        (
            "Write a story with the words: {words}.",
            "Tell me a story. Use these words: {words}.",
            "Words: {words}. Make up a story with all of them.",
        ),
        ("Once there was {a_kind} named {hero}.", "This is a story about {a_kind} named {hero}."),
        {
            "noun": (
                "{hero} had the {word} at home.",
                "One day {hero} found the {word}.",
                "Then there was the {word}.",
            ),
            "verb": ("{hero} loved to {word}.", "It was fun to {word}.", "Friends came to {word} with {hero}."),
            "adjective": ("The day was {word}.", "A friend was {word} too.", "All around was {word}."),
        },
        ("And so the day ended well.", "{hero} went home happy."),
    ),
    "ru": _Language(
        russian.cast,
        (
            "Напиши рассказ со словами: {words}.",
            "Расскажи историю. Используй слова: {words}.",
            "Слова: {words}. Придумай рассказ с ними всеми.",
        ),
        ("Это рассказ про {kind.acc} по имени {hero}.", "Послушай сказку про {kind.acc} по имени {hero}."),
        {
            "noun": ("У {hero.gen} есть {word}.", "Рядом лежит {word}.", "А ещё тут есть {word}."),
            "verb": ("{hero} любит {word}.", "Как весело {word} вместе!", "Друзья тоже хотят {word}."),
            "adjective": ("День был {word}.", "Дом тут {word}.", "Один друг тоже {word}."),
        },
        ("Вот и сказке конец.", "Так и прошёл этот день."),
    ),
}


class MoreWords(Stories):
    """A little story that uses two to eight given words."""

    name: ClassVar[str] = "more_words"
    levels: tuple[int, int] | None = (2, 8)

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Ask for as many words as a level says, and tell a story with a sentence for each."""
        assert self.levels is not None
        tongue = _LANGUAGES[language]
        count = rng.randint(*self.levels)
        asked = _asked(rng, tongue, count)
        while split_of("|".join(sorted(word.word for word in asked))) != split:
            asked = _asked(rng, tongue, count)
        request = rng.choice(tongue.requests).format(words=", ".join(word.word for word in asked))
        check = {
            "kind": f"{count} words",
            "words": [{"word": word.word, "kind": word.kind, "stems": list(word.stems)} for word in asked],
        }
        return Example(self.name, language, (user(request),), (assistant(_told(rng, tongue, asked)),), check)


def _asked(rng: random.Random, tongue: _Language, count: int) -> list[Asked]:
    found: dict[str, Asked] = {}
    while len(found) < count:
        word = rng.choice(tongue.cast(rng).words)
        found[word.word] = word
    return list(found.values())


def _told(rng: random.Random, tongue: _Language, asked: list[Asked]) -> str:
    slots = tongue.cast(rng).slots
    pieces = [(rng.choice(tongue.sentences[word.kind]), word.word) for word in asked]
    beginning, ending = rng.choice(tongue.beginnings), rng.choice(tongue.endings)
    return " ".join(piece.format(word=word, **slots) for piece, word in [(beginning, ""), *pieces, (ending, "")])
