"""Does cleaning matter? The same model trained for equal tokens on raw, dirtied and cleaned text of the same sources.

    python -m benchmarks.cleaning_matters --data DATA --tokens 2000000

Raw are the texts as they came; dirtied, the same texts with every kind of fault planted in them and furniture around
them (``benchmarks/faulty_corpus.py``); cleaned, what the data stage makes of the dirtied ones. Eleven million
parameters, one tokenizer, one budget of tokens, one seed. Each is measured in bits per byte on clean texts of the same
sources that none has seen, and goes on with the same beginnings. The interval is that of the difference on those texts,
by drawing them anew; it doesn't know what another seed of training would give: ``--seeds`` trains with several.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.cleaning_quality import recipe
from benchmarks.contest import say
from benchmarks.documents import DATA
from benchmarks.faults.ledger import FaultyCorpus
from benchmarks.faults.texts import clean_texts
from benchmarks.faulty_corpus import make_corpus
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from benchmarks.shape import ten_million, tiny
from samovar.core.errors import DataError
from samovar.data.corpus import build_corpus, read_corpus
from samovar.data.document import Document
from samovar.data.settings import DataSettings
from samovar.data.shards import write_documents, write_index
from samovar.model.settings import DecoderSettings, ModelSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from samovar.train.settings import PretrainSettings

QUESTION = "Bits per byte on clean text after equal tokens of raw, dirtied and cleaned text of the same sources"
ARMS = ("raw", "dirtied", "cleaned")
_DIRT_SHARE = 0.07
_HELD_OUT_EVERY = 20
_VOCAB_SIZE = 4096
_CONTEXT = 256
_PROMPT_WORDS = 12
_RESAMPLES = 2000
_BYTES_A_TOKEN = 3.5


class Texts(NamedTuple):
    """What each arm trains on, and the clean texts that none has seen."""

    arms: dict[str, list[str]]
    held_out: list[str]


class Measured(NamedTuple):
    """One trained model, measured."""

    metrics: dict[str, Any]
    bits: list[float]
    """Of every held-out text."""
    sizes: list[int]
    """Its bytes."""
    samples: list[str]

    @property
    def bits_per_byte(self) -> float:
        """Over all held-out texts."""
        return sum(self.bits) / sum(self.sizes)


def make_texts(clean: Sequence[str], folder: Path, *, seed: int, workers: int) -> Texts:
    """The texts of the three arms; one clean text in twenty is held out of all."""
    held_out = list(clean[::_HELD_OUT_EVERY])
    raw = [text for number, text in enumerate(clean) if number % _HELD_OUT_EVERY]
    dirtied = make_corpus(raw, seed=seed, share=_DIRT_SHARE, furniture_every=1)
    cleaned = list(clean_again(dirtied, folder, workers=workers))
    return Texts({"raw": raw, "dirtied": [one.text for one in dirtied.documents], "cleaned": cleaned}, held_out)


def clean_again(dirtied: FaultyCorpus, folder: Path, *, workers: int) -> Iterator[str]:
    """What the data stage makes of the dirtied texts, which knows nothing of what was done but the evaluation set."""
    dirtied.write(folder)
    steps = recipe(folder / "questions.jsonl", have_many_signs=True)
    settings = DataSettings.model_validate(
        {
            "sources": [{"path": "documents"}],
            "steps": [step.model_dump() for step in steps],
            "workers": workers,
        }
    )
    build_corpus(settings, root=folder, out=folder / "corpus", progress_quiet=True)
    for split in ("train", "validation"):
        for document in read_corpus(folder / "corpus", split):
            yield document.text


def write_shards(texts: Sequence[str], held_out: Sequence[str], tokenizer: Tokenizer, folder: Path) -> dict[str, Any]:
    """Shards of one arm, with the held-out texts for validation; gives the counts of both splits."""
    folder.mkdir(parents=True)
    counts = {
        split: write_documents(
            (Document(str(number), text, split) for number, text in enumerate(rows)),
            lambda: tokenizer.encode_batch,
            document_end_id=tokenizer.document_end_id,
            vocab_size=tokenizer.vocab_size,
            folder=folder,
            split=split,
        )
        for split, rows in (("train", texts), ("validation", held_out))
    }
    write_index(folder, vocab_size=tokenizer.vocab_size, document_end_id=tokenizer.document_end_id, splits=counts)
    return counts


def train_and_measure(
    shards: Path, tokenizer: Path, held_out: Sequence[str], shape: DecoderSettings, out: Path, *, tokens: int, seed: int
) -> Measured:
    """Pretrain as the stage does, then read the held-out texts one by one."""
    from samovar.evals.bits_per_byte import bits_per_byte
    from samovar.model.checkpoint import load_model
    from samovar.train.pretrain import continue_text, pretrain

    words = Tokenizer.load(tokenizer)
    model_settings = ModelSettings(
        size=shape.num_layers,
        context=shape.max_positions,
        hidden_size=shape.hidden_size,
        num_heads=shape.num_heads,
        num_kv_heads=shape.num_kv_heads,
        intermediate_size=shape.intermediate_size,
    )
    settings = PretrainSettings(
        tokens=tokens, batch_tokens=8_192, micro_batch_tokens=4_096, validations=4, checkpoint_every_s=1e9, seed=seed
    )
    metrics = pretrain(settings, model_settings, shards=shards, tokenizer=tokenizer, out=out)
    model = load_model(out)
    model.eval()
    found = [bits_per_byte(model, words, [text]) for text in held_out]
    prompts = [" ".join(text.split()[:_PROMPT_WORDS]) for text in held_out[:: max(1, len(held_out) // 4)][:4]]
    return Measured(
        metrics,
        [one.nats / math.log(2) for one in found],
        [one.num_bytes for one in found],
        [continue_text(model, words, words.encode(prompt)) for prompt in prompts],
    )


def difference(one: Measured, other: Measured) -> dict[str, float]:
    """By how many bits per byte ``one`` is worse than ``other``, with an interval of 95 % by drawing texts anew."""
    gaps = [left - right for left, right in zip(one.bits, other.bits, strict=True)]
    draw = random.Random(0)
    means = []
    for _ in range(_RESAMPLES):
        chosen = draw.choices(range(len(gaps)), k=len(gaps))
        means.append(sum(gaps[at] for at in chosen) / sum(one.sizes[at] for at in chosen))
    means.sort()
    low, high = (means[int(share * _RESAMPLES)] for share in (0.025, 0.975))
    return {
        "bits_per_byte": round(sum(gaps) / sum(one.sizes), 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The arms for people."""
    cells = [
        [
            arm,
            f"{row['documents']:,}",
            f"{row['tokens_there']:,}",
            f"{row['tokens_trained']:,}",
            f"{row['bytes_per_token']:.2f}",
            f"{row['bits_per_byte']:.4f}",
        ]
        for arm, row in rows.items()
    ]
    head = ["", "documents", "tokens there", "tokens trained on", "bytes a token", "bits per byte, clean held-out"]
    return markdown_table(head, cells)


def main() -> None:
    """Make the texts, train the arms, write the result, print the table and the samples."""
    import torch

    options = _options()
    torch.set_num_threads(options.threads)
    characters = options.characters or int(1.5 * _BYTES_A_TOKEN * options.tokens)
    clean = clean_texts(options.data, max_characters=characters)
    shape = tiny(context=64, vocab_size=512) if options.smoke else ten_million(context=_CONTEXT, vocab_size=_VOCAB_SIZE)
    with TemporaryDirectory(dir=options.scratch) as name:
        folder = Path(name)
        texts = make_texts(clean, folder / "dirtied", seed=0, workers=options.threads)
        tokenizer = train_tokenizer(texts.arms["raw"], TokenizerSettings(vocab_size=shape.vocab_size))
        tokenizer.save(folder / "tokenizer")
        if tokenizer.vocab_size != shape.vocab_size:
            raise DataError("the texts are too few for the vocabulary", hint="raise --characters")
        rows, measured = _train_arms(texts, tokenizer, shape, folder, options)
    gaps = {
        f"{one} against {other}": difference(measured[one], measured[other])
        for one, other in (("dirtied", "raw"), ("dirtied", "cleaned"), ("cleaned", "raw"))
    }
    samples = {arm: one.samples for arm, one in measured.items()}
    settings = {
        "tokens": options.tokens,
        "characters": characters,
        "seeds": options.seeds,
        "parameters": shape.num_parameters,
        "held_out_texts": len(texts.held_out),
        "dirt_share_by_kind": _DIRT_SHARE,
    }
    body = {"settings": settings, "arms": rows, "differences": gaps, "samples": samples}
    path = write_result("cleaning_matters", QUESTION, body, folder=options.out)
    print(table(rows))
    for pair, gap in gaps.items():
        print(f"{pair}: {gap['bits_per_byte']:+.4f} bits per byte ({gap['low']:+.4f} to {gap['high']:+.4f})")
    print(_side_by_side(samples))
    say(f"written to {path}")


def _train_arms(
    texts: Texts, tokenizer: Tokenizer, shape: DecoderSettings, folder: Path, options: argparse.Namespace
) -> tuple[dict[str, dict[str, Any]], dict[str, Measured]]:
    """Every arm with every seed; of several seeds, the texts' bits are added up."""
    rows: dict[str, dict[str, Any]] = {}
    measured: dict[str, Measured] = {}
    for arm in ARMS:
        counts = write_shards(texts.arms[arm], texts.held_out, tokenizer, folder / arm / "shards")
        runs = []
        for seed in range(options.seeds):
            run = train_and_measure(
                folder / arm / "shards", folder / "tokenizer", texts.held_out, shape, folder / arm / f"model-{seed}",
                tokens=options.tokens, seed=seed,
            )  # fmt: skip
            say(f"{arm}, seed {seed}: {run.bits_per_byte:.4f} bits per byte")
            runs.append(run)
        measured[arm] = Measured(
            runs[0].metrics,
            [sum(bits) / len(runs) for bits in zip(*(run.bits for run in runs), strict=True)],
            runs[0].sizes,
            runs[0].samples,
        )
        rows[arm] = {
            "documents": len(texts.arms[arm]),
            "tokens_there": counts["train"]["num_tokens"],
            "tokens_trained": runs[0].metrics["tokens"],
            "bytes_per_token": round(counts["train"]["size_bytes"] / counts["train"]["num_tokens"], 3),
            "bits_per_byte": round(measured[arm].bits_per_byte, 4),
            "bits_per_byte_by_seed": [round(run.bits_per_byte, 4) for run in runs],
            "seconds": [round(run.metrics.get("seconds", 0.0), 1) for run in runs],
        }
    return rows, measured


def _side_by_side(samples: Mapping[str, Sequence[str]]) -> str:
    parts = []
    for number in range(len(next(iter(samples.values())))):
        parts.append(f"\nBeginning {number + 1}")
        parts += [f"  {arm}: {' '.join(texts[number].split())}" for arm, texts in samples.items()]
    return "\n".join(parts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of clean texts, or of the real sets")
    parser.add_argument("--tokens", type=int, default=2_000_000, help="that each model is trained on")
    parser.add_argument(
        "--characters", type=int, help="of clean text; by default enough for the tokens without repeats"
    )
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each arm")
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--smoke", action="store_true", help="a tiny model, to see that it runs")
    parser.add_argument("--scratch", type=Path, help="folder for what is written meanwhile; by default the system's")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
