"""Text like that which a model will read: what its four-bit weights are rounded on, and held-out text to measure on.

Axes: R rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from samovar.brew.curriculum import conversation_files, sample_conversations
from samovar.brew.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from samovar.model.decoder import Decoder
    from samovar.tokenizer.tokenizer import Tokenizer

LONGEST_ROW = 512
CONVERSATIONS = 20_000
"""More than any setting asks for; they are drawn as they are needed."""


def calibration_rows(
    recipe: Recipe, root: Path, corpus: Path, tokenizer: Tokenizer, *, longest: int, vocab_size: int
) -> Tensor:
    """Rows of the training documents and of the conversations that the model learnt from, by turns: int64, RT.

    Args:
        recipe: says how many tokens, and which conversations.
        root: paths in it are relative to this.
        corpus: an artifact of the data stage.
        tokenizer: the model's.
        longest: positions of the model.
        vocab_size: ids that it knows.
    Raises:
        DataError: there is not one row of text.
    """
    import torch

    from samovar.core.errors import DataError

    length = min(LONGEST_ROW, longest)
    sources = [_rows(_documents(corpus, tokenizer), length), _rows(_conversations(recipe, root, tokenizer), length)]
    wanted = max(1, recipe.quantize.calibration_tokens // length)
    rows: list[list[int]] = []
    while sources and len(rows) < wanted:
        source = sources.pop(0)
        row = next(source, None)
        if row is not None:
            sources.append(source)
            rows.append(row)
    if not rows:
        raise DataError(
            f"{corpus} has less than {length} tokens of text, which is too little to round weights on",
            hint="add documents, or take the form int8",
        )
    return torch.tensor(rows).clamp(max=vocab_size - 1)


def bits_per_byte_on(corpus: Path, tokenizer: Tokenizer, max_bytes: int) -> Callable[[Decoder], float]:
    """Measures a model on the corpus's held-out text, its activations in float32."""

    def measure(model: Decoder) -> float:
        import torch

        from samovar.data.corpus_reader import read_corpus
        from samovar.evals.bits_per_byte import bits_per_byte

        texts = (document.text for document in read_corpus(corpus, split="validation"))
        before, model.compute_dtype = model.compute_dtype, torch.float32
        try:
            return bits_per_byte(model, tokenizer, texts, max_bytes=max_bytes).bits_per_byte
        finally:
            model.compute_dtype = before

    return measure


def _documents(corpus: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    from samovar.data.corpus_reader import read_corpus

    for document in read_corpus(corpus, split="train"):
        yield [*tokenizer.begin_ids, *tokenizer.encode(document.text), tokenizer.document_end_id]


def _conversations(recipe: Recipe, root: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Those that the model was fine-tuned on: the user's own, then those of the tasks."""
    from samovar.chat.rows import render_rows
    from samovar.train.conversations import own_conversations

    if not tokenizer.chat_template:
        return
    own = own_conversations(conversation_files(root, recipe), split="train", seed=recipe.sft.seed)
    drawn = sample_conversations(recipe, CONVERSATIONS) if recipe.sft.tasks else iter(())
    for row in render_rows(chain(own, drawn), tokenizer):
        yield row.ids


def _rows(texts: Iterator[list[int]], length: int) -> Iterator[list[int]]:
    """One text after the other, cut into whole rows."""
    left: list[int] = []
    for ids in texts:
        left += ids
        while len(left) >= length:
            yield left[:length]
            left = left[length:]
