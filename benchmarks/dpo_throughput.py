"""How many pairs a second does Samovar's DPO learn from, against TRL's DPOTrainer?

    python -m benchmarks.dpo_throughput --kind tasks

All train the same weights (as many as --size says, drawn at random) with the same tokenizer on the same pairs. TRL
plays with its default settings, and tuned: no recomputing of layers, the reference computed beforehand and counted as
free, and the faster of two batch sizes. Samovar's numbers have its reference in them: a pair's share of one pass.
--trl-python names the Python of an environment that has TRL, where ours has not.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, play, say
from benchmarks.documents import DATA
from benchmarks.fresh_model import fresh_model, fresh_tokenizer
from benchmarks.preferences import KINDS, as_row, take_pairs
from benchmarks.rates import rate_table, rates, report, verdicts
from benchmarks.result import RESULTS, exit_with
from benchmarks.shape import SIZES
from samovar.chat.preferences import Pair, answered
from samovar.chat.rows import render_rows

QUESTION = "Pairs of answers a second of direct preference optimisation"
OURS, DEFAULT, TUNED = "samovar", "TRL default", "TRL tuned"
TARGETS = {DEFAULT: 2.0, TUNED: 2.0}
"""How many times as fast ours is to be."""
MEASURE = "pairs_per_second"


def contestants(job: Mapping[str, Any], options: argparse.Namespace) -> list[Contestant]:
    """Those that are present and wanted, in the order of a round."""
    everyone = [Contestant(OURS, "samovar_dpo", job)]
    absent = [name for name in ("trl", "transformers", "accelerate") if importlib.util.find_spec(name) is None]
    if absent and options.trl_python is None:
        say(f"TRL is left out: {' and '.join(absent)} not installed (pip install -e '.[bench]', or --trl-python)")
    else:
        python = options.trl_python or sys.executable
        tuned = {"gradient_checkpointing": False, "precompute_ref_log_probs": True, "bf16": job["bfloat16"]}
        everyone.append(Contestant(DEFAULT, "trl_dpo", {**job, "settings": {}}, python=python))
        everyone += [
            Contestant(
                f"{TUNED}, {size} pairs", "trl_dpo",
                {**job, "settings": tuned | {"per_device_train_batch_size": size}}, TUNED, python,
            )
            for size in options.trl_pairs
        ]  # fmt: skip
    return [one for one in everyone if not any(one.label.startswith(word) for word in options.without)]


def prepare(folder: Path, pairs: Sequence[Pair], options: argparse.Namespace) -> dict[str, Any]:
    """Write pairs, a tokenizer trained on them and fresh weights to ``folder``; gives the contestants' job."""
    import torch

    from samovar.core.devices import training_dtype
    from samovar.train.preference_check import check_preferences

    texts = (one.content for pair in pairs for part in (pair.prompt, pair.chosen, pair.rejected) for one in part)
    tokenizer = fresh_tokenizer(folder, texts, vocab_size=options.vocab_size)
    # One that does not fit into a row is left out by ours and cut by TRL: it would not be the same work.
    sound = [one for one in check_preferences(pairs, (Pair,)).kept if isinstance(one, Pair)]
    lengths = [
        [len(row.ids) for row in render_rows((answered(one.prompt, answer) for answer in one[1:3]), tokenizer)]
        for one in sound
    ]
    kept = [one for one, both in zip(sound, lengths, strict=True) if sum(both) <= options.context]
    rows = (json.dumps(as_row(one), ensure_ascii=False) + "\n" for one in kept)
    (folder / "pairs.jsonl").write_text("".join(rows), encoding="utf-8")
    shape = SIZES[options.size].shape(context=options.context, vocab_size=tokenizer.vocab_size)
    return {
        "model": fresh_model(folder, shape),
        "pairs": str(folder / "pairs.jsonl"),
        "num_pairs": len(kept),
        "parameters": shape.num_parameters,
        "context": options.context,
        "batch_tokens": options.batch_tokens,
        "micro_batch_tokens": options.micro_batch_tokens,
        "beta": 0.1,
        "learning_rate": 1e-5,
        "steps": options.steps,
        "peer_steps": options.peer_steps,
        "seconds": options.seconds,
        "warmup_steps": options.warmup_steps,
        "threads": options.threads,
        "compile": not options.eager,
        "bfloat16": training_dtype(torch.device("cpu")) == torch.bfloat16,
    }


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians."""
    return rates(outcomes, MEASURE, ours=OURS, kept=("first_loss", "last_loss"))


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    loss = "loss", lambda one: f"{one['first_loss']:.3f} to {one['last_loss']:.3f}"
    return rate_table(summary, MEASURE, unit="pairs/s", cell=loss)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    pairs = take_pairs(options.kind, options.pairs, data=options.data)
    with TemporaryDirectory() as folder:
        job = prepare(Path(folder), pairs, options)
        outcomes = play(contestants(job, options), rounds=options.rounds, threads=options.threads, measure=MEASURE)
    summary = summarize(outcomes)
    report(
        f"dpo_throughput_{options.kind}", QUESTION, job=job, hidden=("model", "pairs"), summary=summary,
        found=verdicts(summary, TARGETS), outcomes=outcomes, shown=table(summary), folder=options.out,
        more={"kind_of_pairs": options.kind},
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="tasks", help="of pairs")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets (SAMOVAR_DATA)")
    parser.add_argument("--pairs", type=int, default=1_000, help="how many")
    parser.add_argument("--size", choices=list(SIZES), default="10M", help="parameters; tiny only shows that it runs")
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--context", type=int, default=512, help="tokens of a row of ours")
    parser.add_argument("--batch-tokens", type=int, default=4_096, help="tokens of a step of ours")
    parser.add_argument("--micro-batch-tokens", type=int, default=4_096)
    parser.add_argument("--trl-pairs", type=int, nargs="+", default=[8, 32], help="pairs of a step of TRL's, tuned")
    parser.add_argument("--steps", type=int, default=12, help="of ours")
    parser.add_argument("--peer-steps", type=int, default=15, help="of TRL, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="that TRL's steps may take")
    parser.add_argument("--warmup-steps", type=int, default=3, help="steps that do not count; the first compiles")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trl-python", help="Python of an environment that has TRL")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
