"""How a training run is spread over processes. No torch in here."""

from __future__ import annotations

from pydantic import Field

from samovar.core.settings import Settings


class ParallelSettings(Settings):
    """How a run is spread over the processes that torchrun started; one process alone needs none of it."""

    tensor: int = Field(1, ge=1)
    """Processes that share every matrix of the layers; they talk in every layer, so keep them within one machine."""
    shard: int | None = Field(None, ge=1)
    """Processes over which weights, gradients and optimizer state are spread: 1 for a whole copy in each.
    By default 1 where a copy takes less than a quarter of a process's memory, else all."""
