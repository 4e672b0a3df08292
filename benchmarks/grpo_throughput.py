"""How many answers a second does GRPO draw and learn from, against TRL's GRPOTrainer with transformers' generation?

    python -m benchmarks.grpo_throughput

Both have the same weights (drawn at random, so that answers seldom end before the longest), tokenizer, questions and
reward (the share of vowels), as many answers a step, and AdamW. TRL plays with its default settings, and tuned: no
recomputing of layers. --trl-python names the Python of an environment that has TRL, where ours has not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from benchmarks.shape import SIZES
from samovar.tasks.registry import load_task

QUESTION = "Answers a second of GRPO, drawn and learnt from"
OURS, DEFAULT, TUNED = "samovar", "TRL default", "TRL tuned"
TARGET = 3.0
"""How many times as fast ours is to be."""
MEASURE = "answers_per_second"


def prepare(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Write questions, a tokenizer trained on them and fresh weights to ``folder``; gives the contestants' job."""
    import torch

    from samovar.core.devices import training_dtype
    from samovar.model.checkpoint import save_model
    from samovar.model.decoder import Decoder
    from samovar.model.initialization import initialize
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    examples = list(load_task("arithmetic").examples("train", 4_000))
    texts = [message.content for one in examples for message in (*one.prompt, *one.reference)]
    tokenizer = train_tokenizer(texts, TokenizerSettings(vocab_size=options.vocab_size))
    tokenizer.save(folder / "tokenizer")
    rows = [{"prompt": [{"role": m.role, "content": m.content} for m in one.prompt]} for one in examples[:1_000]]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    shape = SIZES[options.size].shape(context=options.context, vocab_size=tokenizer.vocab_size)
    model = Decoder(shape)
    initialize(model, 0)
    save_model(model, folder / "model", tokenizer_folder=folder / "tokenizer", dtype=torch.float32)
    return {
        "model": str(folder / "model"),
        "questions": str(folder / "questions.jsonl"),
        "parameters": shape.num_parameters,
        "context": options.context,
        "micro_batch_tokens": options.micro_batch_tokens,
        "prompts": options.prompts,
        "answers": options.answers,
        "max_tokens": options.max_tokens,
        "learning_rate": 1e-5,
        "steps": options.steps,
        "peer_steps": options.peer_steps,
        "seconds": options.seconds,
        "warmup_steps": options.warmup_steps,
        "threads": options.threads,
        "bfloat16": training_dtype(torch.device("cpu")) == torch.bfloat16,
    }


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians."""
    spreads = {label: Spread.of([one[MEASURE] for one in rounds]) for label, rounds in outcomes.items()}
    ours = spreads[OURS]
    return {
        label: {
            MEASURE: {name: round(value, 2) for name, value in spread._asdict().items()},
            "rounds": len(outcomes[label]),
            "answer_tokens": round(outcomes[label][0]["answer_tokens"], 1),
            "peak_memory_bytes": max(one["peak_memory_bytes"] for one in outcomes[label]),
            "ours_is_times_as_fast": round(ours.median / spread.median, 3),
        }
        for label, spread in spreads.items()
    }


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    rows = [
        [
            label,
            f"{one[MEASURE]['median']:,.1f}",
            f"{one[MEASURE]['low']:,.1f} to {one[MEASURE]['high']:,.1f}",
            str(one["rounds"]),
            f"{one['answer_tokens']:.0f}",
            f"{one['peak_memory_bytes'] / 2**30:.1f} GiB",
            f"{one['ours_is_times_as_fast']:.2f}",
        ]
        for label, one in summary.items()
    ]
    headings = ["contestant", "answers/s", "range", "rounds", "tokens an answer", "memory", "samovar is times as fast"]
    return markdown_table(headings, rows)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    python = options.trl_python or sys.executable
    with TemporaryDirectory() as folder:
        job = prepare(Path(folder), options)
        tuned = {"gradient_checkpointing": False}
        everyone = [
            Contestant(OURS, "samovar_grpo", job),
            Contestant(DEFAULT, "trl_grpo", {**job, "settings": {}}, python=python),
            Contestant(TUNED, "trl_grpo", {**job, "settings": tuned}, python=python),
        ]
        playing = [one for one in everyone if one.label == OURS or one.label not in options.without]
        outcomes = play(playing, rounds=options.rounds, threads=options.threads, measure=MEASURE)
    summary = summarize(outcomes)
    measured = min((one["ours_is_times_as_fast"] for label, one in summary.items() if label != OURS), default=None)
    found = (
        {}
        if measured is None
        else {"times TRL": {"measured": measured, "target": TARGET, "is_met": measured >= TARGET}}
    )
    settings = {name: value for name, value in job.items() if name not in ("model", "questions")}
    body = {"settings": settings, "verdicts": found, "summary": summary, "rounds": outcomes}
    path = write_result("grpo_throughput", QUESTION, body, folder=options.out)
    print(table(summary))
    for what, one in found.items():
        print(f"{what}: {one['measured']:.2f} (target {one['target']:g}{'' if one['is_met'] else ', NOT met'})")
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="10M", help="parameters; tiny only shows that it runs")
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--context", type=int, default=512, help="tokens of a row of ours, and of the model")
    parser.add_argument("--prompts", type=int, default=8, help="of a step")
    parser.add_argument("--answers", type=int, default=8, help="to each")
    parser.add_argument("--max-tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--micro-batch-tokens", type=int, default=4_096)
    parser.add_argument("--steps", type=int, default=5, help="of ours")
    parser.add_argument("--peer-steps", type=int, default=4, help="of TRL, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="that TRL's steps may take")
    parser.add_argument("--warmup-steps", type=int, default=1, help="steps that do not count")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trl-python", help="Python of an environment that has TRL")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
