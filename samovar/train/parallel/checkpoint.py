"""The checkpoint of a run of several processes: each writes its pieces, and any number of processes reads them.

In the format of ``torch.distributed.checkpoint``, in a folder that is written beside its place and then renamed.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from samovar.core.artifact import put_in_place, recover
from samovar.core.errors import CorruptError
from samovar.core.files import naming_os_errors
from samovar.train.parallel.grid import Grid

_NEW = ".new"


def save_spread(tensors: dict[str, Tensor], folder: Path, grid: Grid) -> None:
    """Replace the checkpoint in ``folder``; all processes of ``grid`` call it together."""
    import torch.distributed as dist
    from torch.distributed.checkpoint import FileSystemWriter, save
    from torch.distributed.checkpoint.api import CheckpointException

    beside = folder.with_name(folder.name + _NEW)
    if grid.is_first:
        shutil.rmtree(beside, ignore_errors=True)
    dist.barrier()
    with naming_os_errors(folder):
        try:
            save(tensors, storage_writer=FileSystemWriter(beside, single_file_per_rank=True, sync_files=True))
        except CheckpointException as error:  # no Exception of Python's: it would pass every handler
            raise _cause(error) from error
        if grid.is_first:
            put_in_place(beside, folder)
    dist.barrier()


def _cause(error: BaseException) -> BaseException:
    """The first process's own error, as an OSError where the disk refused."""
    failures = getattr(error, "failures", {})
    for cause, _ in failures.values():
        if isinstance(cause, OSError):
            return cause
    return RuntimeError(str(error))


def has_spread(folder: Path, grid: Grid) -> bool:
    """Whether there is a whole checkpoint in ``folder``; repairs what a crash between two renames left."""
    if grid.is_first:
        recover(folder)
    return grid.first_says((folder / ".metadata").is_file())


def read_spread(folder: Path, grid: Grid, likes: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the checkpoint in ``folder``, this process's pieces of them; all processes call it together.

    Args:
        folder: that ``save_spread`` wrote, in any number of processes.
        grid: whose processes read.
        likes: the parameters; a tensor whose name has one's name as a part, and its shape, is spread as it is.
    Raises:
        CorruptError: it is damaged.
    """
    from torch.distributed.checkpoint import FileSystemReader, load
    from torch.distributed.checkpoint.api import CheckpointException
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata

    reader = FileSystemReader(folder)
    try:
        stored = reader.read_metadata().state_dict_metadata
        tensors = {
            name: _place(name, facts.size, facts.properties.dtype, likes, grid)
            for name, facts in stored.items()
            if isinstance(facts, TensorStorageMetadata)
        }
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.distributed is disabled")  # as is meant, in one process
            load(tensors, storage_reader=reader, no_dist=grid.is_alone)
    except (CheckpointException, Exception) as error:
        raise CorruptError(
            f"{folder} cannot be resumed from: {_cause(error)}", hint=f"delete {folder} to start this stage afresh"
        ) from error
    return tensors


def _place(name: str, size: torch.Size, dtype: torch.dtype, likes: Mapping[str, Tensor], grid: Grid) -> Tensor:
    """Where a stored tensor is read to. Names are ``<kind>/<parameter>`` or ``<kind>/<parameter>/<what>``."""
    like = likes.get(name.split("/")[1]) if "/" in name else None
    if like is not None and like.shape == size:
        return torch.zeros_like(like, dtype=dtype, requires_grad=False)
    return torch.zeros(size, dtype=dtype, device=None if like is None else like.device)
