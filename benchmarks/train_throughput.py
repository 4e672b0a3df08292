"""How many tokens a second does Samovar train, against nanoGPT's loop and Hugging Face's Trainer?

    python -m benchmarks.train_throughput --nanogpt DIR

DIR is a checkout of github.com/karpathy/nanoGPT. All train about eleven million parameters (width 320, 8 layers, 5
heads, context 256, vocabulary 4,096) with 16,384 tokens a step, compiled, in bfloat16 where the processor has it, with
AdamW, on the same random tokens: throughput does not depend on what they are. The peers play the first round with
micro-batches of 4,096 and of 8,192 tokens, and go on with what was faster.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.result import RESULTS, commit, exit_with, markdown_table, write_result
from benchmarks.shape import ten_million, tiny

QUESTION = "Tokens a second of a training step at about eleven million parameters"
TARGET_RATIO = 1.4
OURS = "samovar"


def contestants(options: argparse.Namespace) -> list[Contestant]:
    """Those that are present and wanted, in the order of a round."""
    job = _job(options)
    ours = [
        Contestant(OURS, "samovar_train", job | {"optimizer": "adamw"}),
        Contestant(f"{OURS} muon", "samovar_train", job | {"optimizer": "muon"}),
        Contestant(f"{OURS} documents masked", "samovar_train", job | {"optimizer": "adamw", "document_mask": True}),
    ]
    everyone = ours + [one for peer in _peers(options) for one in _variants(peer, job, options)]
    kept = [one for one in everyone if not any(one.label.startswith(word) for word in options.without)]
    return [one for one in kept if options.masked or not one.job["document_mask"]]


def _job(options: argparse.Namespace) -> dict[str, Any]:
    from torch import bfloat16, device

    from samovar.core.devices import training_dtype

    shape = (tiny if options.smoke else ten_million)(context=options.context)
    return {
        "shape": shape.model_dump(),
        "context": options.context,
        "step_tokens": options.step_tokens,
        "micro_tokens": min(options.micro_tokens, options.step_tokens),
        "warmup_steps": options.warmup_steps,
        "timed_steps": options.timed_steps,
        "threads": options.threads,
        "compile": not options.eager,
        "bfloat16": training_dtype(device("cpu")) == bfloat16,
        "document_mask": False,
    }


def _peers(options: argparse.Namespace) -> list[Contestant]:
    peers = []
    if options.nanogpt is None:
        say("nanoGPT is left out: name a checkout with --nanogpt DIR")
    elif not (options.nanogpt / "model.py").is_file():
        say(f"nanoGPT is left out: {options.nanogpt} has no model.py")
    else:
        peers.append(Contestant("nanoGPT", "nanogpt_train", {"nanogpt": str(options.nanogpt.resolve())}))
    absent = [name for name in ("transformers", "accelerate") if importlib.util.find_spec(name) is None]
    if absent:
        say(f"Trainer is left out: {' and '.join(absent)} not installed (pip install -e '.[bench]')")
    else:
        peers.append(Contestant("Trainer", "trainer_train", {}))
    return peers


def _variants(peer: Contestant, job: Mapping[str, Any], options: argparse.Namespace) -> list[Contestant]:
    """The peer with micro-batches of each size."""
    sizes = sorted({min(size, options.step_tokens) for size in options.peer_micro_tokens})
    return [
        Contestant(f"{peer.label}, {size:,} tokens", peer.module, {**job, **peer.job, "micro_tokens": size}, peer.label)
        for size in sizes
    ]


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians."""
    spreads = {label: Spread.of([one["tokens_per_second"] for one in rounds]) for label, rounds in outcomes.items()}
    ours = spreads.get(OURS)
    return {
        label: {
            "tokens_per_second": {name: round(value, 1) for name, value in spread._asdict().items()},
            "rounds": len(outcomes[label]),
            "parameters": outcomes[label][0]["parameters"],
            "peak_memory_bytes": max(one["peak_memory_bytes"] for one in outcomes[label]),
            "ours_is_times_as_fast": round(ours.median / spread.median, 3) if ours else None,
        }
        for label, spread in spreads.items()
    }


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    rows = []
    for label, one in summary.items():
        speed, ratio = one["tokens_per_second"], one["ours_is_times_as_fast"]
        rows.append(
            [
                label,
                f"{speed['median']:,.0f}",
                f"{speed['low']:,.0f} to {speed['high']:,.0f}",
                str(one["rounds"]),
                f"{one['parameters'] / 1e6:.2f} M",
                f"{one['peak_memory_bytes'] / 2**30:.1f} GiB",
                f"{ratio:.2f}" if ratio else "",
            ]
        )
    return markdown_table(
        ["contestant", "tokens/s", "range", "rounds", "parameters", "memory", "samovar is times as fast"], rows
    )


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    players = contestants(options)
    outcomes = play(players, rounds=options.rounds, threads=options.threads, measure="tokens_per_second")
    summary = summarize(outcomes)
    body = {
        "target": f"{OURS} at least {TARGET_RATIO} times as fast as each peer",
        "settings": _job(options),
        "nanogpt_commit": commit(options.nanogpt) if options.nanogpt else None,
        "summary": summary,
        "rounds": outcomes,
    }
    path = write_result("train_throughput", QUESTION, body, folder=options.out)
    print(table(summary))
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of github.com/karpathy/nanoGPT")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup-steps", type=int, default=2, help="steps that do not count; the first compiles")
    parser.add_argument("--timed-steps", type=int, default=6)
    parser.add_argument("--context", type=int, default=256, help="tokens of a row")
    parser.add_argument("--step-tokens", type=int, default=16_384, help="tokens of an optimizer step")
    parser.add_argument("--micro-tokens", type=int, default=8_192, help="tokens of Samovar's micro-batch")
    parser.add_argument("--peer-micro-tokens", type=int, nargs="+", default=[4_096, 8_192])
    parser.add_argument("--masked", action="store_true", help="also ours with rows of several documents, kept apart")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--smoke", action="store_true", help="a tiny shape, to see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
