"""One step of training: the gradient of all its micro-batches, added up and clipped."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samovar.core.devices import can_compile
from samovar.core.errors import CorruptError, SamovarError
from samovar.model.decoder import Decoder
from samovar.model.layers import run_layer
from samovar.model.shards import first_not_finite, weight_files
from samovar.train.batches import Batch, Rows
from samovar.train.dropout import seed_step
from samovar.train.memory_check import naming_lack_of_memory
from samovar.train.objectives.contract import Measured, Objective, measured
from samovar.train.parallel.gradients import add_up_gradients, clip_gradients
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.shard import begin_backward
from samovar.train.parallel.tensor import own_targets
from samovar.train.plan import MicroBatches, Plan
from samovar.train.settings import LoopSettings

COMPILE_PAYS_AFTER_MICRO_BATCHES = 100
"""Compiling takes 20 to 40 seconds and saves a third of a micro-batch of about a second."""
_DOCUMENTS_NAMED = 5


class NonFiniteLossError(SamovarError, ArithmeticError):
    """The loss or its gradient became NaN or infinite."""


class TrainStep:
    """Calling it with a step's number leaves the step's gradient in the model's parameters."""

    def __init__(
        self,
        model: Decoder,
        objective: Objective,
        rows: Rows,
        plan: MicroBatches,
        settings: LoopSettings,
        *,
        out: Path,
        grid: Grid = ALONE,
        rows_vary: bool = False,
        has_learnt: bool = False,
        first_step: int = 0,
        hidden: Callable[..., Tensor] | None = None,
    ) -> None:
        """``rows_vary``: in number and length from batch to batch, so that a graph is compiled for all of them.
        ``has_learnt``: the weights were trained before the first step already.
        ``first_step``: its number in the whole run, of which these steps are a part, so that chance goes on.
        ``hidden``: as an earlier part of the run has compiled it."""
        self._model, self._objective, self._rows, self._plan = model, objective, rows, plan
        self._settings, self._out, self._grid = settings, out, grid
        self._device = next(model.parameters()).device
        self._has_learnt = has_learnt
        self._first_step = first_step
        self.hidden = hidden or _hidden(model, grid, rows_vary=rows_vary)

    def __call__(self, step: int) -> dict[str, float]:
        """Accumulate the gradient of ``step``.

        Returns:
            the mean loss and the objective's metrics over all processes, and the gradient's norm before clipping.
        Raises:
            NonFiniteLossError: the batch is saved for a look.
            CorruptError: it is for the weights that training began with.
            ResourceError: memory ran out.
        """
        self._rows.prepare(step)
        seed_step(self._settings.seed, self._first_step + step, self._grid.data_rank)
        # Weighed before they go to the device: nobody waits for an answer from there.
        drawn = [self._batch(numbers) for numbers in self._plan.micro_batches(step)]
        (weight,) = self._grid.total(sum(self._objective.weight(batch) for batch in drawn))
        batches = [batch.to(self._device) for batch in drawn]
        with naming_lack_of_memory(self._settings, self._plan.context):
            found = self._accumulate(batches, 1.0 / max(1, weight))
            add_up_gradients(self._model, self._grid)
            norm = clip_gradients(self._model, self._grid, self._settings.max_gradient_norm)
        losses = [float(one.loss) for one in found]
        names = ["loss", *found[0].metrics]
        means = self._grid.total(sum(losses), *(sum(float(one.metrics[name]) for one in found) for name in names[1:]))
        if not (math.isfinite(means[0]) and math.isfinite(norm)):
            if self._is_first(step):
                _check_weights(self._model)
            raise self._non_finite(step, means[0], norm, losses)
        return dict(zip(names, means, strict=True)) | {"gradient_norm": norm}

    def rehearse(self) -> None:
        """Try the micro-batch that takes the most memory, where they differ, and forget its gradient.

        Raises:
            ResourceError: memory ran out.
        """
        numbers = self._rows.heaviest(self._plan.rows_per_micro)
        if numbers is None:
            return
        with naming_lack_of_memory(self._settings, self._plan.context):
            self._accumulate([self._batch(numbers).to(self._device)], 0.0)
        self._model.zero_grad(set_to_none=True)

    def _batch(self, numbers: np.ndarray) -> Batch:
        return own_targets(self._rows.batch(numbers), self._grid)

    def _accumulate(self, batches: list[Batch], scale: float) -> list[Measured]:
        """Forward and backward of each micro-batch; gives its scaled loss and metrics."""
        found = []
        for number, batch in enumerate(batches, 1):
            begin_backward(self._model, is_last=number == len(batches))
            hidden_BTD = self.hidden(batch.tokens_BT, document_BT=batch.document_BT, branches=batch.branches)
            loss, metrics = measured(self._objective.loss_sum(self._model, batch, hidden_BTD))
            loss = loss * scale
            loss.backward()
            found.append(Measured(loss.detach(), {name: value.detach() * scale for name, value in metrics.items()}))
        return found

    def _is_first(self, step: int) -> bool:
        """Whether no learning rate has done anything yet."""
        return step == 0 and not self._has_learnt

    def _non_finite(self, step: int, loss: float, norm: float, losses: list[float]) -> NonFiniteLossError:
        """Save the rows of this process, those alone whose loss is not finite where that is told, and name them."""
        every = list(zip(self._plan.micro_batches(step), losses, strict=True))
        bad = [numbers for numbers, one in every if not math.isfinite(one)] or [numbers for numbers, _ in every]
        process = "" if self._grid.is_alone else f"-process-{self._grid.world.rank + 1}"
        path = self._out / f"non-finite-step-{step + 1}{process}.pt"
        batches = [self._rows.batch(numbers)._asdict() for numbers in bad]
        torch.save({"step": step + 1, "rows": [numbers.tolist() for numbers in bad], "batches": batches}, path)
        sources = list(dict.fromkeys(source for numbers in bad for source in self._rows.sources(numbers)))
        named = ", ".join(sources[:_DOCUMENTS_NAMED])
        if len(sources) > _DOCUMENTS_NAMED:
            named += f" and {len(sources) - _DOCUMENTS_NAMED} more"
        what = f"the loss of step {step + 1} is {loss} (gradient norm {norm})"
        if math.isfinite(loss):
            what = f"the gradient of step {step + 1} is not finite (its norm is {norm}, the loss {loss:.4g})"
        rates = "" if self._is_first(step) else "lower the learning rates in the recipe, or "
        return NonFiniteLossError(
            f"{what}; its batch, in {path}, is of {named}", hint=f"{rates}look at the batch for broken text"
        )


def _check_weights(model: Decoder) -> None:
    """See that what training begins with is not to blame.

    Raises:
        CorruptError: the folder of ``model`` holds a number that is not finite.
    """
    if isinstance(model, Decoder) and model.folder is not None:
        found = first_not_finite(weight_files(model.folder, allow_pickle=True))
        if found is not None:
            path, name = found
            raise CorruptError(
                f"the weights in {path} are damaged: {name} holds numbers that are not finite",
                hint="fetch the model again; what a brew has made, it makes again once its folder is deleted",
            )


def is_compiled(model: Decoder, settings: LoopSettings, plan: Plan) -> bool:
    """Whether the forward pass is to be compiled, and can be."""
    wants = settings.compile == "on" or (
        settings.compile == "auto" and plan.num_micro_batches >= COMPILE_PAYS_AFTER_MICRO_BATCHES
    )
    return wants and (next(model.parameters()).is_cuda or can_compile())


def _hidden(model: Decoder, grid: Grid, *, rows_vary: bool) -> Callable[..., Tensor]:
    """``model.hidden``, compiled where the model is to be."""
    if not model.is_compiled:
        return model.hidden
    if grid.has_whole_model and (next(model.parameters()).is_cuda or not model.recomputes_layers):
        return _layer_by_layer(model, rows_vary=rows_vary)
    # Between the layers processes meet, or inputs are kept to compute a layer again: no one graph can hold that.
    for layer in model.layers:
        layer.compile(dynamic=rows_vary)
    return model.hidden


def _layer_by_layer(model: Decoder, *, rows_vary: bool) -> Callable[..., Tensor]:
    """``model.hidden`` whose layers run compiled. All are alike, so that one of them is compiled: all together they are
    no faster, and take twice as long to compile at 8 layers."""
    # A function has few forms at most, and those of an earlier stage of this process, of another shape, count too.
    torch.compiler.reset()
    compiled = torch.compile(run_layer, dynamic=rows_vary)

    def hidden(tokens_BT: Tensor, **about: Any) -> Tensor:
        model.compiled_layer = compiled
        try:
            return model.hidden(tokens_BT, **about)
        finally:
            model.compiled_layer = None

    return hidden
