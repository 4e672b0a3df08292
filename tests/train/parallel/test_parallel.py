"""Several processes hold pieces of a model and take shares of the work; what comes out is what one process finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from samovar.core.errors import ConfigError, CorruptError
from samovar.model.settings import DecoderSettings
from samovar.train.batches import IGNORED, Batch
from samovar.train.parallel.checkpoint import has_spread, read_spread
from samovar.train.parallel.degrees import Degrees, check_run, choose_degrees, rows_of_a_process
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.settings import ParallelSettings
from samovar.train.parallel.tensor import own_targets
from samovar.train.parallel.world import World
from samovar.train.settings import LoopSettings
from tests.train.parallel import checks
from tests.train.parallel.conftest import torchrun

SHAPE = DecoderSettings(
    vocab_size=64, hidden_size=48, intermediate_size=96, num_layers=1, num_heads=6, num_kv_heads=2, head_dim=8,
    max_positions=32,
)  # fmt: skip
GIB = 1 << 30


def differences(processes: int, out: Path) -> dict[str, float]:
    done = torchrun(processes, str(Path(checks.__file__)), str(out))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "differences.json").read_text())


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], Path]:
    out = tmp_path_factory.mktemp("two")
    return differences(2, out), out


def test_two_processes_equal_one(two: tuple[dict[str, float], Path]) -> None:
    assert len(two[0]) > 110
    assert {name: value for name, value in two[0].items() if value > 5e-6} == {}


@pytest.mark.slow
def test_four_processes_equal_one(tmp_path: Path) -> None:
    found = differences(4, tmp_path)
    assert len(found) > 150
    assert {name: value for name, value in found.items() if value > 5e-6} == {}


def test_a_damaged_checkpoint_is_named(two: tuple[dict[str, float], Path]) -> None:
    folder = two[1] / "checkpoints" / "shard 2"
    assert has_spread(folder, ALONE)
    piece = folder / "__1_0.distcp"
    piece.write_bytes(piece.read_bytes()[:100])
    with pytest.raises(CorruptError, match="cannot be resumed from") as caught:
        read_spread(folder, ALONE, {})
    assert "delete" in str(caught.value.hint)
    assert not has_spread(folder / "nowhere", ALONE)


@pytest.mark.parametrize(
    ("size", "wanted", "found"),
    [
        (1, {"tensor": 8}, Degrees(1, 1, 1)),
        (8, {}, Degrees(8, 1, 1)),
        (8, {"shard": 4}, Degrees(2, 4, 1)),
        (8, {"tensor": 2, "shard": 2}, Degrees(2, 2, 2)),
    ],
)
def test_degrees(size: int, wanted: dict[str, int], found: Degrees) -> None:
    assert choose_degrees(size, ParallelSettings(**wanted), SHAPE, memory_bytes=GIB) == found


def test_a_model_that_fills_the_memory_is_spread_over_all() -> None:
    little = 16 * SHAPE.num_parameters * 4 - 1
    assert choose_degrees(4, ParallelSettings(), SHAPE, memory_bytes=little) == Degrees(1, 4, 1)
    assert choose_degrees(4, ParallelSettings(), SHAPE, memory_bytes=little + 1) == Degrees(4, 1, 1)
    assert choose_degrees(4, ParallelSettings(), SHAPE, memory_bytes=little, is_whole=True) == Degrees(4, 1, 1)


@pytest.mark.parametrize(
    ("size", "wanted", "words"),
    [
        (6, {"tensor": 4}, "parallel.tensor is 4, which does not divide the 6 processes"),
        (6, {"tensor": 6}, "2 key-value heads, which do not divide"),
        (6, {"shard": 4}, "parallel.shard is 4, which does not divide the 6 processes"),
        (10, {"tensor": 2, "shard": 5}, "48 wide, which does not divide"),
    ],
)
def test_what_does_not_divide_is_refused(size: int, wanted: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        choose_degrees(size, ParallelSettings(**wanted), SHAPE, memory_bytes=GIB)
    assert caught.value.hint


def test_an_adapter_needs_its_whole_base() -> None:
    with pytest.raises(ConfigError, match="whole copy of its base"):
        choose_degrees(4, ParallelSettings(shard=2), SHAPE, memory_bytes=GIB, is_whole=True)


def test_a_run_is_checked_before_the_shape_is_known() -> None:
    settings = LoopSettings(batch_tokens=6 * 32, micro_batch_tokens=64)
    check_run(1, settings, 32, None)
    check_run(3, settings, 32, None)
    for shape in (None, SHAPE):
        with pytest.raises(ConfigError, match="a step has 6 rows, which do not divide by the 4 processes"):
            check_run(4, settings, 32, shape)
    with pytest.raises(ConfigError, match="tensor is 4, which does not divide"):
        check_run(6, settings.model_copy(update={"parallel": ParallelSettings(tensor=4)}), 32, None)


def test_degrees_in_words() -> None:
    assert Degrees(4).in_words() == "4 processes train 4 copies of the model"
    assert Degrees(1, 4).in_words() == "4 processes train one copy of the model, spread over 4 of them"
    both = Degrees(2, 4, 2).in_words()
    assert both == "16 processes train 2 copies of the model, each over 4; 2 processes compute each layer together"


def test_rows_of_a_process() -> None:
    assert rows_of_a_process(64, 8, 1) == (64, 8)
    assert rows_of_a_process(64, 48, 4) == (16, 16)
    assert rows_of_a_process(12, 4, 2) == (6, 3)
    with pytest.raises(ConfigError, match="a step has 6 rows, which do not divide by the 4 processes") as caught:
        rows_of_a_process(6, 2, 4)
    assert "4 or 8 rows" in str(caught.value.hint)


def test_every_target_belongs_to_one_process() -> None:
    target_BT = torch.randint(0, 9, (3, 7), generator=torch.Generator().manual_seed(0))
    target_BT[1, 2:] = IGNORED
    batch = Batch(target_BT, target_BT, None)
    parts = [own_targets(batch, Grid(World(rank, 3), Degrees(tensor=3))).target_BT for rank in range(3)]
    counts = [int((part != IGNORED).sum()) for part in parts]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == int((target_BT != IGNORED).sum())
    for part in parts:
        assert torch.equal(part[part != IGNORED], target_BT[part != IGNORED])
    assert torch.equal(torch.stack(parts).max(dim=0).values, target_BT)


@pytest.mark.parametrize("count", [1, 4, 5, 6, 7])
def test_every_piece_counts_once_and_all_processes_do_equally_many(count: int) -> None:
    processes = [Grid(World(rank, 6), Degrees(1, 3, 2)) for rank in range(6)]
    turns = [list(process.turns(count)) for process in processes]
    assert len({len(its) for its in turns}) == 1
    counted = sorted(piece for its in turns for piece, is_counted in its if is_counted)
    assert counted == sorted(2 * list(range(count))), "both processes of a group compute each layer together"
    assert all(0 <= piece < count for its in turns for piece, _ in its)
    assert list(ALONE.turns(count)) == [(piece, True) for piece in range(count)]
