"""How near is the forecast of a training step's memory to what the process really comes to hold?

    python -m benchmarks.memory_forecast

Each case trains for a few steps in a fresh process; what is compared is the growth of its resident memory above what it
held before the model was made, at its peak, with the formula of samovar/train/memory_model.py (docs/memory.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.contest import Contestant, play, say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from benchmarks.shape import smollm2_135m, ten_million, thirty_million, tiny
from samovar.core.devices import training_dtype
from samovar.model.settings import DecoderSettings
from samovar.train.memory_model import (
    HEAP_FACTORS,
    WORKING_BYTES,
    Adapter,
    TrainingMemory,
    training_memory,
)

QUESTION = "Forecast of peak memory in training against measured peaks, each shape in a fresh process"
ALLOWED = 0.15
"""Share by which a forecast may be off."""
MIB = 2**20


class Case(NamedTuple):
    """A run to measure."""

    label: str
    shape: DecoderSettings
    context: int
    micro_tokens: int
    batch_tokens: int
    optimizer: str = "muon"
    is_compiled: bool = False
    adapter_rank: int = 0
    target_share: float = 1.0
    """Of the tokens; less than one as in conversations, and then another in every row."""
    steps: int = 4


def six_million(context: int) -> DecoderSettings:
    """The quick start's shape."""
    return DecoderSettings(
        vocab_size=4096, hidden_size=256, intermediate_size=704, num_layers=6, num_heads=4, num_kv_heads=4,
        head_dim=64, max_positions=context,
    )  # fmt: skip


def cases(*, with_compiled: bool, with_large: bool) -> list[Case]:
    """From one to thirty million parameters, rows long and short, one and two micro-batches, both optimizers."""
    small = DecoderSettings(
        vocab_size=1024, hidden_size=128, intermediate_size=384, num_layers=4, num_heads=2, num_kv_heads=2,
        head_dim=64, max_positions=256,
    )  # fmt: skip
    grouped = DecoderSettings(
        vocab_size=8192, hidden_size=384, intermediate_size=1024, num_layers=10, num_heads=6, num_kv_heads=2,
        head_dim=64, max_positions=512,
    )  # fmt: skip
    ten, thirty = ten_million(context=256), thirty_million(context=256)
    found = [
        Case("1M", small, 256, 2048, 4096),
        Case("6M", six_million(512), 512, 4096, 4096),
        Case("6M, two micro-batches", six_million(512), 512, 4096, 8192),
        Case("6M, rows of 128", six_million(128), 128, 4096, 4096),
        Case("6M, rows of 2048", six_million(2048), 2048, 4096, 4096),
        Case("6M, conversations", six_million(512), 512, 4096, 4096, target_share=0.35, steps=25),
        Case("11M", ten, 256, 4096, 8192),
        Case("11M, AdamW", ten, 256, 4096, 4096, "adamw"),
        Case("18M, grouped heads", grouped, 512, 2048, 4096, steps=3),
        Case("30M", thirty, 256, 2048, 2048, steps=3),
        Case("30M, adapter of rank 16", thirty, 256, 4096, 4096, "adamw", adapter_rank=16, steps=3),
    ]
    if with_compiled:
        found += [
            Case("6M, compiled", six_million(512), 512, 4096, 4096, is_compiled=True),
            Case("11M, compiled", ten, 256, 4096, 8192, is_compiled=True),
        ]
    if with_large:
        found.append(Case("135M", smollm2_135m(context=256), 256, 1024, 1024, steps=2))
    return found


def forecast(case: Case) -> TrainingMemory:
    """By the formula, for this machine's type."""
    import torch

    return training_memory(
        case.shape,
        context=case.context,
        micro_batch_tokens=case.micro_tokens,
        batch_tokens=case.batch_tokens,
        optimizer="adamw" if case.optimizer == "adamw" else "muon",
        compute_bytes=training_dtype(torch.device("cpu")).itemsize,
        is_compiled=case.is_compiled,
        target_share=case.target_share,
        adapter=Adapter(case.adapter_rank) if case.adapter_rank else None,
    )


def contestant(case: Case, threads: int) -> Contestant:
    """The case as a job."""
    job = {
        "shape": case.shape.model_dump(mode="json"),
        "context": case.context,
        "micro_tokens": case.micro_tokens,
        "batch_tokens": case.batch_tokens,
        "optimizer": case.optimizer,
        "compile": case.is_compiled,
        "adapter_rank": case.adapter_rank,
        "target_share": case.target_share,
        "steps": case.steps,
        "threads": threads,
    }
    return Contestant(case.label, "samovar_memory", job)


def compare(case: Case, outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Forecast against the median of the rounds."""
    memory = forecast(case)
    measured = sorted(outcome["grown_bytes"] for outcome in outcomes)[len(outcomes) // 2]
    expected = memory.resident(process_bytes=0.0)
    return {
        "label": case.label,
        "parameters": case.shape.num_parameters,
        "case": case._asdict() | {"shape": case.shape.model_dump(mode="json", exclude_defaults=True)},
        "measured_bytes": measured,
        "forecast_bytes": round(expected),
        "in_use_bytes": round(memory.peak),
        "parts": {name: round(value) for name, value in memory.parts().items()},
        "forecast_over_measured": round(expected / measured, 3),
        "is_within": abs(expected / measured - 1) <= ALLOWED,
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The comparison for people."""
    cells = [
        [
            row["label"],
            f"{row['parameters'] / 1e6:.1f}M",
            f"{row['in_use_bytes'] / MIB:.0f} MiB",
            f"{row['forecast_bytes'] / MIB:.0f} MiB",
            f"{row['measured_bytes'] / MIB:.0f} MiB",
            f"{row['forecast_over_measured']:.2f}",
            "yes" if row["is_within"] else "NO",
        ]
        for row in rows
    ]
    head = ["run", "parameters", "in use, by formula", "forecast", "measured", "ratio", f"within {ALLOWED:.0%}"]
    return markdown_table(head, cells)


def main() -> None:
    """Measure, write the result, print the table."""
    options = _options()
    chosen = cases(with_compiled=not options.without_compiled, with_large=options.large)
    if options.smoke:
        chosen = [Case("tiny", tiny(context=32), 32, 128, 256, steps=2)]
    players = [contestant(case, options.threads) for case in chosen]
    outcomes = play(players, rounds=options.rounds, threads=options.threads, measure="grown_bytes")
    rows = [compare(case, outcomes[case.label]) for case in chosen]
    body = {
        "settings": {"threads": options.threads, "rounds": options.rounds, "allowed": ALLOWED},
        "constants": {
            "heap_factors": {who: factors._asdict() for who, factors in HEAP_FACTORS.items()},
            "working_bytes": WORKING_BYTES,
        },
        "rows": rows,
    }
    path = write_result("memory_forecast", QUESTION, body, folder=options.out)
    print(table(rows))
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="runs of each case")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--without-compiled", action="store_true", help="leave out the cases that compile")
    parser.add_argument("--large", action="store_true", help="135M parameters as well")
    parser.add_argument("--smoke", action="store_true", help="one tiny case, to see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
