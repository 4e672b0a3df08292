"""The state of a run, written whole, so that a run killed at any moment goes on to the same numbers.

The order of the data and the learning rate are functions of the step (see batches.py, schedule.py), and nothing in the
loop draws random numbers: weights, optimizer state and the step are all there is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open

from samovar.core.artifact import SCRATCH
from samovar.core.errors import CorruptError
from samovar.model.checkpoint import write_weights
from samovar.model.decoder import Decoder
from samovar.train.optimizers import Optimizers

_NAME = f"{SCRATCH}/checkpoint.safetensors"
_INFO = "_run"


class RunState(NamedTuple):
    """Where a run stands."""

    step: int
    seconds: float


def save_checkpoint(folder: Path, model: Decoder, optimizers: Optimizers, state: RunState) -> None:
    """Replace the checkpoint in ``folder``."""
    (folder / SCRATCH).mkdir(exist_ok=True)
    info = json.dumps(state._asdict()).encode()
    tensors = {f"model/{name}": value.detach().contiguous() for name, value in model.state_dict().items()}
    tensors |= {f"optimizer/{name}": value.contiguous() for name, value in optimizers.state_tensors().items()}
    tensors[_INFO] = torch.frombuffer(bytearray(info), dtype=torch.uint8)
    write_weights(tensors, folder / _NAME)


def load_checkpoint(folder: Path, model: Decoder, optimizers: Optimizers) -> RunState | None:
    """Put the checkpoint of ``folder`` into ``model`` and ``optimizers``; None when there is none.

    Raises:
        CorruptError: it is damaged or of another model.
    """
    path = folder / _NAME
    if not path.is_file():
        return None
    device = str(next(model.parameters()).device)
    try:
        with safe_open(path, framework="pt", device=device) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state = RunState(**json.loads(bytes(tensors.pop(_INFO).cpu().tolist())))
        model.load_state_dict({k.removeprefix("model/"): v for k, v in tensors.items() if k.startswith("model/")})
        optimizers.load_state_tensors(
            {k.removeprefix("optimizer/"): v for k, v in tensors.items() if k.startswith("optimizer/")}
        )
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise CorruptError(
            f"{path} cannot be resumed from: {error}", hint=f"delete {path} to start this stage afresh"
        ) from error
    return state
