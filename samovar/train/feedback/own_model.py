"""An adviser out of a folder: our own engine in this process. Letters are weighed by their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from samovar.chat.conversation import Conversation, Message
from samovar.chat.rows import prompt_ids, render_row
from samovar.core.errors import ConfigError, DataError, RequestError
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Delta, Sampling
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.wording import LETTERS

_AT_ONCE = 32
_TOP = 20
"""Of the likeliest tokens told with a letter; where the other one is not among them, it is asked for by itself."""
_FORCED = 500.0
"""Added to the logits of the letters, so that nothing else is drawn."""


class OwnModel:
    """A model in this process."""

    leaves_machine = False

    def __init__(self, engine: Engine, name: str) -> None:
        """Ask ``engine``, under a ``name`` that tells these weights from others."""
        self.name = name
        self._engine = engine
        self._tokenizer = engine.tokenizer
        self._lead, self._letters = _find_letters(engine.tokenizer)

    @classmethod
    def load(cls, folder: Path, name: str) -> OwnModel:
        """The model in ``folder``.

        Raises:
            MissingError, CorruptError: there is none, or it is damaged.
            ConfigError: its tokenizer does not tell the letters apart.
        """
        return cls(Engine.load(folder, max_batch=_AT_ONCE), name)

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        """Answer all, some at a time."""
        for first in range(0, len(asks), _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, len(asks)))
            for is_choice, answer in ((False, self._say), (True, self._choose)):
                some = {number: asks[number] for number in numbers if asks[number].is_choice is is_choice}
                if some:
                    answer(some, on_reply)

    def _say(self, asks: dict[int, Ask], on_reply: Callable[[int, Reply], None]) -> None:
        requests = {
            number: (ask, Sampling(ask.temperature, seed=ask.seed, max_tokens=ask.max_tokens))
            for number, ask in asks.items()
        }
        self._run(requests, lambda number, said: on_reply(number, Reply(said.text.strip())), on_reply)

    def _choose(self, asks: dict[int, Ask], on_reply: Callable[[int, Reply], None]) -> None:
        found: dict[int, dict[int, float]] = {number: {} for number in asks}

        def take(number: int, said: Completion) -> None:
            told = {one: value for one, value in said.logprobs[0].top if one in self._letters}
            found[number] |= told | {said.ids[0]: said.logprobs[0].logprob}
            if len(found[number]) == len(self._letters):
                first, second = (found[number][letter] for letter in self._letters)
                letter = LETTERS[0] if first >= second else LETTERS[1]
                on_reply(number, Reply(letter, first - second, letter))

        sampling = _letter_sampling(self._letters)
        refused: set[int] = set()

        def refuse(number: int, reply: Reply) -> None:
            refused.add(number)
            on_reply(number, reply)

        self._run({number: (ask, sampling) for number, ask in asks.items()}, take, refuse)
        for letter in self._letters:
            missing = [number for number in asks if number not in refused and letter not in found[number]]
            self._run({number: (asks[number], _letter_sampling((letter,))) for number in missing}, take, refuse)

    def _ids(self, ask: Ask) -> list[int]:
        prompt = prompt_ids(ask.messages, self._tokenizer, thinks=not ask.is_choice)
        return prompt + self._lead if ask.is_choice else prompt

    def _run(
        self,
        requests: dict[int, tuple[Ask, Sampling]],
        on_answer: Callable[[int, Completion], None],
        on_refusal: Callable[[int, Reply], None],
    ) -> None:
        number_of: dict[int, int] = {}
        deltas: dict[int, list[Delta]] = {}
        try:
            for number, (ask, sampling) in requests.items():
                try:
                    request = self._engine.add(self._ids(ask), sampling)
                except DataError:  # the template cannot write it
                    on_refusal(number, Reply(problem="refused"))
                    continue
                except RequestError:  # nothing but its length can be wrong with it
                    on_refusal(number, Reply(problem="too_long"))
                    continue
                number_of[request], deltas[request] = number, []
            while self._engine.has_work:
                for delta in self._engine.step():
                    deltas[delta.request_id].append(delta)
                    if delta.finish_reason is not None:
                        on_answer(number_of[delta.request_id], Completion.of(*deltas.pop(delta.request_id)))
        finally:
            self._engine.cancel_all()


def _letter_sampling(letters: Sequence[int]) -> Sampling:
    bias = dict.fromkeys(letters, _FORCED)
    return Sampling(temperature=0.0, max_tokens=1, logit_bias=bias, logprobs=_TOP)


def _find_letters(tokenizer: Tokenizer) -> tuple[list[int], tuple[int, int]]:
    """How an answer of one letter begins in ids: what stands before the letter, and each letter's own token.

    Raises:
        ConfigError: the letters are the same to this tokenizer.
    """
    question = Message(role="user", content="?")
    prompt = prompt_ids([question], tokenizer, thinks=False)
    rows = [
        render_row(Conversation(messages=[question, Message(role="assistant", content=letter)]), tokenizer).ids
        for letter in LETTERS
    ]
    is_whole = all(row[: len(prompt)] == prompt for row in rows)  # not where a thought had to be closed
    one, other = (
        row[len(prompt) :] if is_whole else tokenizer.encode(letter, goes_on=True)
        for row, letter in zip(rows, LETTERS, strict=True)
    )
    for place, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return one[:place], (first, second)
    raise ConfigError(
        f"this model's tokenizer does not tell {' from '.join(LETTERS)}", hint="take another model as a judge"
    )
