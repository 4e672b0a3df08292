"""Which of two letters a server's answer names, and how sure it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from samovar.train.feedback.asking import Reply
from samovar.train.feedback.wording import LETTERS

_LOOK_ALIKES = str.maketrans({"А": "A", "В": "B", "Б": "B"})
"""Cyrillic letters: А and В look like ours, and Б is the second one for who counts in Russian."""
_THOUGHT = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL)
_ALONE = re.compile(r"(?<![^\W_])[AB](?![^\W_])")
"""A letter that is no part of a word."""
_VERDICT = re.compile(
    r"""\A[\s*"'`(\[]*([AB])[\s*"'`)\]]*(?:[.,:;!\n—-]|\Z)  # it begins with the letter, or is no more
    |["'`*(\[]([AB])["'`*)\]]                              # it stands in quotation marks or the like
    |(?<![^\W_])([AB])[\s.!*"'`)\]}]*\Z""",  # it ends with it
    re.VERBOSE,
)
_SURE = re.compile(r"\[\[\s*([AB])\s*\]\]")


def read_choice(choice: Mapping[str, Any], *, is_letter: bool) -> Reply:
    """What a choice of a chat completion says; with ``is_letter``, which letter.

    Log-odds are told where the server gives probabilities of the letter's token.
    """
    message = choice.get("message")
    text = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(text, str):
        return Reply(problem="unreadable")
    said = _THOUGHT.sub("", text).strip()
    if not is_letter:
        return Reply(said)
    letter = find_letter(said)
    if letter is None:
        return Reply(said, problem="unreadable")
    log_odds = _log_odds(choice, letter)
    if log_odds is not None and log_odds != 0.0:
        letter = LETTERS[0] if log_odds > 0 else LETTERS[1]
    return Reply(said, log_odds, letter)


def find_letter(text: str) -> str | None:
    """The one letter that ``text`` gives as a verdict; None where it gives none, or names both.

    [[A]] is taken wherever it stands, as judges are often told to write it. Else a letter must begin or end the text,
    or stand in quotation marks: amid a sentence "A" is an article, and "А" and "В" are Russian words.
    """
    plain = text.translate(_LOOK_ALIKES)
    sure = set(_SURE.findall(plain))
    if sure:
        return sure.pop() if len(sure) == 1 else None
    given = {letter for found in _VERDICT.findall(plain) for letter in found if letter}
    return given.pop() if len(given) == 1 and set(_ALONE.findall(plain)) == given else None


def _log_odds(choice: Mapping[str, Any], letter: str) -> float | None:
    """Of the first letter against the second, at the token that is ``letter``.

    A letter that is not among the likeliest tokens told is at most as likely as the last of them, and is taken to be.
    """
    told = choice.get("logprobs")
    content = told.get("content") if isinstance(told, Mapping) else None
    for token in reversed(content) if isinstance(content, list) else ():
        if not isinstance(token, Mapping) or _as_letter(token.get("token")) != letter:
            continue
        likeliest = [one for one in token.get("top_logprobs") or () if isinstance(one, Mapping)]
        values = [_sum_of(likeliest, wanted) for wanted in LETTERS]
        if None not in values or len(likeliest) > 1:
            floor = min(_number(one) for one in likeliest)
            first, second = (floor if value is None else value for value in values)
            return first - second if math.isfinite(first - second) else None
    return None


def _sum_of(tokens: Iterable[Mapping[str, Any]], letter: str) -> float | None:
    """The logarithm of the summed probability of all tokens that are ``letter``."""
    found = [_number(one) for one in tokens if _as_letter(one.get("token")) == letter]
    if not found:
        return None
    most = max(found)
    return most + math.log(sum(math.exp(one - most) for one in found)) if math.isfinite(most) else None


def _as_letter(token: Any) -> str:
    return token.strip(" \n\t\"'*[]().:").translate(_LOOK_ALIKES) if isinstance(token, str) else ""


def _number(token: Mapping[str, Any]) -> float:
    value = token.get("logprob")
    return float(value) if isinstance(value, int | float) else -math.inf
