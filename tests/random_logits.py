"""Answers of a model that knows nothing, kept within a constraint: what must hold of them holds of any model."""

from __future__ import annotations

import random

import torch

from samovar.engine.constraint import Constraint
from samovar.engine.grammar import Grammars, GrammarState, Masks
from samovar.engine.request import Sampling
from samovar.engine.sampler import sample
from samovar.tokenizer.tokenizer import Tokenizer


def random_answers(
    grammars: Grammars,
    tokenizer: Tokenizer,
    constraint: Constraint,
    count: int,
    *,
    longest: int = 400,
    likelier: dict[int, float] | None = None,
) -> list[tuple[str, bool]]:
    """Texts, and whether each came to its end; ``likelier`` is added to the logits of some tokens."""
    masks, generator = Masks(), torch.Generator().manual_seed(1)
    uniform = random.Random(1).random
    states = [grammars.follow(constraint) for _ in range(count)]
    ids: list[list[int]] = [[] for _ in states]
    is_over = [False] * count

    def push(row: int, token: int) -> None:
        ids[row].append(token)
        states[row].accept(token)
        assert not states[row].has_failed, tokenizer.decode(ids[row], skip_special=False)
        is_over[row] = states[row].is_done or token in tokenizer.stop_ids

    for _ in range(longest):
        for row, state in enumerate(states):
            for token in [] if is_over[row] else state.forced():
                assert may_come(state, token)
                push(row, token)
        live = [row for row in range(count) if not is_over[row]]
        if not live:
            break
        masks.begin(states[row] for row in live)
        logits = torch.randn(len(live), tokenizer.vocab_size, generator=generator) * 2
        for token, more in (likelier or {}).items():
            logits[:, token] += more
        masks.apply(logits, [states[row] for row in live])
        tokens = sample(logits, [Sampling(temperature=1)] * len(live), [uniform] * len(live))
        for row, token in zip(live, tokens, strict=True):
            push(row, token)
    masks.close()
    kept = [[token for token in row if token not in tokenizer.stop_ids] for row in ids]
    return [(tokenizer.decode(row), over) for row, over in zip(kept, is_over, strict=True)]


def may_come(state: GrammarState, token: int) -> bool:
    """Whether the mask allows a token."""
    state.compute()
    assert state.bits is not None
    return bool(state.bits[token // 8] >> (token % 8) & 1)
