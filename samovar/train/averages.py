"""A moving average of the weights, which is often better than the last ones (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from samovar.train.parallel.shard import local


class Averages:
    """An exponential moving average of the trained parameters, each in the form of its parameter."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], decay: float) -> None:
        """Begin with the parameters as they are.

        Args:
            parameters: those that are trained, by name.
            decay: share of the average that a step leaves.
        """
        self._parameters = parameters
        self._averages = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        self._decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters after ``step`` (from 0).

        In the first steps the decay is smaller, (1 + step) / (10 + step): else the average would be of fresh weights.
        """
        share = 1.0 - min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._local_averages(), self._local_parameters(), share)

    @torch.no_grad()
    def exchange(self) -> None:
        """Put the averages into the model and keep its weights in their place, or the other way round."""
        for average, parameter in zip(self._local_averages(), self._local_parameters(), strict=True):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)

    @contextmanager
    def in_the_model(self) -> Iterator[None]:
        """The model has the averages for its weights."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()

    def state_tensors(self) -> dict[str, Tensor]:
        """The averages by parameter."""
        return dict(self._averages)

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave."""
        for name, average in self._averages.items():
            average.copy_(tensors[name])

    def _local_averages(self) -> list[Tensor]:
        return [local(average) for average in self._averages.values()]

    def _local_parameters(self) -> list[Tensor]:
        return [local(parameter.detach()) for parameter in self._parameters.values()]
