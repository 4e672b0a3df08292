"""What share of a GPU's arithmetic does training use, beside nanochat and nanoGPT?

    python -m benchmarks.train_gpu --sizes 124M 350M --nanogpt DIR --nanochat DIR

The folders are checkouts of github.com/karpathy/nanoGPT and github.com/karpathy/nanochat. All train in bfloat16,
compiled, on the same tokens, with matrices of the same sizes but for the feed-forward block, which has as many
parameters. nanochat takes its own optimizer and has value embeddings besides. They compile beside each other, and each
is timed while all others are stopped (``turns.py``), so that the first step's time is no measure. The GPU must have
room for the first steps of each peer at each size and of one of ours: 139 GiB are enough for both sizes with nanochat.

The share (MFU) is by one formula for all: 6 FLOPs a token for each parameter of a matrix that it is multiplied with,
the head included and tables that are looked up left out, and 12 for each layer, width of all heads and place of the row
(Chowdhery et al. 2022, arXiv:2204.02311, appendix B). A causal mask is not taken off. It is of the datasheet's dense
bfloat16 rate, and of the rate of a large product that is measured in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Contestant, ContestantError, say
from benchmarks.result import RESULTS, commit, exit_with, markdown_table, slug, write_result
from benchmarks.shape import gpt2_medium, gpt2_small, tiny
from benchmarks.turns import take_turns
from samovar.core.errors import ResourceError

QUESTION = "Share of a GPU's arithmetic that a training step uses"
SIZES = {"124M": (gpt2_small, 131_072, 65_536), "350M": (gpt2_medium, 65_536, 32_768), "tiny": (tiny, 8_192, 8_192)}
"""Shape, and tokens of our micro-batch and of the peers', who hold the logits of a whole one."""
DATASHEET_FLOPS = {"H100": 989e12, "H200": 989e12}
"""Dense bfloat16 of the SXM modules (NVIDIA's datasheets of H100 and H200), by what the driver's name has in it."""
TARGET_MFU = 0.5
_END = 40
"""The token that ends a document: of the drawn ones, one in 470."""
_OWN_TIMEOUT_S = 120.0
"""Ours compile one layer."""
_PRODUCT = Contestant("product", "peak_product", {}, timeout_s=_OWN_TIMEOUT_S)


def contestants(options: argparse.Namespace, size: str) -> list[Contestant]:
    """Those that are present and wanted."""
    job = _job(options, size)
    small = {"micro_tokens": min(options.peer_micro_tokens or SIZES[size][2], job["step_tokens"])}
    everyone = [
        Contestant("samovar adamw", "samovar_train", job | {"optimizer": "adamw"}),
        Contestant("samovar muon", "samovar_train", job | {"optimizer": "muon"}),
        Contestant("samovar masked", "samovar_train", job | {"optimizer": "adamw", "document_mask": True}),
    ]
    if options.nanochat is not None:
        peer = {"nanochat": str(options.nanochat.resolve())}
        everyone.append(Contestant("nanochat", "nanochat_train", job | small | peer))
    if options.nanogpt is not None:
        peer = {"nanogpt": str(options.nanogpt.resolve())}
        everyone.append(Contestant("nanoGPT", "nanogpt_train", job | small | peer))
    return [
        one._replace(group=size, timeout_s=_OWN_TIMEOUT_S if one.module == "samovar_train" else options.limit_s)
        for one in everyone
        if one.label not in options.without
    ]


def lanes(options: argparse.Namespace) -> list[list[Contestant]]:
    """Each round of a peer, which compiles for long, in a lane of its own; ours in one, and the product before them."""
    everyone = [one for size in options.sizes for one in contestants(options, size)]
    ours = [one for one in everyone if one.module == "samovar_train"]
    return [[_PRODUCT, *ours], *([one] for one in everyone if one not in ours)]


def _job(options: argparse.Namespace, size: str) -> dict[str, Any]:
    """What every contestant is given: ours as it is, the peers with changes."""
    shape, micro_tokens, _ = SIZES[size]
    return {
        "device": "cuda",
        "shape": shape(context=options.context).model_dump(),
        "context": options.context,
        "step_tokens": options.step_tokens,
        "micro_tokens": min(options.micro_tokens or micro_tokens, options.step_tokens),
        "warmup_steps": options.warmup_steps,
        "timed_steps": options.timed_steps,
        "threads": options.threads,
        "compile": not options.eager,
        "bfloat16": True,
        "document_mask": False,
        "document_end_id": _END,
    }


def measured(outcome: Mapping[str, Any], *, step_tokens: int, flops_per_token: float) -> dict[str, Any]:
    """Tokens and FLOPs a second of the median step."""
    speed = step_tokens / statistics.median(outcome["step_seconds"])
    return {
        "tokens_per_second": round(speed),
        "teraflops_per_second": round(speed * flops_per_token / 1e12, 1),
        "step_seconds": outcome["step_seconds"],
        "first_step_seconds": outcome["first_step_seconds"],
        "parameters": outcome["parameters"],
        "first_loss": outcome["first_loss"],
        "last_loss": outcome["last_loss"],
        "gpu_memory_bytes": outcome.get("gpu_memory_bytes"),
    }


def table(summary: Mapping[str, Mapping[str, Any]], *, datasheet: float | None, product: float) -> str:
    """The summary for people."""
    rows: list[Sequence[str]] = []
    for label, one in summary.items():
        flops = one["teraflops_per_second"] * 1e12
        rows.append(
            [
                label,
                f"{one['tokens_per_second']:,}",
                f"{one['teraflops_per_second']:,.0f}",
                f"{flops / datasheet:.1%}" if datasheet else "",
                f"{flops / product:.1%}",
                f"{one['first_step_seconds']:.0f} s",
                f"{one['parameters'] / 1e6:.0f} M",
                f"{one['first_loss']:.2f} to {one['last_loss']:.2f}",
                f"{(one['gpu_memory_bytes'] or 0) / 2**30:.0f} GiB",
            ]
        )
    header = ["contestant", "tokens/s", "TFLOP/s", "MFU", "of a large product", "first step", "parameters", "loss"]
    return markdown_table([*header, "GPU memory"], rows)


def _gpu() -> dict[str, str]:
    """Name and driver of the GPU, and the CUDA that torch was built with."""
    import torch

    if not torch.cuda.is_available():
        raise ResourceError("torch sees no GPU", hint="benchmarks.train_throughput measures processors")
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return {"name": torch.cuda.get_device_name(0), "driver": driver, "cuda": str(torch.version.cuda)}


def main() -> None:
    """Run each contestant once, write the results as they come, print the tables."""
    options = _options()
    gpu, product = _gpu(), 0.0
    outcomes: dict[str, dict[str, Any]] = {size: {} for size in options.sizes}
    for one, outcome in take_turns(lanes(options), threads=options.threads, limit_s=options.limit_s):
        if isinstance(outcome, ContestantError):
            if one == _PRODUCT:
                raise outcome
            say(f"{one.group} {one.label}: {outcome}")  # the others are worth measuring without it
        elif one == _PRODUCT:
            product = outcome["flops_per_second"]
            say(f"{gpu['name']}: a large product at {product / 1e12:.0f} TFLOP/s")
        else:
            outcomes[one.group][one.label] = outcome
            say(f"{one.group} {one.label}: {outcome['tokens_per_second']:,.0f} tokens a second")
            if product:
                _write(options, one.group, gpu, product, outcomes[one.group])
    for size, found in outcomes.items():
        body = _write(options, size, gpu, product, found)
        print(f"{size}\n{table(body['summary'], datasheet=_datasheet(gpu), product=product)}")


def _write(
    options: argparse.Namespace, size: str, gpu: Mapping[str, str], product: float, outcomes: Mapping[str, Any]
) -> dict[str, Any]:
    """The result of one size, as far as it is known; what is not in the file's head."""
    flops_per_token = SIZES[size][0](context=options.context).flops_per_token(options.context)
    order = [one.label for one in contestants(options, size) if one.label in outcomes]
    summary = {
        label: measured(outcomes[label], step_tokens=options.step_tokens, flops_per_token=flops_per_token)
        for label in order
    }
    datasheet = _datasheet(gpu)
    ours = max((one["teraflops_per_second"] for label, one in summary.items() if "samovar" in label), default=0.0)
    folders = (("nanoGPT", options.nanogpt), ("nanochat", options.nanochat))
    body = {
        "gpu": gpu,
        "size": size,
        "settings": _job(options, size),
        "peer_micro_tokens": options.peer_micro_tokens or SIZES[size][2],
        "flops_per_token": flops_per_token,
        "datasheet_flops_per_second": datasheet,
        "product_flops_per_second": product,
        "commits": {name: commit(folder) for name, folder in folders if folder is not None} | dict(options.commits),
        "verdicts": {
            "MFU": {
                "measured": round(ours * 1e12 / datasheet, 3) if datasheet else None,
                "target": TARGET_MFU,
                "is_met": bool(datasheet) and ours * 1e12 >= TARGET_MFU * (datasheet or 0.0),
            }
        },
        "summary": summary,
    }
    write_result(f"train_gpu_{size.lower()}_{slug(gpu['name'])}", QUESTION, body, folder=options.out)
    return body


def _datasheet(gpu: Mapping[str, str]) -> float | None:
    return next((rate for name, rate in DATASHEET_FLOPS.items() if name in gpu["name"]), None)


def _named(text: str) -> tuple[str, str]:
    """'nanoGPT=3adf61e154c3' as a pair."""
    name, _, value = text.partition("=")
    return name, value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of github.com/karpathy/nanoGPT")
    parser.add_argument("--nanochat", type=Path, help="a checkout of github.com/karpathy/nanochat")
    parser.add_argument(
        "--sizes", nargs="+", choices=list(SIZES), default=["124M"], help="parameters; tiny only shows that it runs"
    )
    parser.add_argument("--context", type=int, default=1024, help="tokens of a row")
    parser.add_argument("--step-tokens", type=int, default=262_144, help="tokens of an optimizer step")
    parser.add_argument("--micro-tokens", type=int, help="tokens of Samovar's micro-batch")
    parser.add_argument("--peer-micro-tokens", type=int, help="tokens of the peers' micro-batch")
    parser.add_argument("--warmup-steps", type=int, default=3, help="steps that do not count; the first compiles")
    parser.add_argument("--timed-steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=8, help="of the processor")
    parser.add_argument("--limit-s", type=float, default=600.0, help="seconds of everything; who is late is left out")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="leave out contestants so named")
    parser.add_argument(
        "--commits",
        nargs="+",
        default=[],
        type=_named,
        metavar="NAME=COMMIT",
        help="where the folders are outside of git",
    )
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
