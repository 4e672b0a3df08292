"""Muon for matrices, AdamW for the rest, behind one small interface that a checkpoint can hold.

Muon: Jordan et al. 2024, kellerjordan.github.io/posts/muon; momentum, then an approximate orthogonalisation of the
update by five Newton-Schulz steps. AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from samovar.core.devices import training_dtype
from samovar.model.decoder import Decoder
from samovar.train.settings import LoopSettings

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_NEWTON_SCHULZ_STEPS = 5


def orthogonalize(matrices_NRC: Tensor) -> Tensor:
    """Push the singular values of every matrix towards one (into about 0.7 to 1.2)."""
    a, b, c = _NEWTON_SCHULZ
    # bfloat16 is exact enough for the iteration (Jordan et al.) and four times faster where it is native.
    x = matrices_NRC.to(training_dtype(matrices_NRC.device))
    is_tall = x.shape[-2] > x.shape[-1]
    if is_tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if is_tall else x).to(matrices_NRC.dtype)


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for matrices; those of one shape are taken together."""

    def __init__(
        self, parameters: list[nn.Parameter], *, lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for shape, parameters in by_shape.items():
                updates = [self._nesterov(parameter, group["momentum"]) for parameter in parameters]
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(parameters, orthogonalize(torch.stack(updates)), strict=True):
                    parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-scale)

    def _nesterov(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        gradient = parameter.grad
        assert gradient is not None  # the caller took only those that have one
        state["momentum"].lerp_(gradient, 1.0 - momentum)
        return gradient.lerp(state["momentum"], momentum)


class Optimizers:
    """The optimizers of a model: one rate share moves them all."""

    def __init__(self, model: Decoder, settings: LoopSettings) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        matrices = [p for name, p in named if p.ndim == 2 and name.startswith("layers.")]
        rest = [p for name, p in named if not (p.ndim == 2 and name.startswith("layers."))]
        first: torch.optim.Optimizer
        if settings.optimizer == "muon":
            first = Muon(matrices, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        else:
            first = _adamw(matrices, settings.learning_rate, settings.weight_decay)
        self.parts = [first, _adamw(rest, settings.adamw_learning_rate, 0.0)]
        self._peaks = [settings.learning_rate, settings.adamw_learning_rate]
        self._names = {parameter: name for name, parameter in named}

    def step(self, rate_share: float) -> None:
        """Update at ``rate_share`` of the peak rates, and clear the gradients."""
        for part, peak in zip(self.parts, self._peaks, strict=True):
            for group in part.param_groups:
                group["lr"] = peak * rate_share
            part.step()
            part.zero_grad(set_to_none=True)

    def state_tensors(self) -> dict[str, Tensor]:
        """Every tensor of state under ``<parameter>/<key>``."""
        return {
            f"{self._names[parameter]}/{key}": value  # type: ignore[index]
            for part in self.parts
            for parameter, state in part.state.items()
            for key, value in state.items()
        }

    def load_state_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take the state that ``state_tensors`` gave."""
        parameters = {name: parameter for parameter, name in self._names.items()}
        owner = {p: part for part in self.parts for group in part.param_groups for p in group["params"]}
        for path, tensor in tensors.items():
            name, key = path.rsplit("/", 1)
            owner[parameters[name]].state[parameters[name]][key] = tensor.clone()


def _adamw(parameters: list[nn.Parameter], rate: float, weight_decay: float) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.95), eps=1e-10, weight_decay=weight_decay, fused=True)
