"""Fields of a short paper as one JSON object: exactly the keys asked for, ``null`` for what the paper does not say.

Amounts and counts are JSON numbers, all else is text as it is written in the paper.

Splits: a paper belongs to one split by the hash of all that its fields hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from samovar.chat.conversation import Message, load_strict_json
from samovar.tasks.papers import english, russian
from samovar.tasks.papers.paper import Filled, Paper, fill
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user

_ENGLISH_KEYS_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class _Language:
    papers: tuple[Paper, ...]
    chatter: tuple[str, ...]
    layouts: tuple[str, ...]


_LANGUAGES: Mapping[str, _Language] = {
    "en": _Language(
        english.PAPERS,
        english.CHATTER,
        (
            "Extract {keys} as JSON.\n\n{text}",
            "Give me {keys} from this text as JSON.\n\n{text}",
            "Return JSON with the keys {keys}.\n\nText: {text}",
            "Find {keys} in the text and answer with JSON only.\n\n{text}",
            "Text: {text}\n\nWrite {keys} as JSON.",
            "{text}\n\nExtract {keys} as JSON.",
            "{text}\n\nFields: {keys}. Answer in JSON.",
            "JSON with the fields {keys}, please.\n\n{text}",
        ),
    ),
    "ru": _Language(
        russian.PAPERS,
        russian.CHATTER,
        (
            "Извлеки в JSON поля: {keys}.\n\n{text}",
            "Найди в тексте поля {keys} и ответь в виде JSON.\n\n{text}",
            "Верни JSON с ключами {keys}.\n\nТекст: {text}",
            "Выпиши поля {keys} из текста. Ответь только JSON.\n\n{text}",
            "Текст: {text}\n\nЗапиши в JSON: {keys}.",
            "{text}\n\nИзвлеки поля {keys} в JSON.",
            "{text}\n\nПоля: {keys}. Ответь в JSON.",
            "Нужен JSON с полями {keys}.\n\n{text}",
        ),
    ),
}


class JsonFields(Task):
    """A letter, a bill or a note, and fields to pull out of it."""

    name: ClassVar[str] = "json_fields"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Write a paper of this split and ask for some of its fields."""
        tongue = _LANGUAGES[language]
        filled = _filled(rng, tongue)
        while split_of("|".join(map(str, filled.values.values()))) != split:
            filled = _filled(rng, tongue)
        is_foreign = rng.random() < _ENGLISH_KEYS_SHARE
        asked = rng.sample(list(filled.values), rng.choice((2, 3, 3, 4, 4, 5)))
        expected = {item.keys[-1 if is_foreign else 0]: filled.values[item] for item in asked}
        request = rng.choice(tongue.layouts).format(keys=", ".join(expected), text=filled.text)
        reply = json.dumps(expected, ensure_ascii=False)
        return Example(self.name, language, (user(request),), (assistant(reply),), {"fields": expected})

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the reply is a JSON object with the asked keys and no other, and every value is right."""
        return float(self.share_right(example, completion) == 1.0)

    def share_right(self, example: Example, completion: Sequence[Message]) -> float:
        """The share of right values; 0 when the reply is not an object with exactly the asked keys."""
        expected = example.check["fields"]
        try:
            given = load_strict_json(final_text(completion))
        except ValueError:
            return 0.0
        if not isinstance(given, dict) or given.keys() != expected.keys():
            return 0.0
        return sum(_plain(given[key]) == _plain(value) for key, value in expected.items()) / len(expected)


def _filled(rng: random.Random, tongue: _Language) -> Filled:
    return fill(rng, rng.choice(tongue.papers), tongue.chatter)


def _plain(value: Any) -> Any:
    """A value for comparison: text without case, outer signs and ё; a number as its figures; null as itself."""
    if value is None or isinstance(value, bool | list | dict):
        return value
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return " ".join(text.lower().replace("ё", "е").strip(' .,;«»"').split())
