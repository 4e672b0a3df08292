"""Short stories with asked-for words, or about somebody and something: a small plot of four to seven sentences.

The grade is the share of the asked words that the story uses, in any of their forms; it is nothing for a text of fewer
than three sentences, one that repeats itself, or one in another script.

Splits: the set of asked words belongs to one split by its hash; requests that leave everything open are taught alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from samovar.chat.conversation import Message
from samovar.tasks.tales import english, russian
from samovar.tasks.tales.pieces import Asked, Cast, Plot
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user

_MIN_SENTENCES = 3
_MIN_WORDS_IN_SENTENCE = 3
_MIN_DISTINCT_SHARE = 0.8
_MIN_SCRIPT_SHARE = 0.9
_TWO_WORDS_SHARE = 0.2
_ABOUT_SHARE, _HERO_ALONE_SHARE, _ANY_STORY_SHARE = 0.4, 0.3, 0.05

_NOUN_ENDINGS = (
    *("", "а", "я", "о", "е", "и", "ы", "у", "ю", "ь", "й", "ой", "ей", "ом", "ем", "ью"),
    *("ов", "ев", "ам", "ям", "ами", "ями", "ах", "ях"),
)
_ADJECTIVE_ENDINGS = (
    *("ый", "ий", "ой", "ая", "яя", "ое", "ее", "ую", "юю", "ого", "его", "ому", "ему", "ым", "им", "ом", "ем", "ей"),
    *("ые", "ие", "ых", "их", "ыми", "ими", "", "а", "о", "ы"),
)
_PAST_FORM = re.compile("(?:ть|л|ла|ло|ли|в|вши)(?:ся|сь)?")
_PRESENT_FORM = re.compile("(?:ю|лю|у|ешь|ет|ем|ете|ют|ут|ишь|ит|им|ите|ят|ат|й|йте|и|я)(?:ся|сь)?")
_VERB_PREFIX = re.compile("(?:по|за|на|с|со|про|вы|у|до|пере|от|рас|раз)?")


@dataclass(frozen=True, slots=True)
class _Language:
    plot: Plot
    cast: Callable[[random.Random], Cast]
    requests: tuple[str, ...]
    about: tuple[str, ...]
    """Requests that name the hero alone, or the hero and a thing, instead of words."""
    joined: str
    """Two things that a story is about."""
    any_story: tuple[str, ...]
    """Requests that leave everything open."""
    letters: str
    quotes: tuple[tuple[str, str], ...]
    """What may stand round a word in a request; mostly nothing."""


_LANGUAGES: Mapping[str, _Language] = {
    "en": _Language(
        english.PLOT,
        english.cast,
        (
            "Write a short story with the words {words}.",
            "Write a short story with these words: {words}.",
            "Tell me a story that uses the words: {words}.",
            "Make up a short tale with the words {words}.",
            "Tell a little story. Use these words: {words}.",
            "I want a short story with {words} in it.",
            "Can you write a story with the words {words}?",
            "Words: {words}. Write a short story with them.",
            "Please make up a story. It must have the words {words}.",
        ),
        (
            "Tell me a story about {about}.",
            "Tell me a short story about {about}.",
            "Write a short story about {about}.",
            "Make up a story about {about}.",
            "Can you tell me a story about {about}?",
            "A story about {about}, please.",
            "I want to hear a story about {about}.",
            "Tell a little tale about {about}.",
        ),
        "{} and {}",
        ("Tell me a story.", "Tell me a story, please!", "Write a short story.", "Can you tell me a tale?", "A story!"),
        "a-z",
        (("", ""), ("", ""), ("", ""), ('"', '"')),
    ),
    "ru": _Language(
        russian.PLOT,
        russian.cast,
        (
            "Напиши короткий рассказ со словами: {words}.",
            "Сочини короткую сказку со словами {words}.",
            "Придумай историю, в которой есть слова: {words}.",
            "Расскажи историю. Используй слова: {words}.",
            "Напиши небольшую сказку, где есть слова {words}.",
            "Хочу короткую историю со словами {words}.",
            "Можешь сочинить рассказ со словами {words}?",
            "Слова: {words}. Напиши с ними короткий рассказ.",
            "Придумай сказку. В ней должны быть слова {words}.",
        ),
        (
            "Расскажи сказку про {about}.",
            "Расскажи короткую сказку про {about}.",
            "Расскажи короткую историю про {about}.",
            "Напиши короткий рассказ про {about}.",
            "Сочини сказку про {about}.",
            "Придумай историю про {about}.",
            "Можешь рассказать сказку про {about}?",
            "Хочу сказку про {about}.",
        ),
        "{} и {}",
        (
            "Расскажи сказку.",
            "Расскажи историю, пожалуйста!",
            "Напиши рассказ.",
            "Можешь рассказать сказку?",
            "Сказку!",
        ),
        "а-яё",
        (("", ""), ("", ""), ("", ""), ("«", "»")),
    ),
}


class Stories(Task):
    """A short story that uses two or three given words, or is about an animal or a child and a thing."""

    name: ClassVar[str] = "stories"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Cast a story of this split, ask for some of its words, tell it."""
        tongue = _LANGUAGES[language]
        cast, asked = tongue.cast(rng), list[Asked]()
        if split == "train" and rng.random() < _ANY_STORY_SHARE:
            request = rng.choice(tongue.any_story)
        else:
            ask = _about if rng.random() < _ABOUT_SHARE else _with_words
            request, asked = ask(rng, cast, tongue)
            while split_of("|".join(sorted(word.word for word in asked))) != split:
                cast = tongue.cast(rng)
                request, asked = ask(rng, cast, tongue)
        check = {"words": [{"word": word.word, "kind": word.kind, "stems": list(word.stems)} for word in asked]}
        return Example(self.name, language, (user(request),), (assistant(tongue.plot.tell(rng, cast)),), check)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """The share of the asked words that stand in the story, if it is a story."""
        text = final_text(completion).lower().replace("ё", "е")
        if not _is_story(text, _LANGUAGES[example.language].letters):
            return 0.0
        spoken = re.findall(r"\w+", text)
        asked = example.check["words"]
        return sum(_is_used(word, spoken, example.language) for word in asked) / len(asked) if asked else 1.0


def _with_words(rng: random.Random, cast: Cast, tongue: _Language) -> tuple[str, list[Asked]]:
    asked = rng.sample(cast.words, 2 if rng.random() < _TWO_WORDS_SHARE else 3)
    left, right = rng.choice(tongue.quotes)
    listed = ", ".join(f"{left}{word.word}{right}" for word in asked)
    return rng.choice(tongue.requests).format(words=listed), asked


def _about(rng: random.Random, cast: Cast, tongue: _Language) -> tuple[str, list[Asked]]:
    request = rng.choice(tongue.about)
    if rng.random() < _HERO_ALONE_SHARE:
        return request.format(about=cast.subjects[0]), [cast.hero]
    return request.format(about=tongue.joined.format(*cast.subjects)), [cast.hero, cast.thing]


def _is_story(text: str, letters: str) -> bool:
    sentences = [tuple(re.findall(r"\w+", part)) for part in re.split(r"[.!?…]+", text)]
    told = [words for words in sentences if len(words) >= _MIN_WORDS_IN_SENTENCE]
    own = len(re.findall(f"[{letters}]", text))
    alphabetic = sum(char.isalpha() for char in text)
    return (
        len(set(told)) >= _MIN_SENTENCES
        and len(set(told)) >= _MIN_DISTINCT_SHARE * len(told)
        and own >= _MIN_SCRIPT_SHARE * alphabetic
    )


def _is_used(asked: Mapping[str, Any], spoken: Sequence[str], language: str) -> bool:
    stems = [stem.replace("ё", "е") for stem in asked["stems"]]
    if language == "en":
        return any(word in stems for word in spoken)
    if asked["kind"] == "verb":
        past, present = stems
        return any(_is_form(word, past, _PAST_FORM) or _is_form(word, present, _PRESENT_FORM) for word in spoken)
    endings = _NOUN_ENDINGS if asked["kind"] == "noun" else _ADJECTIVE_ENDINGS
    forms = {stem + ending for stem in stems for ending in endings}
    return any(word in forms for word in spoken)


def _is_form(word: str, stem: str, endings: re.Pattern[str]) -> bool:
    start, found, end = word.rpartition(stem)
    return bool(found) and _VERB_PREFIX.fullmatch(start) is not None and endings.fullmatch(end) is not None
