"""Log-probabilities of answers under a model, once for all: of the reference, which does not change, kept on disk."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
import xxhash

from samovar.core.files import write_atomic
from samovar.core.progress import Progress
from samovar.model.decoder import Decoder
from samovar.train.answer_rows import AnswerRows
from samovar.train.batches import hidden_of
from samovar.train.objectives.log_probs import answer_log_probs
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.shard import local, settle


def ensure_reference(
    model: Decoder, rows: AnswerRows, cache: Path, *, rows_per_batch: int, grid: Grid = ALONE, is_quiet: bool = False
) -> None:
    """Fill in ``rows.reference`` with what ``model``, as it is now, makes of the answers.

    Args:
        model: the reference: the model before its first step.
        rows: of the answers, in which no reference is known.
        cache: folder of files, each named by the weights and the answers that it was computed from.
        rows_per_batch: rows of a forward pass.
        grid: the processes, each of which takes its share.
        is_quiet: whether nothing is shown.
    """
    # The name is of pieces where weights are spread: one that another number of processes wrote is not found.
    path = cache / f"reference-{_name(model, rows)}.npy"
    if grid.first_says(path.is_file()):
        rows.reference[:] = np.load(path)
        return
    rows.reference[:] = log_probs_of(model, rows, rows_per_batch=rows_per_batch, grid=grid, is_quiet=is_quiet)
    if grid.is_first:
        content = io.BytesIO()
        np.save(content, rows.reference)
        write_atomic(path, content.getvalue())


@torch.no_grad()  # not inference_mode: weights gathered in it could not be trained with
def log_probs_of(
    model: Decoder, rows: AnswerRows, *, rows_per_batch: int, grid: Grid = ALONE, is_quiet: bool = True
) -> np.ndarray:
    """Of all answers in the order of ``rows``, their log-probabilities under ``model``; float32."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    pieces = [np.arange(first, min(first + rows_per_batch, len(rows))) for first in range(0, len(rows), rows_per_batch)]
    starts = np.cumsum([0, *(rows.answers_in(numbers) for numbers in pieces)])
    found = torch.zeros(rows.num_answers, device=device)
    with Progress("reference", len(rows), "rows", is_quiet=is_quiet or not grid.is_first) as progress:
        for number, is_counted in grid.turns(len(pieces)):
            batch = rows.batch(pieces[number]).to(device)
            log_prob_A = answer_log_probs(model, batch, hidden_of(model, batch))
            if is_counted:
                found[starts[number] : starts[number + 1]] = log_prob_A
                progress.advance(len(pieces[number]) * grid.degrees.data)
    settle(model)
    model.train(was_training)
    return grid.add_up(found, "replicate", "shard").cpu().numpy()


def _name(model: Decoder, rows: AnswerRows) -> str:
    digest = xxhash.xxh3_128()
    digest.update(str((rows.context, model.compute_dtype)).encode())
    for name, tensor in model.state_dict().items():  # with the buffers: a frozen base in four bits is nothing else
        digest.update(name.encode())
        digest.update(local(tensor).detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    for one in rows.forks:  # the same ids may be another answer to a shorter prompt: its targets tell
        parts = (one.trunk, *one.ends, *one.targets)
        digest.update(np.array([number for part in parts for number in (*part, -1)], dtype=np.int64).tobytes())
    return digest.hexdigest()[:24]
