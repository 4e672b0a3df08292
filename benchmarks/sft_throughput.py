"""How many target tokens a second does Samovar fine-tune, against TRL's SFTTrainer?

    python -m benchmarks.sft_throughput

A target is a token that the assistant says: the others are read, and nothing is learnt of them. All train the same
weights (as many as --size says, drawn at random) with the same tokenizer on the same short conversations. TRL plays
with its default settings, which pad each conversation of a batch to the longest, with packing, and with packing into
rows as long as ours; Samovar packs, and keeps the conversations of a row apart, as its recipe does.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, play, say
from benchmarks.conversations import take
from benchmarks.documents import DATA
from benchmarks.fresh_model import fresh_model, fresh_tokenizer
from benchmarks.rates import rate_table, rates, report, verdicts
from benchmarks.result import RESULTS, exit_with
from benchmarks.shape import SIZES
from samovar.chat.conversation import Conversation
from samovar.chat.rows import render_rows
from samovar.core.errors import DataError

QUESTION = "Target tokens a second of supervised fine-tuning on short conversations"
OURS, DEFAULT, PACKING = "samovar", "TRL default", "TRL packing"
TARGETS = {DEFAULT: 3.0, PACKING: 1.3}
"""How many times as fast ours is to be. Of the ways to pack, the faster counts."""
MEASURE = "target_tokens_per_second"


def contestants(job: Mapping[str, Any], options: argparse.Namespace) -> list[Contestant]:
    """Those that are present and wanted, in the order of a round."""
    everyone = [Contestant(OURS, "samovar_sft", job)]
    absent = [name for name in ("trl", "transformers", "accelerate") if importlib.util.find_spec(name) is None]
    if absent:
        say(f"TRL is left out: {' and '.join(absent)} not installed (pip install -e '.[bench]')")
    else:
        rows = {"packing": True, "max_length": job["context"], "per_device_train_batch_size": options.trl_rows}
        for label, settings in (
            (DEFAULT, {}),
            (PACKING, {"packing": True}),
            (f"{PACKING}, rows of {job['context']}", rows),
        ):
            everyone.append(Contestant(label, "trl_sft", {**job, "settings": settings}))
    return [one for one in everyone if not any(one.label.startswith(word) for word in options.without)]


def prepare(folder: Path, conversations: Sequence[Conversation], options: argparse.Namespace) -> dict[str, Any]:
    """Write conversations, a tokenizer trained on them and fresh weights to ``folder``; gives the contestants' job."""
    texts = (message.content for conversation in conversations for message in conversation.messages)
    tokenizer = fresh_tokenizer(folder, texts, vocab_size=options.vocab_size)
    # One that does not fit into a row is left out by ours and cut by TRL: it would not be the same work.
    rendered = zip(conversations, render_rows(conversations, tokenizer), strict=True)
    kept = [conversation for conversation, row in rendered if len(row.ids) <= options.context]
    with (folder / "conversations.jsonl").open("w", encoding="utf-8") as file:
        for one in kept:
            messages = [{"role": message.role, "content": message.content} for message in one.messages]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    size = SIZES[options.size]
    # TRL's default rows have 1,024 tokens.
    shape = size.shape(context=max(1024, options.context), vocab_size=tokenizer.vocab_size)
    return {
        "model": fresh_model(folder, shape),
        "conversations": str(folder / "conversations.jsonl"),
        "num_conversations": len(kept),
        "parameters": shape.num_parameters,
        "context": options.context,
        "batch_tokens": options.batch_tokens,
        "epochs": options.epochs,
        "seconds": options.seconds,
        "warmup_steps": options.warmup_steps,
        "threads": options.threads,
        "compile": not options.eager,
    }


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians.

    Raises:
        DataError: the contestants did not learn the same targets.
    """
    sets = {label: rounds[0]["targets_of_the_set"] for label, rounds in outcomes.items()}
    if len(set(sets.values())) > 1:
        raise DataError(f"the contestants count unlike targets in the same conversations: {sets}")
    kept = ("seconds_to_prepare", "first_step_seconds", "first_loss", "last_loss")
    return rates(outcomes, MEASURE, ours=OURS, kept=kept)


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""
    loss = "loss", lambda one: f"{one['first_loss']:.2f} to {one['last_loss']:.2f}"
    return rate_table(summary, MEASURE, unit="targets/s", cell=loss, digits=0)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    conversations = take(options.kind, options.conversations, data=options.data)
    with TemporaryDirectory() as folder:
        job = prepare(Path(folder), conversations, options)
        players = contestants(job, options)
        outcomes = play(players, rounds=options.rounds, threads=options.threads, measure=MEASURE)
    summary = summarize(outcomes)
    report(
        "sft_throughput", QUESTION, job=job, hidden=("model", "conversations"), summary=summary,
        found=verdicts(summary, TARGETS), outcomes=outcomes, shown=table(summary), folder=options.out,
        more={"kind_of_conversations": options.kind},
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("small_talk", "personas", "tasks"), default="small_talk", help="of what")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets (SAMOVAR_DATA)")
    parser.add_argument("--conversations", type=int, default=8_000, help="how many")
    parser.add_argument("--size", choices=list(SIZES), default="10M", help="parameters; tiny only shows that it runs")
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--context", type=int, default=256, help="tokens of a row of ours")
    parser.add_argument("--batch-tokens", type=int, default=16_384, help="tokens of a step of ours")
    parser.add_argument("--trl-rows", type=int, default=32, help="rows of a step where TRL packs into rows like ours")
    parser.add_argument("--epochs", type=int, default=1, help="how often ours goes through the conversations")
    parser.add_argument("--seconds", type=float, default=30.0, help="that TRL's steps are timed for")
    parser.add_argument("--warmup-steps", type=int, default=3, help="steps that do not count; the first compiles")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
