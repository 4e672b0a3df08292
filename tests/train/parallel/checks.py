"""Run by torchrun: holds several processes against one, and leaves what differs in a JSON file.

python -m torch.distributed.run --nproc-per-node N checks.py OUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from samovar.core import devices
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.train.batches import IGNORED, Batch
from samovar.train.objectives import next_token
from samovar.train.objectives.balance import balanced
from samovar.train.objectives.contract import measured
from samovar.train.orthogonal import orthogonalize
from samovar.train.parallel.checkpoint import read_spread, save_spread
from samovar.train.parallel.degrees import choose_degrees
from samovar.train.parallel.gradients import add_up_gradients, clip_gradients
from samovar.train.parallel.grid import ALONE, Grid, make_grid
from samovar.train.parallel.matrices import orthogonalize_together
from samovar.train.parallel.settings import ParallelSettings
from samovar.train.parallel.shard import cut, gather, is_spread, spread
from samovar.train.parallel.tensor import own_targets
from samovar.train.parallel.world import joined, leave
from tests.train.parallel.models import PLAIN, SHAPES, make_model
from tests.train.parallel.runs import check_runs, worst

ROWS, LENGTH = 8, 16


def degrees(size: int) -> list[dict[str, int]]:
    """What ``size`` processes are divided into."""
    if size == 2:
        return [{"shard": 1}, {"shard": 2}, {"tensor": 2}]
    return [{"shard": 2}, {"shard": 4}, {"tensor": 2, "shard": 1}, {"tensor": 2, "shard": 2}]


def rows() -> Batch:
    """Rows with unequal numbers of targets."""
    tokens = torch.randint(0, 64, (ROWS, LENGTH + 1), generator=torch.Generator().manual_seed(3))
    target_BT = tokens[:, 1:].clone()
    target_BT[0, 5:] = IGNORED
    target_BT[3, :9] = IGNORED
    return Batch(tokens[:, :-1].contiguous(), target_BT, None)


def step(model: Decoder, grid: Grid) -> tuple[float, float]:
    """Forward and backward over all rows in micro-batches of two; loss, and norm of the gradient, clipped by half."""
    own = ROWS // grid.degrees.data
    mine = range(grid.data_rank * own, (grid.data_rank + 1) * own, 2)
    parts = [own_targets(Batch(*(x[i : i + 2] for x in rows()[:2]), None), grid) for i in mine]
    total = grid.total(sum(next_token.weight(part) for part in parts))[0]
    loss = 0.0
    with balanced(next_token, model, 0.1, grid) as objective:
        for part in parts:
            summed = measured(objective.loss_sum(model, part, model.hidden(part.tokens_BT))).loss / total
            summed.backward()
            loss += float(summed.detach())
    add_up_gradients(model, grid)
    norm = clip_gradients(model, grid, 1e9)
    assert clip_gradients(model, grid, norm / 2) > norm / 1.001
    return grid.total(loss)[0], norm


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor of which every process may have a piece."""
    return (tensor.full_tensor() if is_spread(tensor) else tensor).detach().clone()


def gradients(model: Decoder) -> dict[str, Tensor]:
    """Of every parameter; of what has none, zeros: an expert that nobody chose."""
    return {name: torch.zeros(p.shape) if p.grad is None else whole(p.grad) for name, p in model.named_parameters()}


def check_gradients(grids: dict[str, Grid]) -> Iterator[tuple[str, float]]:
    """Loss, gradient and its norm of every shape, and the model gathered again."""
    for shape_name, shape in SHAPES.items():
        alone = make_model(shape)
        loss, norm = step(alone, ALONE)
        for name, grid in grids.items():
            model = make_model(shape)
            spread(model, grid, dtype=torch.float32)
            found_loss, found_norm = step(model, grid)
            yield f"loss, {shape_name}, {name}", abs(loss - found_loss)
            yield f"norm, {shape_name}, {name}", abs(norm - found_norm)
            yield f"gradient, {shape_name}, {name}", worst(gradients(alone), gradients(model))
            gathered = gather(model, grid, torch.float32)
            if gathered is not None:
                yield f"gathered, {shape_name}, {name}", worst(alone.state_dict(), gathered.state_dict())


def check_matrices(grids: dict[str, Grid]) -> Iterator[tuple[str, float]]:
    """Muon's orthogonalisation; three matrices do not divide by the processes, nor eleven rows by the shards."""
    draw = torch.Generator().manual_seed(7)
    matrices = [torch.randn(11, 8, generator=draw) for _ in range(3)]
    expected = orthogonalize(torch.stack(matrices))
    for name, grid in grids.items():
        found = orthogonalize_together(matrices, orthogonalize, grid)
        yield f"whole matrices, {name}", float((torch.stack(found) - expected).abs().max())
        model = make_model({})
        spread(model, grid, dtype=torch.float32)
        for kind in ("q_proj", "o_proj"):
            pieces = [layer.self_attn.get_submodule(kind).weight.detach() for layer in model.layers]
            found = [whole(x) for x in orthogonalize_together(pieces, orthogonalize, grid)]
            at_once = orthogonalize(torch.stack([whole(piece) for piece in pieces]))
            yield f"pieces of {kind}, {name}", float((torch.stack(found) - at_once).abs().max())


def check_checkpoints(grids: dict[str, Grid], out: Path) -> Iterator[tuple[str, float]]:
    """What one way of spreading saves, every other reads, one process among them."""
    alone = dict(make_model(SHAPES["untied with biases"]).named_parameters())
    for name, grid in grids.items():
        saved = make_model(SHAPES["untied with biases"])
        spread(saved, grid, dtype=torch.float32)
        folder = out / "checkpoints" / name
        if grid.is_first:
            folder.parent.mkdir(exist_ok=True)
        tensors = {f"model/{key}": parameter.detach() for key, parameter in saved.named_parameters()}
        for _ in range(2):  # the second takes the place of the first
            save_spread(tensors, folder, grid)
        for other_name, other in grids.items():
            model = make_model({"tie_embeddings": False} | SHAPES["untied with biases"])
            spread(model, other, dtype=torch.float32)
            likes = dict(model.named_parameters())
            read = {key.split("/")[1]: value for key, value in read_spread(folder, other, likes).items()}
            assert all(is_spread(read[key]) == is_spread(likes[key]) for key in likes)
            yield (
                f"saved {name}, read {other_name}",
                worst(
                    {key: whole(value) for key, value in read.items()}, {key: p.detach() for key, p in alone.items()}
                ),
            )
            pieces = {key: whole(cut(alone[key].detach(), likes[key])) for key in likes}
            yield f"cut {other_name}", worst(pieces, {key: p.detach() for key, p in alone.items()})
        if grid.is_first:
            read = {key.split("/")[1]: value for key, value in read_spread(folder, ALONE, {}).items()}
            yield f"saved {name}, read alone", worst(read, {key: p.detach() for key, p in alone.items()})


def main(out: Path) -> None:
    torch.set_num_threads(1)
    # In bfloat16 sums in another order differ by what is a hundred times the tolerance: here all is float32.
    devices._cpu_flags = set
    torch.use_deterministic_algorithms(True)
    world = joined()
    shape = DecoderSettings.model_validate(PLAIN)
    grids = {}
    for wanted in degrees(world.size):
        chosen = choose_degrees(world.size, ParallelSettings(**wanted), shape, memory_bytes=1 << 30)
        grids[" ".join(f"{key} {value}" for key, value in wanted.items())] = make_grid(world, chosen)
    checks: list[Callable[[], Iterator[tuple[str, float]]]] = [
        lambda: check_gradients(grids), lambda: check_matrices(grids), lambda: check_checkpoints(grids, out),
        lambda: check_runs(grids, out / "runs"),
    ]  # fmt: skip
    found = {name: difference for check in checks for name, difference in check()}
    if world.is_first:
        (out / "differences.json").write_text(json.dumps(found, indent=1))
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
