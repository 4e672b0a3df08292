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

_MOST_TOKENS = 64


def sample_lines(
    model: Decoder | None, tokenizer: Tokenizer, prompts: Mapping[str, Sequence[Message]]
) -> dict[str, str]:
    """``sample <name>`` -> question and answer; none in a process that does not have the whole model."""
    if model is None or not prompts:
        return {}
    engine = Engine(model, tokenizer, max_batch=1)
    likeliest = Sampling(temperature=0.0, max_tokens=_MOST_TOKENS)
    lines: dict[str, str] = {}
    for name, prompt in prompts.items():
        with suppress(RequestError):  # the question leaves no room for an answer
            (answer,) = engine.generate([prompt_ids(prompt, tokenizer)], likeliest)
            lines[f"sample {name}"] = f"{prompt[-1].content} -> {answer.text}"
    return lines
