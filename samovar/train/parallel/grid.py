"""The processes of a run in a grid: copies of the model, shards of a copy, parts of a layer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from samovar.core.devices import pick_device
from samovar.model.settings import DecoderSettings
from samovar.train.parallel.degrees import Degrees, choose_degrees
from samovar.train.parallel.settings import ParallelSettings
from samovar.train.parallel.world import BY_ITSELF, World

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup
    from torch.distributed.device_mesh import DeviceMesh

Axis = Literal["replicate", "shard", "tensor"]
AXES: tuple[Axis, ...] = ("replicate", "shard", "tensor")


class Grid:
    """Where this process stands; made by ``make_grid``. Neighbours along ``tensor`` have neighbouring numbers."""

    def __init__(
        self, world: World, degrees: Degrees, device: torch.device | None = None, mesh: DeviceMesh | None = None
    ) -> None:
        self.world, self.degrees, self.mesh = world, degrees, mesh
        self.device = device

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.world.is_first

    @property
    def is_alone(self) -> bool:
        """Whether there is one process."""
        return self.degrees.size == 1

    @property
    def has_whole_model(self) -> bool:
        """Whether every process holds all weights."""
        return self.degrees.shard == self.degrees.tensor == 1

    @property
    def data_rank(self) -> int:
        """Which of the ``degrees.data`` shares of a step's rows is this process's."""
        return self.world.rank // self.degrees.tensor

    @property
    def tensor_rank(self) -> int:
        """Which part of every layer is this process's."""
        return self.world.rank % self.degrees.tensor

    def group(self, axis: Axis) -> ProcessGroup:
        """The processes along ``axis`` that this one belongs to."""
        assert self.mesh is not None  # alone there are no groups
        return self.mesh.get_group(axis)

    def add_up(self, tensor: Tensor, *axes: Axis) -> Tensor:
        """Sum ``tensor`` in place over the processes along ``axes``; by default over all."""
        for axis in axes or AXES:
            if getattr(self.degrees, axis) > 1:
                torch.distributed.all_reduce(tensor, group=self.group(axis))
        return tensor

    def total(self, *numbers: float) -> list[float]:
        """The sum of each number over all processes, in float64."""
        if self.is_alone:
            return list(numbers)
        return self.add_up(torch.tensor(numbers, dtype=torch.float64, device=self.device)).tolist()

    def turns(self, count: int) -> Iterator[tuple[int, bool]]:
        """Which of ``count`` pieces of work are this process's, each with whether it counts.

        Processes gather weights for each other, so that all must go through the model equally often: one that has
        nothing left does the last piece once more, which does not count.
        """
        data = self.degrees.data
        for number in range(self.data_rank, -(-count // data) * data, data):
            yield min(number, count - 1), number < count

    def first_says(self, answer: bool) -> bool:
        """The answer of the first process, for what must not differ: clocks and file systems do."""
        return self.total(float(answer and self.is_first))[0] > 0


ALONE = Grid(BY_ITSELF, Degrees())
"""One process that trains by itself."""


def open_grid(world: World, settings: ParallelSettings, shape: DecoderSettings, *, is_whole: bool = False) -> Grid:
    """The grid in which the processes of ``world`` train a model of this shape; all of them call it together.

    Raises:
        ConfigError: something does not divide; see ``choose_degrees``.
    """
    degrees = choose_degrees(world.size, settings, shape, memory_bytes=world.memory_bytes(), is_whole=is_whole)
    degrees = Degrees(*json.loads(world.agreed(json.dumps(degrees))))
    if degrees.size > 1 and world.is_first:
        print(degrees.in_words(), file=sys.stderr, flush=True)
    return make_grid(world, degrees)


def make_grid(world: World, degrees: Degrees) -> Grid:
    """Put the processes of ``world`` into a grid and connect them; all of them call it together."""
    device = pick_device()
    if degrees.size == 1:
        return Grid(world, degrees, device)
    from torch.distributed.device_mesh import init_device_mesh

    world.connect()
    shape = (degrees.replicate, degrees.shard, degrees.tensor)
    return Grid(world, degrees, device, init_device_mesh(device.type, shape, mesh_dim_names=AXES))
