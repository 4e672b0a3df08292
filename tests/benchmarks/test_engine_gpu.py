"""What the benchmark of the engine on a GPU says of limits, on numbers worked by hand."""

from __future__ import annotations

from benchmarks import engine_gpu
from samovar.model.settings import DecoderSettings

SHAPE = DecoderSettings(
    vocab_size=100, hidden_size=8, intermediate_size=16, num_layers=2, num_heads=2, num_kv_heads=1, head_dim=4
)
# A layer: queries and output 2 x 8 x 8, keys and values 2 x 8 x 4, feed-forward 3 x 8 x 16.
MATRICES = 2 * (128 + 64 + 384)


def test_a_step_reads_every_weight_once_and_every_context() -> None:
    assert engine_gpu.step_bytes(SHAPE, 1, 0) == 2 * (MATRICES + 800)
    # Two layers' keys and values of one head of four numbers.
    assert engine_gpu.step_bytes(SHAPE, 3, 10) - engine_gpu.step_bytes(SHAPE, 3, 0) == 2 * 3 * 10 * 2 * 2 * 4


def test_reading_multiplies_every_weight_and_half_of_all_pairs() -> None:
    # Scores and mixing: two products of 2 x 4 operations a pair, head and layer, and half of 10 x 10 pairs.
    attention = 2 * 2 * (2 * 2 * 4) * 10 * 10 / 2
    assert engine_gpu.read_flops(SHAPE, [10]) == 2 * MATRICES * 10 + attention + 2 * 800
    assert engine_gpu.read_flops(SHAPE, [10, 10]) == 2 * engine_gpu.read_flops(SHAPE, [10])


def test_sizes_are_those_of_their_names() -> None:
    for size, millions in (("135M", 135), ("0.6B", 596), ("1.7B", 1721), ("4B", 4022)):
        assert round(engine_gpu.shape_of(size).num_parameters / 1e6) == millions


def test_the_table_names_the_peer_beside_its_batch() -> None:
    writing = {"tokens_per_second": 1200.0, "share_of_memory": 0.5, "forward_seconds": {"graph": 0.001}}
    reading = {
        "tokens_per_second": 5000.0, "share_of_arithmetic": 0.25, "seconds": 0.002, "seconds_kernel_by_kernel": 0.01
    }  # fmt: skip
    table = engine_gpu.table(
        {"0.6B": {"writing": {8: writing}, "reading": {"1x512": reading}, "transformers": {"default 8": 300.0}}}
    )
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert cells == [
        ["0.6B, writing 8", "1,200", "50%", "graph 1.00 ms", "300"],
        ["0.6B, reading 1x512", "5,000", "25%", "graph 2.00 ms, kernel by kernel 10.00 ms", ""],
    ]
