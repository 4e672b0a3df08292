"""Does a model pass its teacher where answers can be checked? More fine-tuning against learning from its own answers.

    python -m benchmarks.self_improvement

A small model is fine-tuned on sums of numbers up to 5 and stories with two or three asked-for words, with few a little
harder ones among them, and then goes on in three ways at equal processor time: more fine-tuning on the same rows (as
long as the others take, and a quarter as long, in case that is better), expert iteration, and GRPO. The last two are
given questions and graders, and no answers, and their drawing and checking counts as their training does. All are then
asked other, held-out questions that are harder: sums with a 7, 8 or 9, which one row in 67 had, and stories with six to
eight words, which no row had.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.contest import say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.core.files import read_json, write_json
from samovar.tasks.registry import load_task
from samovar.tasks.task import Task

QUESTION = "Accuracy on held-out harder questions after more fine-tuning, expert iteration and GRPO, at equal compute"
TAUGHT = {"long_sums@2-5": 0.34, "more_words@2-3": 0.54, "long_sums@6-9": 0.02, "more_words@4-5": 0.1}
"""What the rows are of, and their shares."""
ASKED = ("long_sums@5-9", "more_words@4-8")
"""Whose questions of the train split are asked in learning."""
HARDER, TAUGHT_BEFORE = ("long_sums@7-9", "more_words@6-8"), ("long_sums@2-5", "more_words@2-3")
"""Whose questions of the test split are asked in the end."""
HARDEST = 0.05
"""Success below which a kind of question is asked rarely: a level that nobody has taught begins at next to nothing."""
START, MORE, SHORT, EXPERT, GRPO = "fine-tuned", "more fine-tuning", "a quarter as much", "expert iteration", "GRPO"
EXAM_SEED = 77
"""Of the questions asked in the end, which no way of learning has met."""


class Way(NamedTuple):
    """What a way of going on came to."""

    folder: Path
    processor_seconds: float
    told: Mapping[str, Any]
    """What the run itself says."""


def tasks(names: tuple[str, ...], *, seed: int) -> dict[str, Task]:
    """In English."""
    return {name: load_task(name, languages=("en",), seed=seed) for name in names}


def prepare(folder: Path, options: argparse.Namespace) -> None:
    """Write the rows, a tokenizer trained on them, and fresh weights."""
    from samovar.model.checkpoint import save_model
    from samovar.model.decoder import Decoder
    from samovar.model.initialization import initialize
    from samovar.model.settings import DecoderSettings
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    made = tasks(tuple(TAUGHT), seed=1)
    drawn = (made[name].examples("train", round(options.rows * share)) for name, share in TAUGHT.items())
    examples = list(chain.from_iterable(drawn))
    random.Random(0).shuffle(examples)
    lines = (json.dumps(one.conversation().to_openai(), ensure_ascii=False) + "\n" for one in examples)
    (folder / "rows.jsonl").write_text("".join(lines), encoding="utf-8")
    texts = [message.content for one in examples for message in (*one.prompt, *one.reference)]
    tokenizer = train_tokenizer(texts, TokenizerSettings(vocab_size=512))
    tokenizer.save(folder / "tokenizer")
    width = options.width
    shape = DecoderSettings(
        vocab_size=tokenizer.vocab_size, hidden_size=width, intermediate_size=3 * width, num_layers=options.layers,
        num_heads=width // 32, num_kv_heads=width // 32, head_dim=32, max_positions=256,
    )  # fmt: skip
    model = Decoder(shape)
    initialize(model, 0, sketches_induction=True)
    save_model(model, folder / "fresh", tokenizer_folder=folder / "tokenizer")


def fine_tune(root: Path, name: str, base: Path, tokens: int) -> Way:
    """On the rows, over so many tokens."""
    from samovar.train.settings import SftSettings
    from samovar.train.sft import sft

    settings = SftSettings(
        tokens=tokens, batch_tokens=512, micro_batch_tokens=512, context=256, conversations_share=1.0,
        max_epochs=1e6, compile="off", validations=1,
    )  # fmt: skip
    return _timed(
        root / name, lambda out: sft(settings, base=base, out=out, tasks={}, conversations=[root / "rows.jsonl"])
    )


def improve_itself(root: Path, base: Path, options: argparse.Namespace) -> Way:
    """By expert iteration, a share of the rows learnt again."""
    from samovar.agent.habits import Habits
    from samovar.train.improve import Old, improve
    from samovar.train.improve_settings import ImproveSettings

    settings = ImproveSettings(
        iterations=options.iterations, questions=options.questions, answers=4, max_tokens=128, context=256,
        begins_with="last", keeps_earlier=True, remember=0.5, epochs=options.epochs, kept=2, held_out=options.look,
        learning_rate=0.01, adamw_learning_rate=0.002, hardest=HARDEST, batch_tokens=512, micro_batch_tokens=512,
        compile="off",
    )  # fmt: skip
    return _timed(
        root / "improve",
        lambda out: improve(
            settings, base=base, out=out, tasks=tasks(ASKED, seed=2), shares={}, habits=Habits(tools=()),
            old=Old({}, {}, [root / "rows.jsonl"]),
        ),
    )  # fmt: skip


def learn_by_reward(root: Path, name: str, base: Path, options: argparse.Namespace, *, iterations: int) -> Way:
    """By GRPO."""
    from samovar.agent.habits import Habits
    from samovar.train.rl.reinforce import reinforce
    from samovar.train.rl.settings import GrpoSettings

    settings = GrpoSettings(
        iterations=iterations, prompts=16, answers=8, max_tokens=128, context=256, held_out=options.look,
        hardest=HARDEST, learning_rate=options.grpo_rate, adamw_learning_rate=options.grpo_rate, validations=1,
        micro_batch_tokens=4096, compile="off",
    )  # fmt: skip
    return _timed(
        root / name,
        lambda out: reinforce(
            settings, base=base, out=out, tasks=tasks(ASKED, seed=2), shares={}, habits=Habits(tools=())
        ),
    )


def _timed(out: Path, run: Callable[[Path], dict[str, Any]]) -> Way:
    """Go a way, unless an earlier run with the same --keep has."""
    facts = out / "way.json"
    if not facts.is_file():
        if out.exists():  # an interrupted one is begun anew, as nobody knows what it had taken
            shutil.rmtree(out)
        out.mkdir()
        began = time.process_time()
        told = run(out)
        write_json(facts, {"processor_seconds": time.process_time() - began, "told": told})
    found = read_json(facts)
    return Way(out, found["processor_seconds"], found["told"])


def examine(folder: Path, names: tuple[str, ...], count: int) -> dict[str, dict[str, Any]]:
    """By task, and of all of them together: right answers, greedily drawn, and the interval of 95 %."""
    import torch

    from samovar.agent.habits import Habits
    from samovar.evals.intervals import wilson
    from samovar.model.checkpoint import load_model
    from samovar.tokenizer.tokenizer import Tokenizer
    from samovar.train.rl.curriculum import held_out
    from samovar.train.rl.rollouts import Player, graded_by, rewarded

    asked = tasks(names, seed=EXAM_SEED)
    player = Player(load_model(folder, dtype=torch.float32), Tokenizer.load(folder), Habits(tools=()), max_tokens=128)
    groups = rewarded(player.play(held_out(asked, count), temperature=0.0), graded_by(asked))
    right: dict[str, list[bool]] = {name: [] for name in names}
    for (one,) in groups:
        right[one.example.task].append(one.reward >= 1.0)
    right["all"] = [each for name in names for each in right[name]]
    found = {}
    for name, each in right.items():
        low, high = wilson(sum(each), len(each))
        share = sum(each) / len(each)
        found[name] = {"share": round(share, 4), "low": round(low, 4), "high": round(high, 4), "count": len(each)}
    return found


def success_asked(folder: Path) -> dict[str, float]:
    """Of the questions that were asked in learning, the share answered rightly: over all iterations; none, of rows."""
    found = [json.loads(line).get("success") for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    rates = [rate for rate in found if rate is not None]
    if not rates:
        return {}
    within = sum(0.2 <= rate <= 0.8 for rate in rates) / len(rates)
    return {
        "lowest": round(min(rates), 3),
        "highest": round(max(rates), 3),
        "iterations_within_20_80": round(within, 3),
    }


def table(outcome: Mapping[str, Mapping[str, Any]]) -> str:
    """For people."""

    def cell(one: Mapping[str, Any]) -> str:
        return f"{one['share']:.1%} ({one['low']:.0%} to {one['high']:.0%})"

    header = ["", "processor seconds", *HARDER, "both, harder", "as taught"]
    rows = [
        [name, f"{one['processor_seconds']:.0f}", *(cell(one["harder"][task]) for task in HARDER),
         cell(one["harder"]["all"]), cell(one["taught"]["all"])]
        for name, one in outcome.items()
    ]  # fmt: skip
    return markdown_table(header, rows)


def main() -> None:
    """Teach, go on in three ways, examine; write the result, print the table."""
    import torch

    options = _options()
    torch.set_num_threads(options.threads)
    with TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "fresh").is_dir():
            prepare(root, options)
        ways = {START: fine_tune(root, "start", root / "fresh", options.tokens)}
        base, rate = ways[START].folder, options.tokens / ways[START].processor_seconds
        ways[EXPERT] = improve_itself(root, base, options)
        budget = ways[EXPERT].processor_seconds
        ways[MORE] = fine_tune(root, "more", base, max(512, round(rate * budget)))
        ways[SHORT] = fine_tune(root, "short", base, max(512, round(rate * budget / 4)))
        trial = learn_by_reward(root, "grpo-trial", base, options, iterations=2)
        iterations = max(2, round(2 * budget / trial.processor_seconds))
        ways[GRPO] = learn_by_reward(root, "grpo", base, options, iterations=iterations)
        outcome = {
            name: {
                "processor_seconds": round(way.processor_seconds, 1),
                "harder": examine(way.folder, HARDER, options.exam),
                "taught": examine(way.folder, TAUGHT_BEFORE, options.exam // 2),
                "success_asked": success_asked(way.folder),
                "told": way.told,
            }
            for name, way in ways.items()
        }
    settings = {name: value for name, value in vars(options).items() if name not in ("keep", "out")}
    body = {"settings": settings, "taught": TAUGHT, "asked": ASKED, "outcome": outcome}
    path = write_result("self_improvement", QUESTION, body, folder=options.out)
    print(table(outcome))
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000, help="that the teacher wrote")
    parser.add_argument("--tokens", type=int, default=1_200_000, help="of the first fine-tuning")
    parser.add_argument("--width", type=int, default=96, help="of the model, a multiple of 32")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=5, help="of expert iteration")
    parser.add_argument("--questions", type=int, default=512, help="of each of them")
    parser.add_argument("--epochs", type=float, default=2.0, help="over its own right answers, in each of them")
    parser.add_argument("--grpo-rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--look", type=int, default=60, help="questions of each task between iterations")
    parser.add_argument("--exam", type=int, default=200, help="questions of each task in the end")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder in which models stay; what it has is not made again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
