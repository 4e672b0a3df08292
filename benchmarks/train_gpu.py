"""What share of a GPU's arithmetic does training use, beside nanochat and nanoGPT?

    python -m benchmarks.train_gpu --size 124M --nanogpt DIR --nanochat DIR

The folders are checkouts of github.com/karpathy/nanoGPT and github.com/karpathy/nanochat. All train in bfloat16,
compiled, on the same tokens, with matrices of the same sizes but for the feed-forward block, which has as many
parameters. nanochat takes its own optimizer and has value embeddings besides.

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

from benchmarks.contest import Contestant, ContestantError, run_alone, say
from benchmarks.result import RESULTS, commit, exit_with, markdown_table, slug, write_result
from benchmarks.shape import gpt2_medium, gpt2_small, tiny
from samovar.core.errors import ResourceError

QUESTION = "Share of a GPU's arithmetic that a training step uses"
SIZES = {"124M": (gpt2_small, 131_072, 65_536), "350M": (gpt2_medium, 65_536, 32_768), "tiny": (tiny, 8_192, 8_192)}
"""Shape, and tokens of our micro-batch and of the peers', who hold the logits of a whole one."""
DATASHEET_FLOPS = {"H100": 989e12, "H200": 989e12}
"""Dense bfloat16 of the SXM modules (NVIDIA's datasheets of H100 and H200), by what the driver's name has in it."""
TARGET_MFU = 0.5
_END = 40
"""The token that ends a document: of the drawn ones, one in 470."""
_TIMEOUT_S = 240.0


def contestants(options: argparse.Namespace) -> list[Contestant]:
    """Those that are present and wanted."""
    job = _job(options)
    small = {"micro_tokens": min(options.peer_micro_tokens or SIZES[options.size][2], job["step_tokens"])}
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
    return [one._replace(timeout_s=_TIMEOUT_S) for one in everyone if one.label not in options.without]


def _job(options: argparse.Namespace) -> dict[str, Any]:
    """What every contestant is given: ours as it is, the peers with changes."""
    shape, micro_tokens, _ = SIZES[options.size]
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
    """Run each contestant once, write the result, print the table."""
    options = _options()
    gpu = _gpu()
    shape, _, _ = SIZES[options.size]
    flops_per_token = shape(context=options.context).flops_per_token(options.context)
    product = run_alone(Contestant("product", "peak_product", {}), threads=options.threads)["flops_per_second"]
    say(f"{gpu['name']}: a large product at {product / 1e12:.0f} TFLOP/s")
    summary: dict[str, dict[str, Any]] = {}
    for one in contestants(options):
        try:
            outcome = run_alone(one, threads=options.threads)
        except ContestantError as error:  # the others are worth measuring without it
            say(f"{one.label}: {error}")
            continue
        summary[one.label] = measured(outcome, step_tokens=options.step_tokens, flops_per_token=flops_per_token)
        say(f"{one.label}: {summary[one.label]['tokens_per_second']:,} tokens a second")
    datasheet = next((rate for name, rate in DATASHEET_FLOPS.items() if name in gpu["name"]), None)
    ours = max((one["teraflops_per_second"] for label, one in summary.items() if "samovar" in label), default=0.0)
    body = {
        "gpu": gpu,
        "size": options.size,
        "settings": _job(options),
        "peer_micro_tokens": options.peer_micro_tokens or SIZES[options.size][2],
        "flops_per_token": flops_per_token,
        "datasheet_flops_per_second": datasheet,
        "product_flops_per_second": product,
        "commits": {
            name: commit(folder)
            for name, folder in (("nanoGPT", options.nanogpt), ("nanochat", options.nanochat))
            if folder is not None
        }
        | dict(options.commits),
        "verdicts": {
            "MFU": {
                "measured": round(ours * 1e12 / datasheet, 3) if datasheet else None,
                "target": TARGET_MFU,
                "is_met": bool(datasheet) and ours * 1e12 >= TARGET_MFU * (datasheet or 0.0),
            }
        },
        "summary": summary,
    }
    path = write_result(f"train_gpu_{options.size.lower()}_{slug(gpu['name'])}", QUESTION, body, folder=options.out)
    print(table(summary, datasheet=datasheet, product=product))
    say(f"written to {path}")


def _named(text: str) -> tuple[str, str]:
    """'nanoGPT=3adf61e154c3' as a pair."""
    name, _, value = text.partition("=")
    return name, value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of github.com/karpathy/nanoGPT")
    parser.add_argument("--nanochat", type=Path, help="a checkout of github.com/karpathy/nanochat")
    parser.add_argument("--size", choices=list(SIZES), default="124M", help="parameters; tiny only shows that it runs")
    parser.add_argument("--context", type=int, default=1024, help="tokens of a row")
    parser.add_argument("--step-tokens", type=int, default=262_144, help="tokens of an optimizer step")
    parser.add_argument("--micro-tokens", type=int, help="tokens of Samovar's micro-batch")
    parser.add_argument("--peer-micro-tokens", type=int, help="tokens of the peers' micro-batch")
    parser.add_argument("--warmup-steps", type=int, default=3, help="steps that do not count; the first compiles")
    parser.add_argument("--timed-steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=8, help="of the processor")
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
