"""How people really type: no capitals, no full stop, a greeting in front, a slip of the finger."""

from __future__ import annotations

import random

GREETINGS = {
    "en": ("Hi! ", "Hello! ", "Hey, ", "Hello, ", "Good day! ", "Hi there! "),
    "ru": ("Привет! ", "Здравствуйте! ", "Привет, ", "Добрый день! ", "Здравствуй! ", "Приветик! "),
}
GREETING_BACK = {"en": "Hello! ", "ru": "Здравствуйте! "}


def typed(rng: random.Random, text: str, *, lower: float = 0.25, bare: float = 0.3) -> str:
    """``text`` as a hasty person types it: small letters and no final mark, each with its probability."""
    if rng.random() < bare:
        text = text.rstrip(".?!")
    if rng.random() < lower:
        text = text.lower()
    return text


def greeted(rng: random.Random, text: str, language: str) -> str:
    """``text`` with a greeting in front."""
    greeting = rng.choice(GREETINGS[language])
    return greeting + (lower_first(text) if greeting.endswith(", ") else text)


def lower_first(text: str) -> str:
    """``text`` with a small first letter, unless its first word is the English "I"."""
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """``text`` with a capital first letter, the rest untouched."""
    return text[:1].upper() + text[1:]


def slipped(rng: random.Random, text: str) -> str:
    """``text`` with one slip in one of its longer words: a letter lost, doubled, or changed places with the next."""
    words = text.split(" ")
    long_words = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long_words:
        return text
    place = rng.choice(long_words)
    word = words[place]
    at = rng.randrange(1, len(word) - 2)
    words[place] = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)
