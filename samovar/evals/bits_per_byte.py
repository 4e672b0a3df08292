"""How well a model foretells text: bits for each byte of UTF-8, which is the same unit for every tokenizer.

A document is read in windows of ``context`` tokens, each ``stride`` tokens further; a window scores just the tokens
that no window before it did, so that every token but the first ones sees at least ``context - stride`` tokens of its
document. The first token of a document has nothing before it and is charged as one of the vocabulary's tokens at
random: training never asks the model for it. The mark that ends a document is text of nobody and is not scored.
Axes: B windows, T tokens, N scored tokens, D model width, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.chat.rows import Row
from samovar.core.errors import ConfigError, DataError
from samovar.engine.embeddings import batches, hidden_rows
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer, whole_unicode

LONGEST_WINDOW = 2048
BATCH_TOKENS = 8_192
"""Tokens of a forward pass."""
LOGITS_BYTES = 64 * 2**20
"""Memory for logits at a time: large vocabularies are scored in pieces."""


class BitsPerByte(NamedTuple):
    """The measurement, and what it was made on."""

    bits_per_byte: float
    num_documents: int
    num_tokens: int
    num_bytes: int
    nats: float
    context: int
    stride: int


class Window(NamedTuple):
    """A piece of a document: ``ids``, of which those from ``start`` on are scored."""

    ids: list[int]
    start: int


def bits_per_byte(
    model: Decoder,
    tokenizer: Tokenizer,
    texts: Iterable[str],
    *,
    context: int | None = None,
    stride: int | None = None,
    max_bytes: int | None = None,
) -> BitsPerByte:
    """Measure ``model`` on ``texts``, which are read once, as a stream.

    Args:
        model: in evaluation mode.
        tokenizer: the model's.
        texts: whole documents; empty ones are passed over.
        context: length of a window in tokens; at most what the model takes, and by default no more than 2048.
        stride: by how many tokens windows move; by default half of ``context``.
        max_bytes: read no more than this; the last document is cut to it.
    Raises:
        ConfigError: the stride is longer than the context, or the context is under 2.
        DataError: there is no text.
    """
    context, stride = _window_shape(model, context, stride)
    counts = _Counts()
    nats = 0.0
    for batch in _batches(_windows(counts, tokenizer, texts, context, stride, max_bytes), BATCH_TOKENS // context or 1):
        nats += _batch_nats(model, batch)
    if counts.num_bytes == 0:
        raise DataError("bits per byte cannot be measured: there is no held-out text", hint="add documents")
    if not tokenizer.begin_ids:  # nothing stands before the first token, so that all are as likely
        nats += counts.num_documents * math.log(model.settings.vocab_size)
    return BitsPerByte(
        bits_per_byte=nats / math.log(2) / counts.num_bytes,
        num_documents=counts.num_documents,
        num_tokens=counts.num_tokens,
        num_bytes=counts.num_bytes,
        nats=nats,
        context=context,
        stride=stride,
    )


@torch.inference_mode()
def answer_bits_per_byte(model: Decoder, rows: Iterable[Row], num_bytes: int) -> float:
    """Bits for each byte of what the assistant says in conversations, each read alone from its beginning.

    Args:
        model: in evaluation mode.
        rows: the conversations, none of them longer than the model's context.
        num_bytes: of all that the assistant says in them.
    """
    read = [(row.ids, row.is_target[1:]) for row in rows]
    nats = 0.0
    for numbers in batches([len(ids) for ids, _ in read]):
        some = [read[number] for number in numbers]
        hidden_BTD, is_real_BT = hidden_rows(model, [ids for ids, _ in some])
        is_scored_BT = torch.zeros_like(is_real_BT)
        for place, (_, is_target) in enumerate(some):
            is_scored_BT[place, : len(is_target)] = torch.tensor(is_target)
        target = [token for ids, is_target in some for token, said in zip(ids[1:], is_target, strict=True) if said]
        nats += _nats(model, hidden_BTD[is_scored_BT], torch.tensor(target, device=hidden_BTD.device))
    return nats / math.log(2) / num_bytes


class _Counts:
    num_documents = num_tokens = num_bytes = 0


def _window_shape(model: Decoder, context: int | None, stride: int | None) -> tuple[int, int]:
    context = min(context or LONGEST_WINDOW, model.settings.max_positions)
    if context < 2:
        raise ConfigError(f"the context is {context} tokens: a window needs two", hint="give a longer context")
    stride = stride or context // 2
    if stride >= context:
        raise ConfigError(
            f"the stride is {stride} tokens and the context {context}: a window would skip tokens",
            hint="give a stride shorter than the context",
        )
    return context, stride


def _windows(
    counts: _Counts, tokenizer: Tokenizer, texts: Iterable[str], context: int, stride: int, max_bytes: int | None
) -> Iterator[Window]:
    for text in texts:
        content = whole_unicode(text).encode()
        left = len(content) if max_bytes is None else max_bytes - counts.num_bytes
        read = content[:left].decode("utf-8", "ignore")
        ids = tokenizer.encode(read)
        if ids:
            counts.num_documents += 1
            counts.num_tokens += len(ids)
            counts.num_bytes += len(read.encode())
            yield from windows([*tokenizer.begin_ids, *ids], context, stride)
        if left < len(content):
            return


def windows(ids: list[int], context: int, stride: int) -> Iterator[Window]:
    """Cut a document so that each token but the first is scored once, with as much before it as a window holds."""
    scored = 1
    while scored < len(ids):
        end = min(len(ids), max(context, scored + stride))
        begin = max(0, end - context)
        yield Window(ids[begin:end], scored - begin)
        scored = end


def _batches(windows: Iterable[Window], size: int) -> Iterator[list[Window]]:
    batch: list[Window] = []
    for window in windows:
        batch.append(window)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@torch.inference_mode()
def _batch_nats(model: Decoder, batch: list[Window]) -> float:
    """Surprise at all scored tokens of ``batch``. Rows are filled up on the right, where causality hides it."""
    length = max(len(window.ids) for window in batch)
    device = next(model.parameters()).device
    tokens_BT = torch.zeros(len(batch), length, dtype=torch.long)
    is_scored_BT = torch.zeros(len(batch), length, dtype=torch.bool)
    for row, (ids, start) in enumerate(batch):
        tokens_BT[row, : len(ids)] = torch.tensor(ids)
        is_scored_BT[row, start : len(ids)] = True
    tokens_BT, is_scored_BT = tokens_BT.to(device), is_scored_BT.to(device)
    hidden_BTD = model.hidden(tokens_BT[:, :-1])
    is_target_BT = is_scored_BT[:, 1:]
    return _nats(model, hidden_BTD[is_target_BT], tokens_BT[:, 1:][is_target_BT])


def _nats(model: Decoder, hidden_ND: Tensor, target_N: Tensor) -> float:
    rows = max(1, LOGITS_BYTES // (4 * model.settings.vocab_size))
    pieces = zip(hidden_ND.split(rows), target_N.split(rows), strict=True)
    losses = [F.cross_entropy(model.head(hidden).float(), target, reduction="none") for hidden, target in pieces]
    return sum(float(loss_N.double().sum()) for loss_N in losses)
