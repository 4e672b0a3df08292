"""The state of a run, written whole, so that a run killed at any moment goes on to the same numbers.

The order of the data, the learning rate and random numbers are functions of the step (batches.py, schedule.py,
dropout.py): the weights that are trained, the state of what moves them, and the step are all there is.

One process writes one safetensors file; several write their pieces (parallel/checkpoint.py). Either is read by any
number of processes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from samovar.core.artifact import SCRATCH
from samovar.core.errors import ConfigError, CorruptError
from samovar.model.shards import write_weights
from samovar.train.parallel.checkpoint import has_spread, read_spread, save_spread
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.shard import cut

FORMAT = 2
"""Raised when a checkpoint means something else to the code than it did: then older ones are refused."""
_WHOLE, _SPREAD = f"{SCRATCH}/checkpoint.safetensors", f"{SCRATCH}/checkpoint"
_RUN = "run"


class RunState(NamedTuple):
    """Where a run stands."""

    step: int
    seconds: float


class Stateful(Protocol):
    """What has tensors to keep, such as an optimizer; each is named ``<parameter>`` or ``<parameter>/<what>``."""

    def state_tensors(self) -> dict[str, Tensor]:
        """All that changes in training."""
        ...

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave; whatever does not fit is a KeyError, RuntimeError or ValueError."""
        ...


class Weights:
    """The parameters that are trained: beside an adapter, the base is not."""

    def __init__(self, parameters: Mapping[str, nn.Parameter]) -> None:
        self.parameters = parameters

    def state_tensors(self) -> dict[str, Tensor]:
        """The parameters by name."""
        return {name: parameter.detach() for name, parameter in self.parameters.items()}

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave."""
        if tensors.keys() != self.parameters.keys():
            odd = sorted(tensors.keys() ^ self.parameters.keys())[0]
            raise ValueError(f"it is of another model: {odd} is in one alone")
        for name, parameter in self.parameters.items():
            parameter.copy_(tensors[name])


class Checkpoint:
    """The checkpoint of a run: what it is made of, and where it is kept."""

    def __init__(
        self,
        folder: Path,
        weights: Weights,
        others: Mapping[str, Stateful],
        *,
        facts: Mapping[str, Any],
        grid: Grid = ALONE,
    ) -> None:
        """Tell what the run's checkpoint holds.

        Args:
            folder: of the run.
            weights: what is trained.
            others: what else changes, by kind.
            facts: settings and sizes, as JSON, without which the run would end with other numbers.
            grid: whose processes save and load together.
        """
        self._folder, self._weights, self._grid = folder, weights, grid
        self._parts: dict[str, Stateful] = {"model": weights, **others}
        self._facts = json.loads(json.dumps(dict(facts)))

    def save(self, state: RunState) -> None:
        """Replace the checkpoint; all processes call it together."""
        tensors = {
            f"{kind}/{name}": tensor
            for kind, part in self._parts.items()
            for name, tensor in part.state_tensors().items()
        }
        tensors[_RUN] = _as_tensor({"format": FORMAT, **state._asdict(), "facts": self._facts})
        (self._folder / SCRATCH).mkdir(exist_ok=True)
        whole, spread = self._folder / _WHOLE, self._folder / _SPREAD
        if self._grid.is_alone:
            write_weights({name: tensor.contiguous() for name, tensor in tensors.items()}, whole)
            shutil.rmtree(spread, ignore_errors=True)
        else:
            save_spread(tensors, spread, self._grid)
            if self._grid.is_first:
                whole.unlink(missing_ok=True)

    def load(self) -> RunState | None:
        """Take the checkpoint up, and tell where the run stands; None when there is none. All processes call it.

        Raises:
            ConfigError: it was made by another version, or with other settings.
            CorruptError: it is damaged or of another model.
        """
        path = _newest(self._folder, self._grid)
        if path is None:
            return None
        try:
            likes: dict[str, Tensor] = dict(self._weights.parameters)
            is_spread = path.name == Path(_SPREAD).name
            tensors = read_spread(path, self._grid, likes) if is_spread else _read_whole(path, likes)
            run = _from_tensor(tensors.pop(_RUN))
            _check_facts(path, run, self._facts)
            for kind, part in self._parts.items():
                start = f"{kind}/"
                part.load_state_tensors(
                    {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
                )
        except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
            if isinstance(error, CorruptError | ConfigError):
                raise
            raise CorruptError(f"{path} cannot be resumed from: {error}", hint=_afresh(path)) from error
        return RunState(run["step"], run["seconds"])


def _check_facts(path: Path, run: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    if run["format"] != FORMAT:
        raise ConfigError(
            f"{path} was made by another version of Samovar (its format is {run['format']}, ours {FORMAT})",
            hint=f"go on with that version, or {_afresh(path)}",
        )
    for name in [*facts, *(name for name in run["facts"] if name not in facts)]:
        before, now = run["facts"].get(name), facts.get(name)
        if before != now:
            raise ConfigError(
                f"{path} cannot be resumed from: {name} was {before} when it was made, and is {now}",
                hint=f"set it back, or {_afresh(path)}",
            )


def _afresh(path: Path) -> str:
    return f"delete {path} to start this stage afresh"


def _as_tensor(value: Any) -> Tensor:
    """JSON as bytes: the one form that both kinds of checkpoints keep."""
    return torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)


def _from_tensor(tensor: Tensor) -> dict[str, Any]:
    if tensor.dtype != torch.uint8:  # the first format had step and seconds as two numbers
        return {"format": 1, "facts": {}}
    value: dict[str, Any] = json.loads(bytes(tensor.tolist()))
    return value


def _newest(folder: Path, grid: Grid) -> Path | None:
    """The checkpoint to go on from; both kinds are there if a run was killed when it had not yet dropped the other."""
    whole, spread = folder / _WHOLE, folder / _SPREAD
    has_whole = grid.first_says(whole.is_file())
    if not has_spread(spread, grid):
        return whole if has_whole else None
    is_older = has_whole and whole.stat().st_mtime < (spread / ".metadata").stat().st_mtime
    return spread if grid.first_says(is_older or not has_whole) else whole


def _read_whole(path: Path, likes: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one file, of each this process's piece."""
    tensors: dict[str, Tensor] = {}
    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118
            tensor = file.get_tensor(name)
            like = likes.get(name.split("/")[1]) if "/" in name else None
            if like is not None:
                tensor = cut(tensor, like) if tensor.shape == like.shape else tensor.to(like.device)
            tensors[name] = tensor
    return tensors
