"""A question and what the model says to it, while it is in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import RequestError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer


def answer_line(model: Decoder, tokenizer: Tokenizer, prompt: Sequence[Message], *, max_tokens: int = 64) -> str:
    """The question and the model's most likely answer, in one line."""
    engine = Engine(model, tokenizer, max_batch=1)
    sampling = Sampling(temperature=0.0, max_tokens=max_tokens)
    text = engine.generate([prompt_ids(prompt, tokenizer)], sampling)[0].text
    return f"{prompt[-1].content} -> {text}"


def sample_lines(
    model: Decoder | None, tokenizer: Tokenizer, prompts: Mapping[str, Sequence[Message]]
) -> dict[str, str]:
    """``sample <name>`` -> question and answer; none in a process that does not have the whole model."""
    lines: dict[str, str] = {}
    if model is None:
        return lines
    for name, prompt in prompts.items():
        with suppress(RequestError):  # the question leaves no room for an answer
            lines[f"sample {name}"] = answer_line(model, tokenizer, prompt)
    return lines
