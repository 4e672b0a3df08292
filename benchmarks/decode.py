"""How many tokens a second does Samovar's engine decode on a processor, against transformers' ``generate``?

    python -m benchmarks.decode

A model of about eleven million parameters (width 320, 8 layers, 5 heads, vocabulary 4,096) with random weights, the
same for all, reads prompts of 64 tokens and writes 128 greedily; reading counts. Both in float32 and in bfloat16.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from benchmarks.shape import random_tokens, ten_million, tiny

QUESTION = "Tokens a second of decoding at about eleven million parameters, batches of 1, 8 and 32"
DTYPES = ("float32", "bfloat16")
_WEIGHT_SCALE = 0.05


def prepare(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Write the model, its tokenizer and the prompts that all share; gives the job."""
    import torch

    from samovar.model.checkpoint import save_model
    from samovar.model.decoder import Decoder
    from samovar.model.initialization import initialize
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    shape = (tiny if options.smoke else ten_million)(context=options.prompt_tokens + options.new_tokens)
    train_tokenizer(_texts(), TokenizerSettings(vocab_size=shape.vocab_size)).save(folder)
    model = Decoder(shape)
    initialize(model, 0)
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        # Fresh weights make the network an identity that repeats its input: these make it a network.
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0.0, _WEIGHT_SCALE, generator=draw)
    save_model(model, folder)
    num_prompts = max(options.batches)
    prompts = random_tokens(num_prompts * options.prompt_tokens, shape.vocab_size).reshape(num_prompts, -1)
    (folder / "prompts.json").write_text(json.dumps(prompts.tolist()), encoding="utf-8")
    return {
        "model": str(folder),
        "prompts": str(folder / "prompts.json"),
        "new_tokens": options.new_tokens,
        "batches": sorted(options.batches),
        "calls": options.calls,
        "threads": options.threads,
    }


def _texts() -> list[str]:
    """Plain English that comes with Python: the tokenizer needs some text, and the speed does not depend on which."""
    from pydoc_data.topics import topics

    return list(topics.values())


def contestants(job: Mapping[str, Any]) -> list[Contestant]:
    """Ours and transformers' in both types, in the order of a round."""
    modules = {"samovar": "samovar_decode", "transformers": "transformers_decode"}
    if importlib.util.find_spec("transformers") is None:
        say("transformers is left out: it is not installed (pip install -e '.[bench]')")
        del modules["transformers"]
    return [
        Contestant(f"{name} {dtype}", module, {**job, "dtype": dtype})
        for dtype in DTYPES
        for name, module in modules.items()
    ]


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]], batches: Sequence[int]) -> dict[str, Any]:
    """Median, lowest and highest round of each contestant at each batch size."""
    return {
        label: {
            str(batch): {
                name: round(value, 1)
                for name, value in Spread.of([one["tokens_per_second"][str(batch)] for one in rounds])._asdict().items()
            }
            for batch in batches
        }
        for label, rounds in outcomes.items()
    }


def agreement(outcomes: Mapping[str, Sequence[Mapping[str, Any]]], dtype: str = DTYPES[0]) -> float | None:
    """The share of the largest batch's tokens that are the same in both, up to each row's first difference.

    In float32 it should be near one: rounding alone can part two equal rows.
    """
    ours, theirs = (outcomes.get(f"{name} {dtype}") for name in ("samovar", "transformers"))
    if not ours or not theirs:
        return None
    pairs = list(zip(ours[0]["answers"], theirs[0]["answers"], strict=True))
    same = sum(_common_prefix(a, b) for a, b in pairs)
    return round(same / sum(len(a) for a, _ in pairs), 4)


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), len(a))


def table(summary: Mapping[str, Mapping[str, Mapping[str, float]]], batches: Sequence[int]) -> str:
    """The summary for people."""
    rows = [
        [label, *(f"{speeds[str(b)]['median']:,.0f} ({_range(speeds[str(b)])})" for b in batches)]
        for label, speeds in summary.items()
    ]
    return markdown_table(["tokens/s (range)", *(f"batch {batch}" for batch in batches)], rows)


def _range(speed: Mapping[str, float]) -> str:
    return f"{speed['low']:,.0f} to {speed['high']:,.0f}"


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    with TemporaryDirectory() as folder:
        job = prepare(Path(folder), options)
        outcomes = play(
            contestants(job), rounds=options.rounds, threads=options.threads, measure="largest_batch_tokens_per_second"
        )
    summary = summarize(outcomes, job["batches"])
    same = agreement(outcomes)
    settings = {key: job[key] for key in ("new_tokens", "batches", "calls", "threads")}
    rounds = {label: [_without_answers(one) for one in rounds] for label, rounds in outcomes.items()}
    body = {
        "settings": settings | {"prompt_tokens": options.prompt_tokens},
        "same_tokens_as_transformers_in_float32": same,
        "summary": summary,
        "rounds": rounds,
    }
    path = write_result("decode", QUESTION, body, folder=options.out)
    print(table(summary, job["batches"]))
    if same is not None:
        print(f"\nthe same tokens in float32: {same:.1%}")
    say(f"written to {path}")


def _without_answers(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in outcome.items() if key != "answers"}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--calls", type=int, default=2, help="timed calls a round at each batch size; the best counts")
    parser.add_argument("--smoke", action="store_true", help="a tiny shape, to see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
