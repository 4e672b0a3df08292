"""Supervised fine-tuning: a base model and conversations in, an assistant out.

The objective is next_token: only what the assistant says is a target.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
from samovar.train.samples import sample_lines
from samovar.train.settings import SftSettings
from samovar.train.trainable import loop_settings, open_trainable, save_trained
from samovar.train.validation import validation_loss

_VALIDATION_ROWS = 64
_SAMPLES = 2
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
    _check_sources(settings, tasks, conversations, shards)
    tokenizer = Tokenizer.load(base)
    model = open_trainable(base, settings.adapter, seed=settings.seed)
    check_vocabulary(tokenizer, model.settings, base)
    context = settings.row_tokens(model.settings.max_positions)
    grid = open_grid(world, settings.parallel, model.settings, is_whole=settings.adapter is not None)
    rows_of_a_process(*rows_of_a_step(settings, context), grid.degrees.data)  # refuses before hours of packing
    dtype = training_dtype(pick_device())
    spread(model, grid, dtype=dtype)
    if objective is None:  # a teacher beside the model would take memory that is not known here
        settings = filling_gpu(settings, model.settings, context=context, grid=grid, adapter=settings.adapter)
    lessons = _Lessons(settings, tokenizer, context, tasks, conversations)
    with world.first_before_others():
        rows = {split: lessons.packed(split, out / SCRATCH / "rows" / split, world) for split in SPLITS}
    parts = _with_documents(rows["train"], settings, shards, tokenizer)
    trained_on = together(parts)
    budget = min(settings.tokens, math.ceil(len(trained_on) * context * settings.max_epochs))
    if arrange is not None:
        plan = Plan(settings, tokens=budget, context=context, num_rows=len(trained_on), grid=grid)
        trained_on = arrange(model, parts, plan)
    rows_per_batch = max(1, settings.micro_batch_tokens // context)
    asked = [task.example("test", 0) for task in tasks.values()][:_SAMPLES]
    questions = {one.task: one.prompt for one in asked}

    def validate() -> dict[str, Any]:
        loss = validation_loss(model, rows["test"], rows_per_batch=rows_per_batch, grid=grid)
        return {"validation_loss": loss} | sample_lines(gather(model, grid, dtype, grid.device), tokenizer, questions)

    with embedding_noise(model, settings.embedding_noise):
        metrics = train(
            model, objective or NextToken(settings.z_loss, settings.label_smoothing), trained_on,
            loop_settings(settings, settings.adapter),
            tokens=budget, context=context, out=out, title=title, validate=validate, grid=grid,
        )  # fmt: skip
    whole = gather(model, grid, dtype)
    if whole is not None:
        save_trained(whole, out, settings.adapter, base=base)
    return metrics | _account(rows["train"])


def _check_sources(
    settings: SftSettings, tasks: Mapping[str, Task], conversations: Sequence[Path], shards: Path | None
) -> None:
    if not tasks and not conversations:
        raise ConfigError("fine-tuning has neither tasks nor conversations", hint="name some under sft in the recipe")
    if settings.documents_share and shards is None:
        raise ConfigError(
            f"documents_share is {settings.documents_share:g}, and no documents are given that the model has read",
            hint="name the shards of its pretraining, or leave documents_share out",
        )


class _Lessons(NamedTuple):
    """The conversations that are learnt from, and how long a row of them is."""

    settings: SftSettings
    tokenizer: Tokenizer
    context: int
    tasks: Mapping[str, Task]
    paths: Sequence[Path]

    def packed(self, split: Split, folder: Path, world: World) -> PackedRows:
        """The packed rows of ``split``, made by the first process unless an interrupted run left them whole."""
        if is_packed(folder):
            return PackedRows(folder)
        if not world.is_first:
            raise MissingError(
                f"{folder}, which the first process has written, is not to be seen from process {world.rank + 1}",
                hint="put the project on a file system that all machines of the run share",
            )
        check = ConversationCheck()
        rows = conversation_rows(self.settings.tokens // self.context, self.settings.documents_share)
        max_rows = rows if split == "train" else _VALIDATION_ROWS
        with Progress(f"pack {split}", max_rows, "rows") as progress:

            def pack(source: Split, check: ConversationCheck) -> None:
                pack_rows(
                    self.rendered(source, check),
                    folder,
                    context=self.context,
                    vocab_size=self.tokenizer.vocab_size,
                    pad_id=self.tokenizer.document_end_id,
                    max_rows=max_rows,
                    on_progress=progress.advance,
                )

            try:
                pack(split, check)
            except DataError:
                if split == "train":
                    raise
                # None that was held out can be trained on: those that are learnt stand in, to a check that knows none.
                pack("train", ConversationCheck())
            if split == "train":
                self._tell(check, folder, progress)
        return PackedRows(folder)

    def _tell(self, check: ConversationCheck, folder: Path, progress: Progress) -> None:
        """Say what was left out; or refuse, and leave no rows that the next run would find packed."""
        try:
            check.refuse(self.settings.check)
        except DataError:
            shutil.rmtree(folder)
            raise
        for line in check.words():
            progress.say(f"  {line}")

    def rendered(self, split: Split, check: ConversationCheck) -> Iterator[Row]:
        """One's own conversations and the tasks', in their shares; ``check`` hears of those that teach nothing."""
        how, seed = self.settings, self.settings.seed
        drawn = task_conversations(self.tasks, how.tasks, split=split, seed=seed, chained_share=how.chained_share)
        # Alone, one's own rows are packed once and the loop repeats them; beside tasks, they must come often enough.
        epochs = how.max_epochs if self.tasks and split == "train" else 1.0
        own = own_conversations(self.paths, split=split, seed=seed, epochs=epochs, check=check)
        learn = Learn(frozenset(how.learn_roles), how.learn_turns, heeds_weights=True)

        def rows_of(conversations: Iterator[Conversation], *, is_own: bool) -> Iterator[Row]:
            def refused(one: Conversation, error: DataError) -> None:
                check.refused(one, error.what, is_own=is_own)

            for row in render_rows(conversations, self.tokenizer, learn=learn, refused=refused):
                if len(row.ids) > self.context + 1:  # packing leaves it out
                    check.too_long(self.tokenizer.decode(row.ids), is_own=is_own)
                yield row

        own_share = how.conversations_share if self.paths else 0.0
        return interleave(rows_of(own, is_own=True), rows_of(drawn, is_own=False), first_share=own_share, seed=seed)


def _with_documents(
    rows: PackedRows, settings: SftSettings, shards: Path | None, tokenizer: Tokenizer
) -> list[KnownRows]:
    """The rows of conversations and, where the model is to read on, as many of documents as their share asks for."""
    if not settings.documents_share or shards is None:
        return [rows]
    documents = shard_rows(shards, tokenizer, rows.context)
    count = document_rows(len(rows), settings.documents_share)
    return [rows, DocumentRows(documents, count, vocab_size=tokenizer.vocab_size, seed=settings.seed)]


def _account(rows: PackedRows) -> dict[str, Any]:
    """What became of the conversations."""
    counts = rows.counts
    return {
        "conversations": counts["conversations"],
        "target_share": round(counts["targets"] / max(1, counts["rows"] * rows.context), 3),
        "too_long": counts["too_long"],
        "without_target": counts["without_target"],
    }
