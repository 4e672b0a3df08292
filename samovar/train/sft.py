"""Supervised fine-tuning: a base model and conversations in, an assistant out.

The objective is next_token: only what the assistant says is a target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from samovar.chat.conversation import Conversation
from samovar.chat.learning import Learn
from samovar.chat.rows import Row, render_rows
from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import ConfigError, DataError, MissingError
from samovar.core.progress import Progress
from samovar.model.decoder import Decoder
from samovar.model.vocabulary import check_vocabulary
from samovar.tasks.task import Split, Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import KnownRows, Rows
from samovar.train.conversation_check import ConversationCheck
from samovar.train.conversations import interleave, own_conversations, task_conversations
from samovar.train.loop import train
from samovar.train.micro_batches import filling_gpu
from samovar.train.noise import embedding_noise
from samovar.train.objectives.contract import Objective
from samovar.train.objectives.next_token import NextToken
from samovar.train.packing import PackedRows, is_packed, pack_rows
from samovar.train.parallel.degrees import rows_of_a_process, rows_of_a_step
from samovar.train.parallel.grid import open_grid
from samovar.train.parallel.shard import gather, spread
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.plan import Plan
from samovar.train.replay import DocumentRows, conversation_rows, document_rows, shard_rows, together
from samovar.train.samples import answer_line
from samovar.train.settings import SftSettings
from samovar.train.trainable import loop_settings, open_trainable, save_trained
from samovar.train.validation import validation_loss

_VALIDATION_ROWS = 64
SPLITS: tuple[Split, ...] = ("train", "test")


def sft(
    settings: SftSettings,
    *,
    base: Path,
    out: Path,
    tasks: Mapping[str, Task],
    conversations: Sequence[Path] = (),
    shards: Path | None = None,
    objective: Objective | None = None,
    arrange: Callable[[Decoder, Sequence[KnownRows], Plan], Rows] | None = None,
    title: str = "sft",
    world: World = BY_ITSELF,
) -> dict[str, Any]:
    """Fine-tune the model in ``base``, or an adapter beside it, and leave the assistant in ``out``.

    Args:
        tasks: by name; ``settings.tasks`` has their shares.
        conversations: JSONL files of the user's own.
        shards: the tokens of pretraining, for ``settings.documents_share``.
        objective: what is minimised, where it is not the plain loss of what the assistant says.
        arrange: makes, of the model and the rows of conversations and of documents, the equally many rows that are
            trained on in their place.
        title: of the run, for who watches it.
        world: the processes that train together: all of them call this, and the first one writes.
    Raises:
        ConfigError: there is nothing to learn from, the shards are missing or were made with another tokenizer, or
            something does not divide by the processes.
    """
    if not tasks and not conversations:
        raise ConfigError("fine-tuning has neither tasks nor conversations", hint="name some under sft in the recipe")
    tokenizer = Tokenizer.load(base)
    model = open_trainable(base, settings.adapter, seed=settings.seed)
    check_vocabulary(tokenizer, model.settings, base)
    if settings.documents_share and shards is None:
        raise ConfigError(
            f"documents_share is {settings.documents_share:g}, and no documents are given that the model has read",
            hint="name the shards of its pretraining, or leave documents_share out",
        )
    context = settings.row_tokens(model.settings.max_positions)
    grid = open_grid(world, settings.parallel, model.settings, is_whole=settings.adapter is not None)
    rows_of_a_process(*rows_of_a_step(settings, context), grid.degrees.data)  # refuses before hours of packing
    dtype = training_dtype(pick_device())
    spread(model, grid, dtype=dtype)
    if objective is None:  # a teacher beside the model would take memory that is not known here
        settings = filling_gpu(settings, model.settings, context=context, grid=grid, adapter=settings.adapter)
    with world.first_before_others():
        rows = {
            split: _rows(
                settings, out / SCRATCH / "rows" / split, split, tokenizer, context, tasks, conversations, world
            )
            for split in SPLITS
        }
    questions = [task.example("test", 0) for task in tasks.values()][:2]

    def validate() -> dict[str, Any]:
        rows_per_batch = max(1, settings.micro_batch_tokens // context)
        loss = validation_loss(model, rows["test"], rows_per_batch=rows_per_batch, grid=grid)
        whole = gather(model, grid, dtype, grid.device)
        answers = (
            {} if whole is None else {f"sample {q.task}": answer_line(whole, tokenizer, q.prompt) for q in questions}
        )
        return {"validation_loss": loss, **answers}

    counts = rows["train"].counts
    parts: list[KnownRows] = [rows["train"]]
    if settings.documents_share and shards is not None:
        documents = shard_rows(shards, tokenizer, context)
        count = document_rows(len(rows["train"]), settings.documents_share)
        parts.append(DocumentRows(documents, count, vocab_size=tokenizer.vocab_size, seed=settings.seed))
    trained_on = together(parts)
    budget = min(settings.tokens, math.ceil(len(trained_on) * context * settings.max_epochs))
    if arrange is not None:
        plan = Plan(settings, tokens=budget, context=context, num_rows=len(trained_on), grid=grid)
        trained_on = arrange(model, parts, plan)
    with embedding_noise(model, settings.embedding_noise):
        metrics = train(
            model, objective or NextToken(settings.z_loss, settings.label_smoothing), trained_on,
            loop_settings(settings, settings.adapter),
            tokens=budget, context=context, out=out, title=title, validate=validate, grid=grid,
        )  # fmt: skip
    whole = gather(model, grid, dtype)
    if whole is not None:
        save_trained(whole, out, settings.adapter, base=base)
    return metrics | {
        "conversations": counts["conversations"],
        "target_share": round(counts["targets"] / max(1, counts["rows"] * context), 3),
        "too_long": counts["too_long"],
        "without_target": counts["without_target"],
    }


def _rows(
    settings: SftSettings,
    folder: Path,
    split: Split,
    tokenizer: Tokenizer,
    context: int,
    tasks: Mapping[str, Task],
    paths: Sequence[Path],
    world: World,
) -> PackedRows:
    """The packed rows of ``split``, made by the first process unless an interrupted run left them whole."""
    if is_packed(folder):
        return PackedRows(folder)
    if not world.is_first:
        raise MissingError(
            f"{folder}, which the first process has written, is not to be seen from process {world.rank + 1}",
            hint="put the project on a file system that all machines of the run share",
        )
    rows = conversation_rows(settings.tokens // context, settings.documents_share)
    max_rows = rows if split == "train" else _VALIDATION_ROWS
    drawn = task_conversations(
        tasks, settings.tasks, split=split, seed=settings.seed, chained_share=settings.chained_share
    )
    # Alone, one's own rows are packed once and the loop repeats them; beside tasks, they must come often enough here.
    epochs = settings.max_epochs if tasks and split == "train" else 1.0
    check = ConversationCheck()
    own = own_conversations(paths, split=split, seed=settings.seed, epochs=epochs, check=check)
    learn = Learn(frozenset(settings.learn_roles), settings.learn_turns, heeds_weights=True)

    def rendered(conversations: Iterator[Conversation], *, is_own: bool) -> Iterator[Row]:
        def refused(one: Conversation, error: DataError) -> None:
            check.refused(one, error.what, is_own=is_own)

        for row in render_rows(conversations, tokenizer, learn=learn, refused=refused):
            if len(row.ids) > context + 1:  # packing leaves it out
                check.too_long(tokenizer.decode(row.ids), is_own=is_own)
            yield row

    mixed = interleave(
        rendered(own, is_own=True), rendered(drawn, is_own=False),
        first_share=settings.conversations_share if paths else 0.0, seed=settings.seed,
    )  # fmt: skip
    with Progress(f"pack {split}", max_rows, "rows") as progress:
        pack_rows(
            mixed,
            folder,
            context=context,
            vocab_size=tokenizer.vocab_size,
            pad_id=tokenizer.document_end_id,
            max_rows=max_rows,
            on_progress=progress.advance,
        )
        if split == "train":
            check.refuse(settings.check)
            for line in check.words():
                progress.say(f"  {line}")
    return PackedRows(folder)
