"""How many answers a second does GRPO or PPO draw and learn from, against TRL's trainer with transformers' generation?

    python -m benchmarks.grpo_throughput
    python -m benchmarks.grpo_throughput --method ppo --trl-python PYTHON

Both have the same weights (drawn at random, so that answers seldom end before the longest), tokenizer, questions and
reward (the share of vowels), as many answers a step, and AdamW. TRL plays with its default settings, and tuned: no
recomputing of layers. Ours plays as it is and with rollouts one step ahead, and tells what share of the engine's own
speed, with all prompts known beforehand, its rollouts have: the two by turns. --trl-python names the Python of an
environment that has TRL, where ours has not; PPO went out of TRL after 1.9.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, play
from benchmarks.fresh_model import fresh_model, fresh_tokenizer
from benchmarks.rates import Outcomes, rate_table, rates, report, verdicts
from benchmarks.result import RESULTS, exit_with
from benchmarks.shape import SIZES
from samovar.tasks.registry import load_task

QUESTION = "Answers a second of {}, drawn and learnt from"
OURS, AHEAD, DEFAULT, TUNED = "samovar", "samovar, one ahead", "TRL default", "TRL tuned"
TARGETS = {DEFAULT: 3.0, TUNED: 3.0}
"""How many times as fast ours is to be."""
OFFLINE = 0.8
"""What share of the engine's own speed rollouts are to have."""
MEASURE = "answers_per_second"


def prepare(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Write questions, a tokenizer trained on them and fresh weights to ``folder``; gives the contestants' job."""
    import torch

    from samovar.core.devices import training_dtype

    examples = list(load_task("arithmetic").examples("train", 4_000))
    texts = [message.content for one in examples for message in (*one.prompt, *one.reference)]
    tokenizer = fresh_tokenizer(folder, texts, vocab_size=options.vocab_size)
    rows = [{"prompt": [{"role": m.role, "content": m.content} for m in one.prompt]} for one in examples[:1_000]]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    shape = SIZES[options.size].shape(context=options.context, vocab_size=tokenizer.vocab_size)
    return {
        "model": fresh_model(folder, shape),
        "questions": str(folder / "questions.jsonl"),
        "parameters": shape.num_parameters,
        "context": options.context,
        "micro_batch_tokens": options.micro_batch_tokens,
        "method": options.method,
        "ahead": 0,
        "compile": not options.eager,
        "epochs": 2,
        "minibatches": 4,
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


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    length = "tokens an answer", lambda one: f"{one['answer_tokens']:.0f}"
    return rate_table(summary, MEASURE, unit="answers/s", cell=length)


def share_of_offline(outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    """The verdict on our rollouts beside the engine alone; nothing where ours did not play."""
    shares = [one["share_of_offline"] for one in outcomes.get(OURS, ())]
    if not shares:
        return {}
    measured = round(statistics.median(shares), 3)
    return {"rollouts, of the engine's speed": {"measured": measured, "target": OFFLINE, "is_met": measured >= OFFLINE}}


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    python = options.trl_python or sys.executable
    with TemporaryDirectory() as folder:
        job = prepare(Path(folder), options)
        tuned = {"gradient_checkpointing": False}
        peer = f"trl_{options.method}"
        everyone = [
            Contestant(OURS, "samovar_grpo", job),
            Contestant(AHEAD, "samovar_grpo", {**job, "ahead": 1}),
            Contestant(DEFAULT, peer, {**job, "settings": {}}, python=python),
            Contestant(TUNED, peer, {**job, "settings": tuned}, python=python),
        ]
        playing = [one for one in everyone if one.label == OURS or one.label not in options.without]
        outcomes = play(playing, rounds=options.rounds, threads=options.threads, measure=MEASURE)
    summary = rates(outcomes, MEASURE, ours=OURS, kept=("answer_tokens",))
    found = verdicts(summary, TARGETS) | share_of_offline(outcomes)
    report(
        f"{options.method}_throughput", QUESTION.format(options.method.upper()), job=job, hidden=("model", "questions"),
        summary=summary, found=found, outcomes=outcomes, shown=table(summary), folder=options.out,
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=("grpo", "ppo"), default="grpo")
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
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
