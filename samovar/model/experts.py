"""A mixture of experts: feed-forward blocks of which every token passes through a few.

Axes: B batch, T tokens, D model width, N tokens of all rows, E experts, C experts chosen for a token.

Source: Jiang et al. 2024 (Mixtral), arXiv:2401.04088, section 2.1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.mlp import make_mlp
from samovar.model.settings import DecoderSettings


class Router(nn.Module):
    """Says which experts a token goes to. No ``Linear``, so that neither adapters nor rounding to int8 touch it."""

    def __init__(self, settings: DecoderSettings) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(settings.num_experts, settings.hidden_size))
        if not self.weight.is_meta:
            nn.init.normal_(self.weight, std=settings.hidden_size**-0.5)
        self.chosen, self.norm_topk = settings.experts_per_token, settings.norm_topk
        self.is_watched = False
        """Whether training wants to know how unevenly the experts are used."""
        self.imbalance: Tensor | None = None
        """Of the last forward pass, with its gradient, where it is watched."""

    def forward(self, x_ND: Tensor) -> tuple[Tensor, Tensor]:
        """The chosen experts' shares, NC in the type of ``x_ND``, and their numbers, NC."""
        share_NE = torch.softmax(F.linear(x_ND, self.weight.to(x_ND.dtype)).float(), dim=-1)
        share_NC, expert_NC = share_NE.topk(self.chosen, dim=-1)
        if self.is_watched and self.training:
            self.imbalance = imbalance(share_NE, expert_NC)
        if self.norm_topk:
            share_NC = share_NC / share_NC.sum(dim=-1, keepdim=True)
        return share_NC.to(x_ND.dtype), expert_NC


def imbalance(share_NE: Tensor, expert_NC: Tensor) -> Tensor:
    """How unevenly experts are used: 1 where all alike, E where all tokens go to one of E; float32, differentiable.

    E times the sum over the experts of the share of choices that fell on one and of its mean share of the router's
    probability (Fedus et al. 2022, arXiv:2101.03961, equation 4). Transformers' sum over the choices is C times this.
    """
    experts = share_NE.shape[1]
    chosen_E = torch.bincount(expert_NC.flatten(), minlength=experts).float() / expert_NC.numel()
    return experts * (chosen_E * share_NE.mean(dim=0)).sum()


class Experts(nn.Module):
    """A router and the feed-forward blocks that it chooses from."""

    def __init__(self, settings: DecoderSettings) -> None:
        super().__init__()
        self.router = Router(settings)
        self.experts = nn.ModuleList(make_mlp(settings, settings.expert_size) for _ in range(settings.num_experts))

    def forward(self, x_BTD: Tensor) -> Tensor:
        """The sum of the chosen experts' outputs, each by its share. Experts that nobody chose cost nothing."""
        x_ND = x_BTD.flatten(0, 1)
        share_NC, expert_NC = self.router(x_ND)
        mixed_ND = torch.zeros_like(x_ND)
        for number in expert_NC.unique().tolist():
            row, choice = (expert_NC == number).nonzero(as_tuple=True)
            answer = self.experts[number](x_ND[row]) * share_NC[row, choice, None]
            mixed_ND = mixed_ND.index_add(0, row, answer)
        return mixed_ND.view_as(x_BTD)
