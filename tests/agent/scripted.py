"""An engine that says what a script tells it to, piece by piece, in place of a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from samovar.core.errors import RequestError
from samovar.engine.request import Delta, Sampling
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

TEXTS = [
    "A cat sat on the mat and looked at the river for 1234 seconds. Then it ran.",
    "Кошка сидела на коврике и смотрела на реку. Потом она побежала.",
    'user assistant system {"name": "calculator", "arguments": {"expression": "17*24"}}',
] * 4

Script = Callable[[str], str]


def make_tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, TokenizerSettings(vocab_size=400))


def call_text(expression: str, name: str = "calculator") -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {{"expression": "{expression}"}}}}\n</tool_call>'


def calculating(prompt: str) -> str:
    """Calls the calculator for 17*24, then tells its answer; greets otherwise."""
    last_turn = prompt.rpartition("<|im_start|>user")[2]
    if "<tool_response>" in last_turn:
        return f"It is {last_turn.split('<tool_response>')[1].split('</tool_response>')[0].strip()}."
    return call_text("17*24") if "17*24" in last_turn else "Hello there, friend."


@dataclass
class Playing:
    """One request: the pieces that are still to come."""

    request_id: int
    pieces: deque[str]
    finish_reason: str
    has_ended: bool = False

    def next_delta(self, tokenizer: Tokenizer) -> Delta:
        text = self.pieces.popleft()
        ids = tokenizer.encode(text, allow_special=True)
        if self.pieces:
            return Delta(self.request_id, ids, text, None)
        self.has_ended = True
        return Delta(self.request_id, ids, text, self.finish_reason)


@dataclass
class ScriptedEngine:
    """The engine's interface over a script."""

    tokenizer: Tokenizer
    script: Script
    max_batch: int = 2
    max_context: int = 400
    live: dict[int, Playing] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)
    numbers: count = field(default_factory=count)

    def add(self, prompt_ids: Sequence[int], sampling: Sampling, *, is_streamed: bool = True) -> int:
        playing = self.start(prompt_ids, sampling)
        self.live[playing.request_id] = playing
        return playing.request_id

    def start(self, prompt_ids: Sequence[int], sampling: Sampling) -> Playing:
        if len(prompt_ids) >= self.max_context:
            raise RequestError(f"the prompt has {len(prompt_ids)} tokens", code="context_length_exceeded")
        prompt = self.tokenizer.decode(prompt_ids, skip_special=False)
        self.prompts.append(prompt)
        self.samplings.append(sampling)
        reply = self.script(prompt)
        pieces = [reply[start : start + 3] for start in range(0, len(reply), 3)]
        reason = "stop" if len(pieces) <= sampling.max_tokens else "length"
        return Playing(next(self.numbers), deque(pieces[: sampling.max_tokens] or [""]), reason)

    def step(self) -> list[Delta]:
        deltas = [playing.next_delta(self.tokenizer) for playing in self.live.values()]
        self.live = {number: playing for number, playing in self.live.items() if not playing.has_ended}
        return deltas

    def cancel(self, request_id: int) -> None:
        self.live.pop(request_id, None)
