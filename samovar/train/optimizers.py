"""Muon for matrices, AdamW for the rest, behind one small interface that a checkpoint can hold.

Muon: Jordan et al. 2024, kellerjordan.github.io/posts/muon; momentum, then an approximate orthogonalisation of the
update (``orthogonal.py``). AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101.

``adamw_floor`` is for an embedding table that is the head as well. The head pushes each row away from every target, a
thousand times more weakly than the input moves the rows of the tokens that it holds. AdamW makes all gradients equally
large, and so in a short training rare words, and those that the text lacks, drift all to one place. A floor in parts of
what is usual over the table keeps them back (after Coupled Adam, which takes the usual size for all rows: Stollenwerk
and Stollenwerk 2025, arXiv:2502.08441).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.train.orthogonal import orthogonalize
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.matrices import orthogonalize_together
from samovar.train.parallel.shard import form, local
from samovar.train.rates import rate_factors
from samovar.train.settings import LoopSettings

_TABLE = "embed_tokens.weight"
_SMALLEST = 1e-10
_MOMENTUM = 0.95


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for matrices; those of one shape are taken together, by all processes of ``grid``."""

    def __init__(
        self, groups: list[dict[str, Any]], *, lr: float, weight_decay: float = 0.0, grid: Grid = ALONE
    ) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})
        self._grid = grid

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        for group in self.param_groups:
            alike: dict[tuple[Any, ...], list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape, form(parameter)].append(parameter)
            for (shape, _), parameters in alike.items():
                updates = self._nesterov(parameters)
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                orthogonal = orthogonalize_together(updates, orthogonalize, self._grid)
                weights = [local(parameter) for parameter in parameters]
                torch._foreach_mul_(weights, 1.0 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(weights, [local(update) for update in orthogonal], alpha=-scale)

    def _nesterov(self, parameters: list[nn.Parameter]) -> list[Tensor]:
        """The gradients, moved towards their average over the steps; all in a few kernels where a GPU has them."""
        for parameter in parameters:
            if "momentum" not in self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        averages = [local(self.state[parameter]["momentum"]) for parameter in parameters]
        torch._foreach_lerp_(averages, [local(gradient) for gradient in gradients], 1.0 - _MOMENTUM)
        updates = [gradient.clone() for gradient in gradients]
        torch._foreach_lerp_([local(update) for update in updates], averages, _MOMENTUM)
        return updates


class Optimizers:
    """The optimizers of a model: one rate share moves them all."""

    def __init__(self, model: Decoder, settings: LoopSettings, grid: Grid = ALONE) -> None:
        """Take hold of what is trained of ``model``.

        Raises:
            ConfigError: a pattern of ``rate_factors`` fits no parameter.
        """
        named = trained_parameters(model)
        factors = rate_factors(named, settings.rate_factors)
        matrices = {name: p for name, p in named.items() if p.ndim == 2 and name.startswith("layers.")}
        rest = {name: p for name, p in named.items() if name not in matrices}
        groups = _groups(matrices, factors, settings.learning_rate)
        self.parts: list[torch.optim.Optimizer] = []
        if groups and settings.optimizer == "muon":
            self.parts = [Muon(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay, grid=grid)]
        elif groups:
            self.parts = [_adamw(groups, settings.learning_rate, settings.weight_decay, settings.adamw_beta2)]
        self._grid, self._floor = grid, settings.adamw_floor
        is_floored = settings.adamw_floor > 0 and getattr(model.settings, "tie_embeddings", False)
        self._table = rest.pop(_TABLE, None) if is_floored else None
        rate = settings.adamw_learning_rate
        groups = _groups(rest, factors, rate)
        if self._table is not None:
            groups += _groups({_TABLE: self._table}, factors, rate)
        if groups:  # beside an adapter, embeddings and norms may all be frozen
            self.parts.append(_adamw(groups, rate, 0.0, settings.adamw_beta2))
        self._names = {parameter: name for name, parameter in named.items()}

    def step(self, rate_share: float) -> None:
        """Update at ``rate_share`` of the peak rates, and clear the gradients."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = group["peak"] * rate_share
                if group["params"][0] is self._table and self._table.grad is not None:
                    group["eps"] = _SMALLEST + self._floor * self._usual_gradient(part, self._table)
            part.step()
            part.zero_grad(set_to_none=True)

    def _usual_gradient(self, part: torch.optim.Optimizer, table: nn.Parameter) -> float:
        """Root of the mean over ``table`` of the squared gradients that AdamW is about to divide by."""
        state, beta2 = part.state[table], part.defaults["betas"][1]
        gradient = local(table.grad)  # type: ignore[arg-type]
        squares, steps = (1.0 - beta2) * torch.linalg.vector_norm(gradient, dtype=torch.float32) ** 2, 1
        if state:
            squares, steps = squares + beta2 * local(state["exp_avg_sq"]).sum(), 1 + int(state["step"])
        total, count = self._grid.total(float(squares), gradient.numel())
        return float((total / count / (1.0 - beta2**steps)) ** 0.5)

    def state_tensors(self) -> dict[str, Tensor]:
        """Every tensor of state under ``<parameter>/<key>``."""
        return {
            f"{self._names[parameter]}/{key}": value  # type: ignore[index]
            for part in self.parts
            for parameter, state in part.state.items()
            for key, value in state.items()
        }

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the state that ``state_tensors`` gave."""
        parameters = {name: parameter for parameter, name in self._names.items()}
        owner = {p: part for part in self.parts for group in part.param_groups for p in group["params"]}
        for path, tensor in tensors.items():
            name, key = path.rsplit("/", 1)
            owner[parameters[name]].state[parameters[name]][key] = tensor.clone()


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """What changes in training, by name: beside an adapter, the base does not."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def _groups(named: Mapping[str, nn.Parameter], factors: Mapping[str, float], rate: float) -> list[dict[str, Any]]:
    """Parameters of one rate and one form: a fused step takes whole tensors alone, or pieces of one grid alone."""
    alike: dict[Any, list[nn.Parameter]] = defaultdict(list)
    for name, parameter in named.items():
        alike[factors[name], form(parameter)].append(parameter)
    return [{"params": group, "peak": rate * factor} for (factor, _), group in alike.items()]


def _adamw(groups: list[dict[str, Any]], rate: float, weight_decay: float, beta2: float) -> torch.optim.AdamW:
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, beta2), eps=_SMALLEST, weight_decay=weight_decay, fused=True)
