"""Small talk and identity: who the assistant is, what it can do, and what it honestly does not know.

The test asks in phrasings that training never shows, not only in other decorations of the same ones, and the more usual
ones more often, as people do. Lessons do so less: what is usual is learnt soon. An answer's first words belong to one
intent alone: what was meant is then decided at once, and not over again at every place where two answers part.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import ClassVar

from samovar.chat.conversation import Message
from samovar.tasks.task import Example, Split, Task, assistant, final_text, user
from samovar.tasks.words import invented
from samovar.tasks.words.decoration import GREETING_BACK, greeted, lower_first, slipped, typed
from samovar.tasks.words.phrasing import Drawn, say, split_by_use, split_phrasings, words
from samovar.tasks.words.talk import names_en, names_ru
from samovar.tasks.words.talk.intents import load_intents

_NAMES = {"en": names_en, "ru": names_ru}
_WEIGHTS = {"greeting": 2.0, "name": 3.0, "who": 3.0, "maker": 2.0, "abilities": 2.0, "privacy": 2.0}
_ASKED_AFTER_GREETING = words("""
    how_are_you name who maker abilities human home privacy languages joke weather time date age feelings favourite
    bored sad tired help internet memory workings price news mistakes sing stranger
""")
_NAME_SHARE, _LONGER_SHARE = 0.12, 0.2
_GREETED_SHARE, _CALLED_SHARE, _SLIP_SHARE = 0.15, 0.05, 0.08
_MAX_ANSWER_CHARACTERS = 200
_WAYS_A_TEXT = 24
_INVENTED: Mapping[str, Callable[[random.Random], str]] = {
    "en": invented.english,
    "ru": lambda rng: str(invented.russian_person(rng)),
}
_INVENTED_SHARE = 0.3  # of the names in lessons: they leave nothing but to copy


class SmallTalk(Task):
    """Greetings, questions about the assistant, moods, and the user's name kept through a conversation."""

    name: ClassVar[str] = "small_talk"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """A question of a random intent, alone or after other turns."""
        if rng.random() < _NAME_SHARE:
            return self._about_users_name(rng, split, language)
        talk = load_intents(language)
        before: list[Message] = []
        if rng.random() < _LONGER_SHARE:
            for key in rng.sample(sorted(talk), rng.choice((1, 1, 2))):
                before += self._turn(rng, key, "train", language)
        key = rng.choices(list(talk), weights=_weights(language))[0]
        question, answer = self._turn(rng, key, split, language)
        return self._example(language, [*before, question], answer, key, talk[key].expects)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the answer is short and matches one of the intent's patterns."""
        text = " ".join(final_text(completion).lower().split())
        if len(text) > _MAX_ANSWER_CHARACTERS:
            return 0.0
        return float(any(re.search(pattern, text) for pattern in example.check["expects"]))

    def reading(self) -> Iterator[str]:
        """Ways to say one thing, one a line, of those that lessons have: words that stand together mean the same."""
        for language in self.languages:
            for key in load_intents(language):
                rng = random.Random(f"{self.seed}|{language}|{key}")
                ways = [self._filled(say(rng, way)) for way in _asks(language, key)["train"].phrasings]
                rng.shuffle(ways)
                for first in range(0, len(ways), _WAYS_A_TEXT):
                    yield "\n".join(ways[first : first + _WAYS_A_TEXT])

    def _turn(self, rng: random.Random, key: str, split: Split, language: str) -> tuple[Message, Message]:
        """A question of this intent as people type it, and an answer."""
        answer = rng.choice(load_intents(language)[key].answers)
        text = say(rng, _asks(language, key)[split].draw(rng))
        if rng.random() < _SLIP_SHARE:
            text = slipped(rng, text)
        if key in _ASKED_AFTER_GREETING and rng.random() < _GREETED_SHARE:
            text, answer = greeted(rng, text, language), GREETING_BACK[language] + answer
        elif key in _ASKED_AFTER_GREETING and rng.random() < _CALLED_SHARE and "{name}" not in text:
            text = "{name}, " + lower_first(text)
        text = typed(rng, text)
        return user(self._filled(text)), assistant(self._filled(answer))

    def _about_users_name(self, rng: random.Random, split: Split, language: str) -> Example:
        """The user says a name; half the time other things are said, and then the user asks for it."""
        blocks = _NAMES[language]
        names = split_phrasings(blocks.USERS, f"small_talk|{language}|USERS")
        called = rng.choice(names["train"] if split == "train" else (*names["train"], *names["test"]))
        if split == "train" and rng.random() < _INVENTED_SHARE:
            called = _INVENTED[language](rng)
        is_asked = rng.random() < 0.6
        telling = say(rng, _about_names(language, "TELLS_NAME")["train" if is_asked else split].draw(rng))
        meeting = assistant(self._filled(rng.choice(blocks.MEETS), called))
        told = user(self._filled(typed(rng, telling), called))
        expects = [rf"\b{re.escape(called.lower())}\b"]
        if not is_asked:
            return self._example(language, [told], meeting, "meets_user", expects)
        before = [told, meeting]
        if rng.random() < 0.4:
            key = rng.choice([key for key in sorted(load_intents(language)) if key != "stranger"])
            before += self._turn(rng, key, "train", language)
        question = typed(rng, say(rng, _about_names(language, "ASKS_NAME")[split].draw(rng)))
        answer = assistant(self._filled(rng.choice(blocks.RECALLS), called))
        return self._example(language, [*before, user(self._filled(question, called))], answer, "recalls_user", expects)

    def _example(
        self, language: str, prompt: Sequence[Message], answer: Message, intent: str, expects: Sequence[str]
    ) -> Example:
        escaped = re.escape(self.assistant_name.lower())
        check = {"intent": intent, "expects": [pattern.replace("{name}", escaped) for pattern in expects]}
        return Example(self.name, language, tuple(prompt), (answer,), check)

    def _filled(self, text: str, called: str = "") -> str:
        return text.replace("{name}", self.assistant_name).replace("{user}", called)


@cache
def _asks(language: str, key: str) -> Mapping[Split, Drawn]:
    return split_by_use(load_intents(language)[key].asks, f"small_talk|{language}|{key}")


@cache
def _about_names(language: str, block: str) -> Mapping[Split, Drawn]:
    return split_by_use(getattr(_NAMES[language], block), f"small_talk|{language}|{block}")


@cache
def _weights(language: str) -> tuple[float, ...]:
    return tuple(_WEIGHTS.get(key, 1.0) for key in load_intents(language))
