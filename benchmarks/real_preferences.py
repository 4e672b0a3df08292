"""What can an assistant learn from what real people and judges prefer?

    python -m benchmarks.real_preferences ASSISTANT --data DATA

For each set of pairs a reward model is trained from the assistant and measured on pairs of other prompts, against
chance and against a rule that needs no model: the longer answer is the better one. Then the assistant itself is trained
on the polite and rude answers of the first set (DPO): its curve, and what it answers to held-out prompts before and
after.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.contest import say
from benchmarks.documents import DATA
from benchmarks.judgments import BEGINNING, arena_pairs, review_pairs
from benchmarks.preferences import as_row, take_pairs
from benchmarks.result import RESULTS, write_result
from samovar.chat.preferences import Pair, answered
from samovar.chat.rows import prompt_ids, render_rows
from samovar.core.errors import DataError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.evals.reward import pair_quality
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.dpo import dpo
from samovar.train.journal import read_metrics
from samovar.train.preference_settings import DpoSettings, RewardSettings
from samovar.train.reward import reward
from samovar.train.scoring import RewardModel

QUESTION = "Accuracy of reward models on held-out pairs of real preferences, and DPO on real preferences"
SETS = ("instructions", "harmless", "arena", "reviews")
HELD_OUT = 4
"""One prompt in so many is held out, with all its pairs."""
LOOP = {"batch_tokens": 4096, "micro_batch_tokens": 4096, "compile": "off", "held_out_every": 20}


def pairs_of(name: str, data: Path) -> list[Pair]:
    """All pairs of a set."""
    if name == "reviews":
        return list(review_pairs(data))
    return list(arena_pairs(data)) if name == "arena" else take_pairs(name, 10**9, data=data)


def split(pairs: Sequence[Pair], most: int, fits: Any) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn and held-out ones, of other prompts, in an order that is always the same."""
    kept: tuple[list[Pair], list[Pair]] = ([], [])
    order = sorted((_digest(one), place) for place, one in enumerate(pairs))
    for (prompt, _), place in order:
        if len(kept[0]) + len(kept[1]) < most and fits(pairs[place]):
            kept[int(prompt, 16) % HELD_OUT == 0].append(pairs[place])
    return kept


def _digest(pair: Pair) -> tuple[str, str]:
    prompt = "\n".join(one.content for one in pair.prompt)
    whole = prompt + "".join(one.content for one in (*pair.chosen, *pair.rejected))
    return hashlib.sha256(prompt.encode()).hexdigest(), hashlib.sha256(whole.encode()).hexdigest()


def fitting(tokenizer: Tokenizer, context: int) -> Any:
    """Whether both answers of a pair fit into ``context`` tokens with the prompt."""

    def fits(pair: Pair) -> bool:
        try:
            both = [answered(pair.prompt, one) for one in (pair.chosen, pair.rejected)]
            return sum(len(row.ids) for row in render_rows(both, tokenizer)) <= context
        except DataError:
            return False

    return fits


def write_pairs(path: Path, pairs: Sequence[Pair]) -> Path:
    """As a file of preferences."""
    rows = (json.dumps(as_row(one) | {"margin": one.margin}, ensure_ascii=False) + "\n" for one in pairs)
    path.write_text("".join(rows), encoding="utf-8")
    return path


def judge(base: Path, learnt: Sequence[Pair], held_out: Sequence[Pair], context: int, epochs: float) -> dict[str, Any]:
    """A reward model's quality on ``held_out``, and what the length of answers alone would say."""
    with TemporaryDirectory() as folder:
        out = Path(folder)
        # Margins of these sets are of scales of their own: which answer is better is all that is taken.
        file = write_pairs(out / "pairs.jsonl", [one._replace(margin=0.0) for one in learnt])
        settings = RewardSettings.model_validate(LOOP | {"context": context, "epochs": epochs})
        reward(settings, base=base, out=out, preferences=[file])
        found = pair_quality(RewardModel.load(out).score_pairs(held_out))
    lengths = [[float(sum(len(m.content) for m in side)) for side in (one.chosen, one.rejected)] for one in held_out]
    return {
        "learnt": len(learnt),
        "reward_model": found.to_json(),
        "longer_is_better": pair_quality(np.array(lengths, dtype=np.float32)).to_json(),
        "above_chance": found.low > 0.5,
    }


def taught(base: Path, learnt: Sequence[Pair], held_out: Sequence[Pair], context: int, epochs: float) -> dict[str, Any]:
    """The curve of DPO, and answers before and after."""
    with TemporaryDirectory() as folder:
        out = Path(folder)
        file = write_pairs(out / "pairs.jsonl", learnt)
        settings = DpoSettings.model_validate(
            LOOP | {"context": context, "epochs": epochs, "chosen_weight": 0.5, "validations": 6}
        )
        metrics = dpo(settings, base=base, out=out, preferences=[file])
        rows = read_metrics(out / "metrics.jsonl")
        prompts = [one.prompt for one in held_out[:8]]
        before, after = (list(_answers(model, prompts)) for model in (base, out))
    curve = [
        {name: round(value, 4) for name, value in row.items() if isinstance(value, float | int)
         and (name in ("step", "loss") or name.startswith("validation"))}
        for row in rows if any(name.startswith("validation") for name in row)
    ]  # fmt: skip
    told = {name: value for name, value in metrics.items() if name.startswith(("drift", "validation", "preferences"))}
    told = {name: round(value, 4) for name, value in told.items() if isinstance(value, float | int)}
    samples = [
        {"prompt": prompt[-1].content, "before": one, "after": two}
        for prompt, one, two in zip(prompts, before, after, strict=True)
    ]
    return {"metrics": told, "curve": curve, "samples": samples}


def _answers(folder: Path, prompts: Sequence[Any]) -> Iterator[str]:
    """The questions, each with the model's most likely answer, in a line."""
    engine = Engine.load(folder, max_batch=8)
    asked = [prompt_ids(prompt, engine.tokenizer) for prompt in prompts]
    answers = engine.generate(asked, Sampling(temperature=0.0, max_tokens=64))
    for prompt, answer in zip(prompts, answers, strict=True):
        yield f"{prompt[-1].content} -> {answer.text}"


def main() -> None:
    """Measure, write the result file, print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assistant", type=Path, help="folder of a fine-tuned decoder")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets (SAMOVAR_DATA)")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--pairs", type=int, default=1000, help="of each set, at most")
    parser.add_argument("--context", type=int, default=512, help="tokens; a pair that does not fit is left out")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result file")
    options = parser.parse_args()
    fits = fitting(Tokenizer.load(options.assistant), options.context)
    how = {"context": options.context, "epochs": options.epochs}
    body: dict[str, Any] = {"settings": LOOP | how | {"beginning_characters": BEGINNING}, "reward": {}}
    learnt, held_out = split(pairs_of("instructions", options.data), options.pairs, fits)
    body["dpo"] = taught(options.assistant, learnt, held_out, **how)
    for name in options.sets:
        learnt, held_out = split(pairs_of(name, options.data), options.pairs, fits)
        body["reward"][name] = judge(options.assistant, learnt, held_out, **how)
        say(f"{name}: {json.dumps(body['reward'][name])}")
        # Written after each set: the later ones take long.
        written = write_result("real_preferences", QUESTION, body, folder=options.out)
    print(written)


if __name__ == "__main__":
    main()
