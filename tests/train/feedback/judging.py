"""A judge that counts polite words, leans to whoever stands first, and is asked in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import Constitution, Rule
from samovar.train.feedback.wording import LETTERS
from tests.train.tiny_preferences import KIND

CONSTITUTION = Constitution((Rule("Be polite."), Rule("Отвечай вежливо.")))


class Polite:
    """Answers and revises by rote; a pair's log-odds are the polite words of A less those of B, and the leaning."""

    leaves_machine = False

    def __init__(self, leaning: float = 0.0, *, tells_odds: bool = True, fails_after: int | None = None) -> None:
        self.name = "polite"
        self.leaning, self.tells_odds, self.fails_after = leaning, tells_odds, fails_after
        self.asked: list[Ask] = []

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        for number, ask in enumerate(asks):
            if self.fails_after is not None and len(self.asked) >= self.fails_after:
                raise ConnectionError("down")
            self.asked.append(ask)
            on_reply(number, self._choose(ask) if ask.is_choice else Reply(self._say(ask)))

    def _say(self, ask: Ask) -> str:
        text = ask.messages[-1].content
        if "with this rule in mind" in text:
            return "It is curt."
        if text.startswith("Now write the answer again"):
            return f"{ask.messages[-4].content} please thanks"
        return f"Pass it {ask.seed}"

    def _choose(self, ask: Ask) -> Reply:
        answers = re.findall(r"\[Answer [AB]\]\n(.*?)\n\[End", ask.messages[0].content, re.DOTALL)
        first, second = (sum(word.strip(".") in KIND for word in answer.split()) for answer in answers)
        log_odds = 2.0 * (first - second) + self.leaning
        letter = LETTERS[0] if log_odds >= 0 else LETTERS[1]
        return Reply(letter, log_odds if self.tells_odds else None, letter)
