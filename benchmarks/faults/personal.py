"""Paragraphs with personal data at known places, Russian and English, and with what only looks like such data."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from benchmarks.personal_documents import Document, russian_documents

_HARMLESS = (
    "Version {a}.{b}.{c} of the manual replaces all earlier ones.",
    "The meeting of {day}.0{month}.20{b:02} begins at 10:30 in room {a}{c}.",
    "Order no. {a}{b}{c}{a} was shipped with {c} parcels.",
    "Section {a}.{b} of the rules and table {c} say how it is done.",
    "Set max_tokens to {a}{b}00 and try again.",
)


def russian_personal(draw: random.Random) -> Document:
    """A few Russian sentences of business with at least one thing that is personal."""
    while True:
        (document,) = russian_documents(1, seed=draw.getrandbits(32))
        if document.spans:
            return document


def english_personal(draw: random.Random) -> Document:
    """A few English sentences with at least one thing that is personal."""
    text, spans = "", []
    sentences: list[Callable[[], tuple[str, str, str, str]] | None] = [None] * draw.randint(1, 3)
    sentences += draw.choices(_PERSONAL, k=draw.randint(1, 3))  # type: ignore[arg-type]
    draw.shuffle(sentences)
    for sentence in sentences:
        if sentence is None:
            numbers = {name: draw.randint(1, 9) for name in "abc"}
            text += draw.choice(_HARMLESS).format(**numbers, day=draw.randint(10, 28), month=draw.randint(1, 9)) + " "
            continue
        before, value, after, kind = sentence(draw)  # type: ignore[call-arg]
        spans.append((len(text) + len(before), len(text) + len(before) + len(value), kind))
        text += before + value + after + " "
    return Document(text.rstrip(), tuple(spans))


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices(string.digits, k=count))


def _letters(draw: random.Random, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(draw.choices(alphabet, k=count))


def _email(draw: random.Random) -> tuple[str, str, str, str]:
    name = _letters(draw, 6, string.ascii_lowercase)
    return "Write to ", f"{name}.{draw.choice(('lee', 'moss', 'ray'))}@{name[:4]}mail.org", " about it.", "email"


def _phone(draw: random.Random) -> tuple[str, str, str, str]:
    number = draw.choice((f"+44 20 7946 {_digits(draw, 4)}", f"+1 212 {draw.randint(220, 989)} {_digits(draw, 4)}"))
    return "You can call me at ", number, " in the evening.", "phone"


def _card(draw: random.Random) -> tuple[str, str, str, str]:
    digits = draw.choice(("4539", "5425", "4916")) + _digits(draw, 11)
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(digits))
    digits += str(-total % 10)
    return "It was paid with the card ", " ".join(digits[at : at + 4] for at in range(0, 16, 4)), ".", "card"


def _ip(draw: random.Random) -> tuple[str, str, str, str]:
    address = f"{draw.randint(45, 95)}.{draw.randint(0, 255)}.{draw.randint(0, 255)}.{draw.randint(1, 254)}"
    return "The last login came from ", address, " at night.", "ip"


def _iban(draw: random.Random) -> tuple[str, str, str, str]:
    account = _digits(draw, 18)
    check = 98 - int(account + "131400") % 97
    return "Transfer the rest to ", f"DE{check:02}{account}", " by Friday.", "iban"


def _token(draw: random.Random) -> tuple[str, str, str, str]:
    return "The script still has the token ", "ghp_" + _letters(draw, 36), " in it.", "secret"


_PERSONAL = (_email, _phone, _card, _ip, _iban, _token)
