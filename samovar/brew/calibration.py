"""Text like that which a model will read: what its four-bit weights are rounded on, and held-out text to measure on.

Axes: R rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from samovar.brew.curriculum import conversation_files, load_tasks
from samovar.brew.recipe import Recipe
from samovar.tasks.task import Split

if TYPE_CHECKING:
    from torch import Tensor

    from samovar.chat.rows import Row
    from samovar.engine.quantizer import Losses
    from samovar.model.decoder import Decoder
    from samovar.tokenizer.tokenizer import Tokenizer

LONGEST_ROW = 512
ANSWERS_SHARE = 10
"""Answers are short: a tenth of the documents' bytes is hundreds of conversations."""
HELD_OUT_CONVERSATIONS = 300
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


def losses_on(
    recipe: Recipe, root: Path, corpus: Path, tokenizer: Tokenizer, *, share: float = 1.0
) -> Callable[[Decoder], Losses]:
    """Measures a model, its activations in float32, on the held-out text of the corpus, and on the answers of held-out
    conversations where there are any; of both on the first ``share``."""
    max_bytes = max(1, int(recipe.quantize.text_bytes * share))
    held_out = list(_held_out_answers(recipe, root, tokenizer, max_bytes // ANSWERS_SHARE))

    def measure(model: Decoder) -> Losses:
        import torch

        from samovar.data.corpus_reader import read_corpus
        from samovar.engine.quantizer import Losses
        from samovar.evals.bits_per_byte import answer_bits_per_byte, bits_per_byte

        texts = (document.text for document in read_corpus(corpus, split="validation"))
        before, model.compute_dtype = model.compute_dtype, torch.float32
        try:
            documents = bits_per_byte(model, tokenizer, texts, max_bytes=max_bytes).bits_per_byte
            rows = [_cut(row, model.settings.max_positions) for row in held_out]
            num_bytes = sum(num_answer_bytes(row, tokenizer) for row in rows)
            return Losses(documents, answer_bits_per_byte(model, rows, num_bytes) if num_bytes else None)
        finally:
            model.compute_dtype = before

    return measure


def num_answer_bytes(row: Row, tokenizer: Tokenizer) -> int:
    """Bytes of text that the assistant says in a conversation."""
    said = [token for token, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
    return len(tokenizer.decode_bytes(said))


def _cut(row: Row, longest: int) -> Row:
    return row._replace(ids=row.ids[:longest], is_target=row.is_target[:longest])


def _documents(corpus: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    from samovar.data.corpus_reader import read_corpus

    for document in read_corpus(corpus, split="train"):
        yield [*tokenizer.begin_ids, *tokenizer.encode(document.text), tokenizer.document_end_id]


def _conversations(recipe: Recipe, root: Path, tokenizer: Tokenizer) -> Iterator[list[int]]:
    for row in _rendered(recipe, root, tokenizer, "train"):
        yield row.ids


def _held_out_answers(recipe: Recipe, root: Path, tokenizer: Tokenizer, max_bytes: int) -> Iterator[Row]:
    """Conversations that the model did not learn from, with no more than so many bytes of answers."""
    left = max_bytes
    for row in islice(_rendered(recipe, root, tokenizer, "test"), HELD_OUT_CONVERSATIONS):
        left -= num_answer_bytes(row, tokenizer)
        if left < 0:
            return
        yield row


def _rendered(recipe: Recipe, root: Path, tokenizer: Tokenizer, split: Split) -> Iterator[Row]:
    """The user's own conversations, then those of the tasks."""
    from samovar.chat.rows import render_rows
    from samovar.train.conversations import own_conversations, task_conversations

    if not tokenizer.chat_template:
        return
    own = own_conversations(conversation_files(root, recipe), split=split, seed=recipe.sft.seed)
    tasks = load_tasks(recipe, seed=recipe.sft.seed)
    drawn = task_conversations(tasks, recipe.sft.tasks, split=split, seed=recipe.sft.seed)
    # Fine-tuning has told of those that the template refuses.
    yield from render_rows(chain(own, islice(drawn, CONVERSATIONS)), tokenizer, refused=lambda one, error: None)


def _rows(texts: Iterator[list[int]], length: int) -> Iterator[list[int]]:
    """One text after the other, cut into whole rows."""
    left: list[int] = []
    for ids in texts:
        left += ids
        while len(left) >= length:
            yield left[:length]
            left = left[length:]
