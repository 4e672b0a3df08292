"""Encode the corpus once, into flat files that training maps into memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.reading import reading_characters, tasks_reading
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.brew.training_forecast import decoder_settings
from samovar.core.devices import num_cores

if TYPE_CHECKING:
    from samovar.data.document import Document
    from samovar.tokenizer.tokenizer import Tokenizer

SPLITS = ("train", "validation")
SAMPLE, SAMPLE_CHARACTERS = 200, 4000
"""Documents, and the characters of each, on which the faster encoder must agree with the reference beforehand."""


class ShardsStage(Stage):
    """Token shards of both splits."""

    name = "shards"
    needs = ("data", "tokenizer")

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the model reads the documents."""
        return recipe.is_pretrained_here

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """The tasks and languages whose texts are read too, if they are; all else is in the inputs."""
        if recipe.base is not None:
            return {}
        return {"tasks": sorted(recipe.sft.tasks), "languages": list(recipe.languages)}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Encode document by document, in worker processes."""
        from itertools import islice

        from samovar.data.corpus_reader import read_corpus
        from samovar.data.shards import write_index
        from samovar.tokenizer.batch_encoder import DisagreementError, can_be_fast
        from samovar.tokenizer.tokenizer import Tokenizer

        folder = context.inputs["tokenizer"]
        tokenizer = Tokenizer.load(folder)
        sample = [document.text[:SAMPLE_CHARACTERS] for document in islice(read_corpus(context.inputs["data"]), SAMPLE)]
        try:
            counts = _encode(context, tokenizer, is_fast=can_be_fast(folder, sample))
        except DisagreementError:
            counts = _encode(context, tokenizer, is_fast=False)
        write_index(
            context.out,
            vocab_size=tokenizer.vocab_size,
            document_end_id=tokenizer.document_end_id,
            splits=counts,
        )
        return {
            "tokens": counts["train"]["num_tokens"],
            "validation_tokens": counts["validation"]["num_tokens"],
            "bytes_per_token": round(counts["train"]["size_bytes"] / max(1, counts["train"]["num_tokens"]), 3),
        }

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Linear in the text: measured, about 6 MB a second on two cores, and 3 bytes a token."""
        size_bytes = outlook.quantity("data", "characters") + reading_characters(recipe)
        tokens = size_bytes / 3
        width = 2 if decoder_settings(recipe, outlook).vocab_size <= 1 << 16 else 4
        return Forecast(1.0 + size_bytes / 6e6, PROCESS_BYTES + 100 * MIB, tokens * width, {"tokens": tokens})


def _documents(context: StageContext, split: str) -> Iterator[Document]:
    from samovar.data.corpus_reader import read_corpus

    yield from read_corpus(context.inputs["data"], split)
    if split == "train":
        yield from tasks_reading(context.recipe)


def _encode(context: StageContext, tokenizer: Tokenizer, *, is_fast: bool) -> dict[str, dict[str, int]]:
    """Write the shards of both splits and give their counts."""
    from samovar.core.progress import Progress
    from samovar.data.shards import write_documents
    from samovar.tokenizer.batch_encoder import load_encoder

    counts = {}
    for split in SPLITS:
        with Progress(f"encode {split}", unit="bytes", is_quiet=context.is_quiet) as progress:

            def show(num_bytes: int, progress: Progress = progress) -> None:
                progress.advance(num_bytes - progress.done)

            counts[split] = write_documents(
                _documents(context, split),
                partial(load_encoder, context.inputs["tokenizer"], is_fast=is_fast),
                document_end_id=tokenizer.document_end_id,
                vocab_size=tokenizer.vocab_size,
                folder=context.out,
                split=split,
                workers=num_cores(),
                on_progress=show,
            )
    return counts
