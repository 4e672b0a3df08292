"""How fast are the native engine's matrix products, against torch's bfloat16 and what memory allows?

    python -m benchmarks.matmul

Axes: O outputs, I inputs, M rows of activations.

Every product is y = x W^T with as many copies of W in turn as exceed the caches, as the layers of a model do, so that
with few rows the weights come from memory. Its speed is given in arithmetic (2 M I O operations) and in weights read.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.result import exit_with, markdown_table, write_result

QUESTION = "Operations and bytes a second of products with packed weights, by kind, shape and number of rows"
SHAPES = {
    "10M": ((960, 320), (1792, 320), (320, 896)),
    "135M": ((960, 576), (3072, 576), (576, 1536)),
    "0.6B": ((4096, 1024), (6144, 1024), (1024, 3072)),
}
"""O and I of the products of a layer: queries, keys and values; gate and up; down."""
ROWS = (1, 8, 32, 512)
PEER = "torch bf16"
READING = "reading"
INT4_GROUPS = (32, 64)
_ROWS_OF_FEW_COPIES = 128
"""From so many rows on arithmetic is the limit, and a quarter of the copies is enough."""

_PAUSE_S = 0.02
"""Before each contender: threads of OpenMP wait awake for a while after their work, on the cores of whoever is next."""


class Measured(NamedTuple):
    """One product, a second a call."""

    name: str
    shape: tuple[int, int]
    rows: int
    weight_bytes: int
    seconds: float

    @property
    def gigaflops(self) -> float:
        """10^9 operations a second."""
        return 2 * self.rows * self.shape[0] * self.shape[1] / self.seconds / 1e9

    @property
    def gigabytes(self) -> float:
        """10^9 bytes of weights a second."""
        return self.weight_bytes / self.seconds / 1e9

    def row(self) -> dict[str, Any]:
        """For the result file."""
        outputs, inputs = self.shape
        return {
            "weights": self.name,
            "outputs": outputs,
            "inputs": inputs,
            "rows": self.rows,
            "microseconds": round(self.seconds * 1e6, 2),
            "gflop_a_second": round(self.gigaflops, 1),
            "gigabytes_a_second": round(self.gigabytes, 2),
        }


class Contender(NamedTuple):
    """Copies of a weight that are multiplied in turn."""

    name: str
    copies: int
    weight_bytes: int
    """Of one copy."""
    multiply: Callable[[Any, int], None]
    """Activations times the first so many copies."""


def contenders(shape: tuple[int, int], *, cache_bytes: int, threads: int) -> list[Contender]:
    """All kinds of packed weights of one shape, and torch's."""
    import torch

    from samovar.engine.native.pack import Kind, pack, pack_int4

    weight_OI = torch.randn(shape) / shape[1] ** 0.5
    makers = {kind.name.lower(): lambda kind=kind: pack(weight_OI, kind) for kind in (Kind.F32, Kind.BF16, Kind.INT8)}
    for group in INT4_GROUPS:
        value_OI = torch.randint(16, shape, dtype=torch.uint8)
        drawn = value_OI, torch.full((shape[0], -(-shape[1] // group)), 2.0**-8)
        makers[f"int4/{group}"] = lambda drawn=drawn, group=group: pack_int4(*drawn, None, group=group)
    found = []
    for name, make in makers.items():
        first = make()
        copies = max(2, -(-cache_bytes // first.size_bytes))
        found.append(_packed(name, [first, *(make() for _ in range(copies - 1))], first.size_bytes, threads))
    return [*found, _torch(weight_OI.bfloat16(), cache_bytes), _reading(cache_bytes, threads)]


def _packed(name: str, matrices: Sequence[Any], size_bytes: int, threads: int) -> Contender:
    from samovar.engine.native.pack import multiply

    def run(x_MI: Any, copies: int) -> None:
        multiply(x_MI, *matrices[:copies], threads=threads)

    return Contender(name, len(matrices), size_bytes, run)


def _torch(weight_OI: Any, cache_bytes: int) -> Contender:
    import torch
    import torch.nn.functional as F

    size_bytes = weight_OI.numel() * 2
    weights = [weight_OI.clone() for _ in range(max(2, -(-cache_bytes // size_bytes)))]

    @torch.inference_mode()
    def run(x_MI: Any, copies: int) -> None:
        x_MI = x_MI.bfloat16()
        for copy_OI in weights[:copies]:
            F.linear(x_MI, copy_OI)

    return Contender(PEER, len(weights), size_bytes, run)


def _reading(cache_bytes: int, threads: int) -> Contender:
    """Reads as many bytes and does nothing else: what memory gives in these very rounds."""
    import torch

    from samovar.engine.native.pack import Kind, pack

    matrix = pack(torch.zeros(-(-cache_bytes // 4096), 1024), Kind.F32)
    return Contender(READING, 1, matrix.size_bytes, lambda _x_MI, _copies: matrix.read(threads=threads))


def measure(shape: tuple[int, int], rows: Sequence[int], options: argparse.Namespace) -> list[Measured]:
    """Medians over rounds in which all contenders play in turn."""
    import torch

    playing = contenders(shape, cache_bytes=options.megabytes * 1_000_000, threads=options.threads)
    found = []
    for num_rows in rows:
        x_MI = torch.randn(num_rows, shape[1])
        seconds: dict[str, list[float]] = {one.name: [] for one in playing}
        for number in range(options.rounds + 1):
            for one in playing:
                time.sleep(_PAUSE_S)
                copies = one.copies if num_rows < _ROWS_OF_FEW_COPIES else -(-one.copies // 4)
                began = time.perf_counter()
                one.multiply(x_MI, copies)
                if number:  # the first round warms up
                    seconds[one.name].append((time.perf_counter() - began) / copies)
        for one in playing:
            middle = statistics.median(seconds[one.name])
            found.append(Measured(one.name, shape, num_rows, one.weight_bytes, middle))
    return found


def table(measured: Sequence[Measured]) -> str:
    """A line a shape and kind: operations a second at each number of rows, and what share of memory's speed is used."""
    rows = sorted({one.rows for one in measured})
    by_place = {(one.shape, one.name, one.rows): one for one in measured}
    lines = []
    for shape, name in dict.fromkeys((one.shape, one.name) for one in measured if one.name != READING):
        found = [by_place[shape, name, count] for count in rows]
        cells = [f"{one.gigaflops:.0f} ({by_place[shape, PEER, one.rows].seconds / one.seconds:.2f})" for one in found]
        share = found[0].gigabytes / by_place[shape, READING, rows[0]].gigabytes
        lines.append([f"{shape[0]} x {shape[1]}", name, *cells, f"{found[0].gigabytes:.1f} ({share:.0%})"])
    head = ["weight", "kind", *(f"M = {count}" for count in rows), f"GB/s at M = {rows[0]}"]
    return markdown_table(head, lines)


def main() -> None:
    """Measure, write the result, print the table."""
    import torch

    options = _options()
    torch.set_num_threads(options.threads)
    shapes = [shape for size in options.sizes for shape in SHAPES[size]]
    measured = [one for shape in shapes for one in measure(shape, options.rows, options)]
    memory = statistics.median(one.gigabytes for one in measured if one.name == READING)
    print(table(measured))
    print(f"\nGFLOP/s, in brackets times {PEER}; GB/s, in brackets the share of what reading alone gets")
    print(f"reading alone: {memory:.1f} GB/s with {options.threads} threads, the median")
    body = {
        "threads": options.threads,
        "memory_gigabytes_a_second": round(memory, 1),
        "products": [one.row() for one in measured if one.name != READING],
    }
    if not options.no_result:
        print(write_result("matmul", QUESTION, body))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=tuple(SHAPES), default=list(SHAPES), help="models whose shapes")
    parser.add_argument("--rows", nargs="+", type=int, default=list(ROWS), help="rows of activations")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--rounds", type=int, default=5, help="rounds whose median counts")
    parser.add_argument("--megabytes", type=int, default=128, help="copies of a weight together, to exceed the caches")
    parser.add_argument("--no-result", action="store_true", help="print only")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
