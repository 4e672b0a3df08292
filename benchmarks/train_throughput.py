"""How many tokens a second does Samovar train, against nanoGPT, Hugging Face's Trainer and nanochat?

    python -m benchmarks.train_throughput --nanogpt DIR --nanochat DIR --size 10M --roof

The folders are checkouts of github.com/karpathy/nanoGPT and github.com/karpathy/nanochat. All train about as many
parameters, with as many tokens a step, on the same tokens. nanoGPT and Trainer play twice: as they ship for a processor
(float32, not compiled), and tuned (compiled, in bfloat16 where the processor has it); nanochat compiles always, and
plays in float32 and in bfloat16. Tuned peers play the first round with micro-batches of two sizes, and go on with what
was faster. ``--roof`` measures what the linear maps alone would allow.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.rates import told
from benchmarks.result import RESULTS, commit, exit_with, markdown_table, write_result
from benchmarks.shape import SIZES

QUESTION = "Tokens a second of a training step"
TARGETS = {"tuned": 2.0, "default": 5.0}
"""How many times as fast ours is to be as the fastest of nanoGPT and Trainer, by how they are set up."""
TARGET_ROOF_SHARE = 0.6
OURS, ROOF = "samovar", "roof"
TUNED, DEFAULT = "tuned", "default"
TRAINER_DEFAULT_ROWS = 8
"""Rows of a micro-batch of which Trainer's settings say nothing."""


def contestants(options: argparse.Namespace) -> list[Contestant]:
    """Those that are present and wanted, in the order of a round."""
    job = job_of(options)
    ours = [
        Contestant(OURS, "samovar_train", job | {"optimizer": "adamw"}),
        Contestant(f"{OURS} muon", "samovar_train", job | {"optimizer": "muon"}),
        Contestant(f"{OURS} documents masked", "samovar_train", job | {"optimizer": "adamw", "document_mask": True}),
    ]
    everyone = ours + [one for peer in _peers(options) for one in _variants(peer, job, options)]
    if options.roof:
        everyone.append(Contestant(ROOF, "roof", job))
    kept = [one for one in everyone if not any(one.label.startswith(word) for word in options.without)]
    return [one for one in kept if options.masked or not one.job["document_mask"]]


def job_of(options: argparse.Namespace) -> dict[str, Any]:
    """What every contestant is given: ours as it is, the peers with changes."""
    from torch import bfloat16, device

    from samovar.core.devices import training_dtype

    size = SIZES[options.size]
    context = options.context or size.context
    step_tokens = options.step_tokens or size.step_tokens
    return {
        "shape": size.shape(context=context).model_dump(),
        "context": context,
        "step_tokens": step_tokens,
        "micro_tokens": min(options.micro_tokens or size.micro_tokens, step_tokens),
        "warmup_steps": options.warmup_steps,
        "timed_steps": options.timed_steps,
        "threads": options.threads,
        "compile": not options.eager,
        "bfloat16": training_dtype(device("cpu")) == bfloat16,
        "document_mask": False,
    }


def _peers(options: argparse.Namespace) -> Iterator[Contestant]:
    for name, folder, file, what in (
        ("nanoGPT", options.nanogpt, "model.py", "nanogpt"),
        ("nanochat", options.nanochat, "nanochat/gpt.py", "nanochat"),
    ):
        if folder is None:
            say(f"{name} is left out: name a checkout with --{what} DIR")
        elif not (folder / file).is_file():
            say(f"{name} is left out: {folder} has no {file}")
        else:
            yield Contestant(name, f"{what}_train", {what: str(folder.resolve())})
    absent = [name for name in ("transformers", "accelerate") if importlib.util.find_spec(name) is None]
    if absent:
        say(f"Trainer is left out: {' and '.join(absent)} not installed (pip install -e '.[bench]')")
    else:
        yield Contestant("Trainer", "trainer_train", {})


def _variants(peer: Contestant, job: Mapping[str, Any], options: argparse.Namespace) -> list[Contestant]:
    """The peer as it ships, and tuned with micro-batches of each size."""
    step_tokens, wanted = job["step_tokens"], options.peer_micro_tokens or SIZES[options.size].peer_micro_tokens
    sizes = sorted({min(size, step_tokens) for size in wanted})
    usual = TRAINER_DEFAULT_ROWS * job["context"] if peer.label == "Trainer" else sizes[0]
    as_shipped = {
        "bfloat16": False,
        "compile": job["compile"] and peer.label == "nanochat",
        "micro_tokens": min(usual, step_tokens),
    }
    label = f"{peer.label} {TUNED}"
    return [
        Contestant(f"{peer.label} {DEFAULT}", peer.module, {**job, **peer.job, **as_shipped}),
        *(
            Contestant(f"{label}, {size:,} tokens", peer.module, {**job, **peer.job, "micro_tokens": size}, label)
            for size in sizes
        ),
    ]


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians."""
    spreads = {label: Spread.of([one["tokens_per_second"] for one in rounds]) for label, rounds in outcomes.items()}
    ours, roof = spreads.get(OURS), spreads.get(ROOF)
    summary = {}
    for label, spread in spreads.items():
        rounds = outcomes[label]
        summary[label] = {
            "tokens_per_second": {name: round(value, 1) for name, value in spread._asdict().items()},
            "rounds": len(rounds),
            "peak_memory_bytes": max(one["peak_memory_bytes"] for one in rounds),
            "ours_is_times_as_fast": round(ours.median / spread.median, 3) if ours else None,
            "share_of_roof": round(spread.median / roof.median, 3) if roof else None,
        }
        if label != ROOF:
            summary[label] |= {
                name: rounds[0][name] for name in ("parameters", "tokens", "first_loss", "last_loss")
            } | {"first_step_seconds": max(one["first_step_seconds"] for one in rounds)}
    return summary


def verdicts(summary: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is to be shown, what was, and whether that is enough; only what the contestants that played can show."""
    found = {}
    for way, target in TARGETS.items():
        ratios = [
            one["ours_is_times_as_fast"]
            for label, one in summary.items()
            if label.startswith((f"nanoGPT {way}", f"Trainer {way}")) and one["ours_is_times_as_fast"] is not None
        ]
        if ratios:
            found[f"times the fastest of nanoGPT and Trainer, {way}"] = _verdict(min(ratios), target)
    if OURS in summary and ROOF in summary:
        found["share of the roof"] = _verdict(summary[OURS]["share_of_roof"], TARGET_ROOF_SHARE)
    return found


def _verdict(measured: float, target: float) -> dict[str, Any]:
    return {"measured": measured, "target": target, "is_met": measured >= target}


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    rows = []
    for label, one in summary.items():
        speed, ratio, share = one["tokens_per_second"], one["ours_is_times_as_fast"], one["share_of_roof"]
        rows.append(
            [
                label,
                f"{speed['median']:,.0f}",
                f"{speed['low']:,.0f} to {speed['high']:,.0f}",
                str(one["rounds"]),
                f"{one['parameters'] / 1e6:.2f} M" if "parameters" in one else "",
                f"{one['first_loss']:.2f} to {one['last_loss']:.2f}" if "last_loss" in one else "",
                f"{one['peak_memory_bytes'] / 2**30:.1f} GiB",
                f"{share:.0%}" if share else "",
                f"{ratio:.2f}" if ratio else "",
            ]
        )
    header = ["contestant", "tokens/s", "range", "rounds", "parameters", "loss", "memory", "of the roof"]
    return markdown_table([*header, "samovar is times as fast"], rows)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    players = contestants(options)
    outcomes = play(players, rounds=options.rounds, threads=options.threads, measure="tokens_per_second")
    summary = summarize(outcomes)
    found = verdicts(summary)
    body = {
        "size": options.size,
        "settings": job_of(options),
        "commits": {
            name: commit(folder)
            for name, folder in (("nanoGPT", options.nanogpt), ("nanochat", options.nanochat))
            if folder is not None
        },
        "verdicts": found,
        "summary": summary,
        "rounds": outcomes,
    }
    path = write_result(f"train_throughput_{options.size.lower()}", QUESTION, body, folder=options.out)
    print(table(summary))
    print(told(found))
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of github.com/karpathy/nanoGPT")
    parser.add_argument("--nanochat", type=Path, help="a checkout of github.com/karpathy/nanochat")
    parser.add_argument("--size", choices=list(SIZES), default="10M", help="parameters; tiny only shows that it runs")
    parser.add_argument("--roof", action="store_true", help="also measure what the linear maps alone would allow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup-steps", type=int, default=2, help="steps that do not count; the first compiles")
    parser.add_argument("--timed-steps", type=int, default=4)
    parser.add_argument("--context", type=int, help="tokens of a row")
    parser.add_argument("--step-tokens", type=int, help="tokens of an optimizer step")
    parser.add_argument("--micro-tokens", type=int, help="tokens of Samovar's micro-batch")
    parser.add_argument("--peer-micro-tokens", type=int, nargs="+", help="tokens of the tuned peers' micro-batch")
    parser.add_argument("--masked", action="store_true", help="also ours with rows of several documents, kept apart")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
