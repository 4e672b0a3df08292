"""A vector for a text, out of the decoder's last layer.

Axes: B texts read at once, T tokens of the longest, D model width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.core.errors import RequestError
from samovar.model.decoder import Decoder

TOKENS_AT_ONCE = 8192
"""Of a forward pass, padding included; a longer text is read alone."""


@torch.inference_mode()
def embed(model: Decoder, prompts: Sequence[Sequence[int]]) -> list[list[float]]:
    """A vector of length one for each text, so that the product of two is their cosine.

    It is the mean of the final normed hidden states of all tokens, which serves models that were not trained for it
    (Muennighoff 2022, arXiv:2202.08904, section 3).

    Args:
        model: in evaluation mode; nothing in it changes, so that an engine may run it meanwhile.
        prompts: token ids each.
    Raises:
        RequestError: a text is empty, longer than the model's context, or not of its vocabulary.
    """
    for number, prompt in enumerate(prompts):
        _check(model, prompt, number)
    vectors: list[list[float]] = [[] for _ in prompts]
    for numbers in batches([len(prompt) for prompt in prompts]):
        hidden_BTD, is_real_BT = hidden_rows(model, [prompts[number] for number in numbers])
        share_BT = is_real_BT.float() / is_real_BT.sum(1, keepdim=True)
        mean_BD = torch.einsum("btd,bt->bd", hidden_BTD.float(), share_BT)
        for number, vector in zip(numbers, F.normalize(mean_BD, dim=1).tolist(), strict=True):
            vectors[number] = vector
    return vectors


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts that are read at once, those of like length together."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        if batch and (len(batch) + 1) * lengths[number] > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def hidden_rows(model: Decoder, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """The final normed hidden states, BTD, and which of them are of tokens, BT.

    Rows are filled up on the right, where causality hides it.
    """
    device, length = model.norm.weight.device, max(map(len, rows))
    token_BT = torch.zeros(len(rows), length, dtype=torch.long)
    is_real_BT = torch.zeros(len(rows), length, dtype=torch.bool)
    for number, row in enumerate(rows):
        token_BT[number, : len(row)] = torch.tensor(row)
        is_real_BT[number, : len(row)] = True
    return model.hidden(token_BT.to(device)), is_real_BT.to(device)


def _check(model: Decoder, prompt: Sequence[int], number: int) -> None:
    if not prompt:
        raise RequestError(f"text {number} is empty", param="input")
    longest = model.settings.max_positions
    if len(prompt) > longest:
        raise RequestError(
            f"text {number} has {len(prompt)} tokens, and the model's context holds {longest}",
            hint="shorten it, or cut it into parts",
            code="context_length_exceeded",
            param="input",
        )
    if min(prompt) < 0 or max(prompt) >= model.settings.vocab_size:
        raise RequestError(f"text {number} holds ids outside 0..{model.settings.vocab_size - 1}", param="input")
