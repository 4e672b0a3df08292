"""Sentiment of short reviews: positive, negative or neutral (ordinary, or good and bad at once).

Half of the test reviews hold a statement that training never shows; the others join known statements in a new way.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import ClassVar, Literal

from samovar.chat.conversation import Message
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user
from samovar.tasks.words import sentiment_en, sentiment_ru
from samovar.tasks.words.decoration import upper_first
from samovar.tasks.words.reviews import Domain, clause

_WORDS: Mapping[str, ModuleType] = {"en": sentiment_en, "ru": sentiment_ru}
_LABELS = ("good", "bad", "neutral")
_LABEL_WEIGHTS = (0.38, 0.38, 0.24)

Side = Literal["good", "bad"]


class Sentiment(Task):
    """A review made of statements, and the question what its author feels."""

    name: ClassVar[str] = "sentiment"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """A review of a random label."""
        words = _WORDS[language]
        label = rng.choices(_LABELS, weights=_LABEL_WEIGHTS)[0]
        has_unseen = split == "test" and rng.random() < 0.5
        while True:
            review, statements = _review(rng, words, label)
            is_unseen = any(split_of(f"sentiment|{statement}") == "test" for statement in statements)
            # Known statements in a new order: the review as a whole decides.
            if is_unseen if has_unseen else not is_unseen and split_of(f"sentiment|{review}") == split:
                break
        can_be_two = label != "neutral" and rng.random() < 0.4
        question, answer = rng.choice(words.CHOICE_OF_TWO if can_be_two else words.QUESTIONS)
        his, her = words.LABELS[label]
        said = answer.format(label=his, Label=upper_first(his), her=her, Her=upper_first(her))
        text = question.format(review=f"«{review}»" if language == "ru" and rng.random() < 0.3 else review)
        return Example(self.name, language, (user(text),), (assistant(said),), {"label": label})

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the answer names the right label and no other."""
        text = final_text(completion).lower()
        patterns = _WORDS[example.language].ANSWERS._asdict()
        named = [label for label, pattern in patterns.items() if re.search(pattern, text)]
        return float(named == [example.check["label"]])


def _review(rng: random.Random, words: ModuleType, label: str) -> tuple[str, tuple[str, ...]]:
    """A review and the statements that it is made of."""
    domain: Domain = rng.choice(words.DOMAINS)
    if label == "neutral":
        if rng.random() < 0.4:
            said = rng.choice(words.NEUTRAL).format(object=rng.choice(domain.objects))
            return f"{said}.", (said,)
        first, second = rng.sample(domain.aspects, 2)
        good = _statement(rng, words, domain, "good", first)
        bad = _statement(rng, words, domain, "bad", second)
        return upper_first(rng.choice(words.CONTRAST).format(good=good, bad=bad)), (good, bad)
    side: Side = "good" if label == "good" else "bad"
    aspects = rng.sample(domain.aspects, 2)
    whole = rng.choice(words.GOOD_WHOLE if side == "good" else words.BAD_WHOLE)
    parts = [whole.format(object=rng.choice(domain.objects))] if rng.random() < 0.5 else []
    parts += [_statement(rng, words, domain, side, aspect) for aspect in aspects[: 1 if parts else rng.choice((1, 2))]]
    if rng.random() < 0.4:
        parts.append(rng.choice(words.GOOD_END if side == "good" else words.BAD_END))
    mark = "!" if rng.random() < 0.15 else "."
    return ". ".join(upper_first(part) for part in parts) + mark, tuple(parts)


def _statement(rng: random.Random, words: ModuleType, domain: Domain, side: Side, aspect: str) -> str:
    special, general = (domain.good, words.GOOD) if side == "good" else (domain.bad, words.BAD)
    return clause(aspect, rng.choice(special if rng.random() < 0.4 else general))
