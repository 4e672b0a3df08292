"""How near does the engine come on a GPU to what its memory and its arithmetic allow, and to transformers?

    python -m benchmarks.engine_gpu --sizes 135M 0.6B 1.7B

Random weights in bfloat16 of the shapes of SmolLM2-135M, Qwen3-0.6B, 1.7B and 4B. Writing answers at a context of about
512 tokens: tokens a second of the whole engine and the time of a forward pass in it, beside what it would be were
every weight and every key and value read once at the speed of a large copy, measured in the same run. Reading prompts
that no cache knows: beside the speed of a large matrix product.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch

from benchmarks.contest import say
from benchmarks.result import RESULTS, exit_with, markdown_table, slug, write_result
from benchmarks.shape import qwen3_06b, smollm2_135m
from samovar.core.errors import ConfigError
from samovar.engine.batch import Forward, Piece, make_batch
from samovar.engine.cache import blocks_for, make_memory
from samovar.engine.eager import EagerForward
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

QUESTION = "Tokens a second of writing and reading on a GPU, and the share of what memory and arithmetic allow"
CONTEXT = 8192
PAST = 480
"""Tokens of context when writing begins."""
AT_ENDS = 16
"""Tokens of an answer that may be written while other prompts are still read, or after the time was taken."""
READS = 5
"""How often prompts of one length are read."""
PEER_TOKENS = 32
"""Most new tokens of transformers, which takes its time for each."""
WIDER = {
    "1.7B": {"hidden_size": 2048, "intermediate_size": 6144},
    "4B": {"hidden_size": 2560, "intermediate_size": 9728, "num_layers": 36, "num_heads": 32},
}
"""What Qwen3's larger shapes have otherwise than its smallest."""
SIZES = ("tiny", "135M", "0.6B", *WIDER)
DATASHEET_BYTES_PER_SECOND = {"H100": 3.35e12, "H200": 4.8e12}


def shape_of(size: str) -> DecoderSettings:
    """The shape that a size stands for."""
    if size == "135M":
        # Without norms of queries and keys, as SmolLM2 is.
        return smollm2_135m(context=CONTEXT).model_copy(update={"family": "llama", "qk_norm": False})
    small = qwen3_06b(context=CONTEXT)
    if size == "tiny":
        return small.model_copy(update={"hidden_size": 256, "intermediate_size": 512, "num_layers": 2})
    return small.model_copy(update=WIDER.get(size, {}))


def random_model(shape: DecoderSettings) -> Decoder:
    """A decoder of random weights in bfloat16 on the GPU."""
    with torch.device("meta"):
        model = Decoder(shape)
    model.load_state_dict(
        {
            name: torch.empty(one.shape, dtype=torch.bfloat16, device="cuda").normal_(float(one.ndim == 1), 0.02)
            for name, one in model.state_dict().items()
        },
        assign=True,
    )
    return model.cuda().eval().requires_grad_(False)


def seconds(run: Callable[[], object], times: int) -> float:
    """The median time of a call, the GPU's work included, after one that does not count."""
    run()
    return median(_seconds_once(run) for _ in range(times))


def _seconds_once(run: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    started = perf_counter()
    run()
    torch.cuda.synchronize()
    return perf_counter() - started


def limits() -> dict[str, float]:
    """Bytes that a large copy reads and writes a second, and operations of a large product in bfloat16."""
    source = torch.empty(2**31, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    left, right = (torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    copied = seconds(lambda: target.copy_(source), 10)
    return {
        "bytes_per_second": 2 * len(source) / copied,
        "flops_per_second": 2 * 8192**3 / seconds(lambda: left @ right.T, 10),
    }


def step_bytes(shape: DecoderSettings, batch: int, context: int) -> int:
    """What a step of decoding must read: every matrix, the head, and keys and values of all sequences."""
    weights = shape.num_matrix_parameters + shape.vocab_size * shape.hidden_size
    kept = 2 * shape.num_layers * shape.num_kv_heads * shape.head_dim * context
    return 2 * (weights + batch * kept)


def read_flops(shape: DecoderSettings, prompts: Sequence[int]) -> float:
    """Of reading prompts of these lengths: two a matrix weight and token, attention to what comes before, the head."""
    matrices = 2.0 * shape.num_matrix_parameters * sum(prompts)
    attention = sum(2.0 * shape.num_layers * shape.num_heads * shape.head_dim * length**2 for length in prompts)
    return matrices + attention + 2.0 * shape.vocab_size * shape.hidden_size * len(prompts)


@torch.inference_mode()
def forward_seconds(model: Decoder, kind: str, batch: int, steps: int = 30) -> float:
    """Of one forward pass of decoding to its likeliest tokens, by ``kind``."""
    blocks_each = blocks_for(PAST + 2)
    memory = make_memory(
        model.settings, batch * blocks_each, form="plain", dtype=torch.bfloat16, device=torch.device("cuda")
    )
    forward: Forward = EagerForward(model, memory)
    if kind != "torch":
        from samovar.engine.gpu.graphs import GraphForward

        forward = GraphForward(model, memory, is_fused=kind != "eager kernels")
        if forward.fused is not None:
            forward.fused.has_vectors = kind == "graph"
    tables = [range(1 + row * blocks_each, 1 + (row + 1) * blocks_each) for row in range(batch)]
    one_each = make_batch([Piece(row, [row + 7], PAST, table, [0]) for row, table in enumerate(tables)])
    return seconds(lambda: forward.greedy(one_each, model.settings.vocab_size), steps)


def write_speed(engine: Engine, batch: int, new_tokens: int) -> float:
    """Tokens a second of the engine from the moment when every prompt is read until shortly before answers end.

    A step is begun before the last one is told of: so both moments lie at the same place of a step.
    """
    sampling = Sampling(temperature=0, max_tokens=new_tokens, ignore_eos=True)
    begun = dict.fromkeys((engine.add(prompt, sampling) for prompt in _prompts(batch, PAST)), False)
    while not all(begun.values()):
        begun |= {delta.request_id: True for delta in engine.step()}
    num_tokens, started = 0, perf_counter()
    for _ in range(new_tokens - AT_ENDS):
        num_tokens += sum(len(delta.ids) for delta in engine.step())
    taken = perf_counter() - started
    while engine.has_work:
        engine.step()
    return num_tokens / taken


def read_seconds(engine: Engine, count: int, length: int) -> tuple[float, list[float]]:
    """Of reading so many new prompts at once, each to its first token; and of the first two times at another length."""
    one = Sampling(temperature=0, max_tokens=1, ignore_eos=True)
    waiting = [_prompts(count, length) for _ in range(READS + 2)]
    engine.generate(waiting.pop(), one)
    usual = seconds(lambda: engine.generate(waiting.pop(), one), READS)
    shorter = [_prompts(count, length * 3 // 4) for _ in range(2)]
    return usual, [_seconds_once(lambda: engine.generate(shorter.pop(), one)) for _ in range(2)]


def measure(size: str, options: argparse.Namespace, limit: dict[str, float]) -> dict[str, Any]:
    """Everything of one size."""
    shape = shape_of(size)
    model = random_model(shape)
    tokenizer = train_tokenizer(["a text, as any tokenizer needs"] * 3, TokenizerSettings(vocab_size=300))
    found: dict[str, Any] = {"parameters": shape.num_parameters, "writing": {}, "reading": {}}
    for batch in options.batches:
        own = {kind: forward_seconds(model, kind, batch) for kind in options.kinds}
        tokens = (batch + 1) * (PAST + options.new_tokens + 32)
        engine = Engine(
            model, tokenizer, max_batch=batch, max_context=CONTEXT, cache_tokens=tokens + CONTEXT, way="graph"
        )
        speed = median(write_speed(engine, batch, options.new_tokens) for _ in range(3))
        least = step_bytes(shape, batch, PAST + options.new_tokens // 2) / limit["bytes_per_second"]
        found["writing"][batch] = {
            "tokens_per_second": speed,
            "share_of_memory": speed * least / batch,
            "least_step_seconds": least,
            "forward_seconds": own,
            "forward_share_of_memory": {kind: least / taken for kind, taken in own.items()},
        }
        say(f"{size}, {batch}: {speed:,.0f} tokens/s, {speed * least / batch:.0%}; " + _milliseconds(own))
        del engine
        torch.cuda.empty_cache()
    for count, length in options.reads:
        engine = Engine(
            model, tokenizer, max_batch=count, max_context=CONTEXT, cache_tokens=CONTEXT + 4096, way="graph"
        )
        taken, at_first = read_seconds(engine, count, length)
        forward: Any = engine._stepper.forward
        forward.captures_prompts = False
        one_by_one, _ = read_seconds(engine, count, length)
        share = read_flops(shape, [length] * count) / limit["flops_per_second"] / taken
        found["reading"][f"{count}x{length}"] = {
            "tokens_per_second": count * length / taken,
            "share_of_arithmetic": share,
            "seconds": taken,
            "seconds_kernel_by_kernel": one_by_one,
            "seconds_at_a_new_length": at_first,
        }
        say(
            f"{size}, reading {count} x {length}: {count * length / taken:,.0f} tokens/s, {share:.0%}; "
            f"{taken * 1e3:.2f} ms, at a new length {at_first[0] * 1e3:.0f} ms, then {at_first[1] * 1e3:.0f} ms; "
            f"kernel by kernel {one_by_one * 1e3:.2f} ms"
        )
        del engine
        torch.cuda.empty_cache()
    del model
    torch.cuda.empty_cache()
    if options.peer_batches and importlib.util.find_spec("transformers") is not None:
        found["transformers"] = _transformers(shape, options)
    return found


def _transformers(shape: DecoderSettings, options: argparse.Namespace) -> dict[str, float]:
    """Tokens a second that its ``generate`` writes, at each batch size and by each kind of cache."""
    from transformers import AutoConfig, AutoModelForCausalLM

    from samovar.model.checkpoint import family

    config = AutoConfig.for_model(**family(shape.family).to_hf_config(shape))
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    found, count = {}, min(options.new_tokens, PEER_TOKENS)
    for cache in options.peer_caches:
        for batch in options.peer_batches:
            tokens_BT = torch.tensor(_prompts(batch, PAST), device="cuda")

            def write(num_tokens: int, tokens_BT: torch.Tensor = tokens_BT, cache: str = cache) -> object:
                return model.generate(
                    tokens_BT,
                    attention_mask=torch.ones_like(tokens_BT),
                    do_sample=False,
                    min_new_tokens=num_tokens,
                    max_new_tokens=num_tokens,
                    eos_token_id=None,
                    pad_token_id=0,
                    **({} if cache == "default" else {"cache_implementation": cache}),
                )

            with torch.inference_mode():
                reading, whole = seconds(lambda: write(1), 1), seconds(lambda: write(1 + count), 1)
            found[f"{cache} {batch}"] = batch * count / (whole - reading)
            say(f"transformers, {cache} cache, {batch}: {found[f'{cache} {batch}']:,.0f} tokens/s")
    return found


def _prompts(count: int, length: int) -> list[list[int]]:
    """New ones at every call, so that nothing of them is known."""
    return [[random.randrange(20, 250) for _ in range(length)] for _ in range(count)]


def _milliseconds(taken: dict[str, float]) -> str:
    return ", ".join(f"{kind} {seconds * 1e3:.2f} ms" for kind, seconds in taken.items())


def table(sizes: dict[str, dict[str, Any]]) -> str:
    """The measurements for people."""
    rows = []
    for size, found in sizes.items():
        for batch, one in found["writing"].items():
            peers = found.get("transformers", {})
            peer = max((speed for label, speed in peers.items() if label.split()[1] == str(batch)), default=None)
            rows.append(
                [
                    *(f"{size}, writing {batch}", f"{one['tokens_per_second']:,.0f}", f"{one['share_of_memory']:.0%}"),
                    _milliseconds(one["forward_seconds"]),
                    "" if peer is None else f"{peer:,.0f}",
                ]
            )
        for name, one in found["reading"].items():
            rows.append(
                [
                    f"{size}, reading {name}",
                    f"{one['tokens_per_second']:,.0f}",
                    f"{one['share_of_arithmetic']:.0%}",
                    _milliseconds({"graph": one["seconds"], "kernel by kernel": one["seconds_kernel_by_kernel"]}),
                    "",
                ]
            )
    return markdown_table(["", "tokens/s", "of the limit", "forward pass", "transformers"], rows)


def main() -> None:
    """Measure every size, write the result, print the table."""
    options = _options()
    if not torch.cuda.is_available():
        raise ConfigError("there is no GPU to measure", hint="benchmarks.engine_speed measures processors")
    about, limit = _gpu(), limits()
    sheet = next((speed for name, speed in DATASHEET_BYTES_PER_SECOND.items() if name in about["name"]), None)
    say(f"{about['name']}: {limit['bytes_per_second'] / 1e12:.2f} TB/s, {limit['flops_per_second'] / 1e12:.0f} TFLOP/s")
    sizes: dict[str, dict[str, Any]] = {}
    body = {
        "settings": {name: value for name, value in vars(options).items() if not isinstance(value, Path)},
        "gpu": about,
        "limits": limit | {"datasheet_bytes_per_second": sheet},
        "sizes": sizes,
    }
    for size in options.sizes:
        sizes[size] = measure(size, options, limit)
        # After each: whoever lends the GPU may take it back.
        path = write_result(f"engine_gpu_{slug(about['name'])}", QUESTION, body, folder=options.out)
        say(f"{size} is in {path}")
    print(table(sizes))


def _gpu() -> dict[str, str]:
    """Name and driver of the GPU, the CUDA that torch was built with, and Triton's version."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "name": torch.cuda.get_device_name(),
        "driver": driver,
        "cuda": str(torch.version.cuda),
        "triton": importlib.metadata.version("triton"),
    }


def _pair(text: str) -> tuple[int, int]:
    count, _, length = text.partition("x")
    return int(count), int(length)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["135M", "0.6B", "1.7B"])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=["graph", "library products", "eager kernels", "torch"],
        default=["graph"],
        help="of forward passes: captured with our kernels, without those for one token, with torch's, or not captured",
    )
    parser.add_argument("--reads", type=_pair, nargs="+", default=[(1, 512), (1, 4096), (16, 512)], help="COUNTxLENGTH")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--peer-batches", type=int, nargs="*", default=[1, 32], help="of transformers; none: no peer")
    parser.add_argument("--peer-caches", nargs="+", choices=["default", "static"], default=["default"])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
