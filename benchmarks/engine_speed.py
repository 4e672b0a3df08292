"""How many tokens a second does Samovar's engine read and write, against llama.cpp, OpenVINO GenAI and transformers?

    python -m benchmarks.engine_speed --llama DIR --openvino-python PYTHON --models DIR

Random weights of three shapes (10M: width 320, 8 layers; 135M: SmolLM2's; 0.6B: Qwen3-0.6B's), the same for all: our
export to GGUF, which llama.cpp's own tool rounds to Q8_0 and Q4_0, and optimum's conversion for OpenVINO, which nncf
rounds to rows of int8 and groups of int4. Reading a prompt of 512 tokens; writing 64 tokens after 128 in one stream and
in batches. transformers plays in bfloat16. --openvino-python names the Python of an environment with openvino-genai,
optimum-intel and nncf.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, Spread, play, run_alone, say
from benchmarks.random_model import (
    PRECISIONS,
    SHAPES,
    Precision,
    gguf_file,
    model_folder,
    openvino_folder,
    program,
)
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result

QUESTION = "Tokens a second of reading 512 tokens and of writing, alone and in batches, by shape and precision"
OPENVINO_HINTS: dict[Precision, list[str]] = {"bf16": ["bf16"], "8 bit": ["bf16", "f32"], "4 bit": ["bf16", "f32"]}
"""In which precision it may compute between products; where there are two it gets the better of both."""


def contestants(options: argparse.Namespace, home: Path) -> list[Contestant]:
    """Ours and the peers', by shape and precision, in the order of a round."""
    playing = []
    for size in options.sizes:
        for precision in options.precisions:
            playing += _of(options, home, size, precision)
    return [one for one in playing if not any(word in one.label for word in options.without)]


def _of(options: argparse.Namespace, home: Path, size: str, precision: Precision) -> list[Contestant]:
    names = "threads", "calls", "batches", "prefill_tokens", "prompt_tokens", "new_tokens"
    job = {name: getattr(options, name) for name in names}
    ours = model_folder(home, size, precision)
    dtype = "bfloat16" if precision == "bf16" else options.activations
    mine = {**job, "model": str(ours), "dtype": dtype, "cache_form": options.cache_form}
    found = [Contestant(f"samovar {size} {precision}", "samovar_speed", mine)]
    if options.llama is not None:
        programs = {
            "bench": str(program(options.llama, "llama-bench")),
            "batched": str(program(options.llama, "llama-batched-bench")),
        }
        theirs = gguf_file(home, size, precision, options.llama)
        found.append(
            Contestant(f"llama.cpp {size} {precision}", "llama_speed", {**job, **programs, "model": str(theirs)})
        )
    if options.openvino_python is not None:
        python = str(options.openvino_python)
        theirs = openvino_folder(home, size, precision, python)
        peer = {**job, "model": str(theirs), "hints": OPENVINO_HINTS[precision]}
        found.append(Contestant(f"OpenVINO {size} {precision}", "openvino_speed", peer, python=python))
    if precision == "bf16" and importlib.util.find_spec("transformers") is not None:
        found.append(
            Contestant(f"transformers {size} bf16", "transformers_speed", {**job, "model": str(ours), "dtype": dtype})
        )
    return found


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]], measures: Sequence[str]) -> dict[str, Any]:
    """Median, lowest and highest round of each contestant in each discipline."""
    return {
        label: {name: Spread.of([float(one[name]) for one in rounds])._asdict() for name in measures}
        for label, rounds in outcomes.items()
    }


def ratios(summary: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Ours over each peer's at the same shape and precision, by medians.

    transformers plays in bfloat16 alone; ours in other precisions are set beside it under labels that say so.
    """
    found = {}
    for label, speeds in summary.items():
        peer, size, precision = label.split(" ", 2)
        if peer == "samovar":
            continue
        for ours, own in summary.items():
            who, own_size, own_precision = ours.split(" ", 2)
            if who != "samovar" or own_size != size or (own_precision != precision and peer != "transformers"):
                continue
            key = label if own_precision == precision else f"{label}, Samovar in {own_precision}"
            found[key] = {name: round(own[name]["median"] / speeds[name]["median"], 2) for name in speeds}
    return found


def share_of_memory(
    summary: Mapping[str, Mapping[str, Mapping[str, float]]], sizes_bytes: Mapping[str, int], bytes_per_second: float
) -> dict[str, float]:
    """How much of what memory gives a single stream takes, as each weight is read once a token."""
    return {
        label: round(speeds["decode_1"]["median"] * sizes_bytes[label] / bytes_per_second, 3)
        for label, speeds in summary.items()
        if "decode_1" in speeds and label in sizes_bytes
    }


def table(summary: Mapping[str, Any], compared: Mapping[str, Mapping[str, float]], measures: Sequence[str]) -> str:
    """The summary for people."""
    rows = []
    for label, speeds in summary.items():
        against = " ".join(f"{compared[label][name]:.2f}" for name in measures) if label in compared else ""
        rows.append([label, *(f"{speeds[name]['median']:,.0f}" for name in measures), against])
    heads = [name.replace("decode_", "batch ").replace("prefill", "reading") for name in measures]
    return markdown_table(["tokens/s, medians", *heads, "Samovar's times theirs"], rows)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    with TemporaryDirectory() as temporary:
        home = options.models or Path(temporary)
        playing = contestants(options, home)
        sizes_bytes = {one.label: _size_bytes(Path(one.job["model"])) for one in playing}
        memory = run_alone(Contestant("memory", "bandwidth", {"threads": options.threads}), threads=options.threads)
        outcomes = play(playing, rounds=options.rounds, threads=options.threads, measure="prefill")
    # The file's size, unless who computes tells what it reads.
    sizes_bytes |= {
        label: rounds[0]["weight_bytes"] for label, rounds in outcomes.items() if "weight_bytes" in rounds[0]
    }
    measures = [*(f"decode_{batch}" for batch in options.batches), "prefill"]
    summary = summarize(outcomes, measures)
    compared = ratios(summary)
    body = {
        "settings": {name: value for name, value in vars(options).items() if not isinstance(value, Path)},
        "memory_bytes_per_second": round(memory["bytes_per_second"]),
        "share_of_memory_alone": share_of_memory(summary, sizes_bytes, memory["bytes_per_second"]),
        "weight_bytes": sizes_bytes,
        "ratios": compared,
        "summary": summary,
        "rounds": outcomes,
    }
    path = write_result(options.name, QUESTION, body, folder=options.out)
    print(table(summary, compared, measures))
    for label, share in body["share_of_memory_alone"].items():
        print(f"{label}: {share:.0%} of memory's speed in one stream")
    say(f"written to {path}")


def _size_bytes(model: Path) -> int:
    files = [model] if model.is_file() else [*model.glob("*.safetensors"), *model.glob("openvino_model.bin")]
    return sum(file.stat().st_size for file in files)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama", type=Path, help="folder with llama.cpp's programs; without it that peer is left out")
    parser.add_argument(
        "--openvino-python", type=Path, help="Python that has OpenVINO; without it that peer is left out"
    )
    parser.add_argument("--models", type=Path, help="folder that keeps the models for the next run")
    parser.add_argument("--sizes", nargs="+", choices=SHAPES, default=["10M", "135M", "0.6B"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--without", nargs="*", default=[], help="words of contestants to leave out")
    parser.add_argument("--activations", default="float32", help="between products of rounded weights")
    parser.add_argument("--cache-form", choices=["plain", "int8"], default="plain", help="of Samovar's keys and values")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=2, help="timed calls in a round; the best counts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--prefill-tokens", type=int, default=512)
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--name", default="engine_speed", help="of the result's file")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
