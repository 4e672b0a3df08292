"""32,768 tokens of context: scaled rotations and windows as transformers computes them, in memory that stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Sampling
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings, RopeScaling
from samovar.tokenizer.tokenizer import Tokenizer

CONTEXT, SAID = 32_768, 4
SHAPES: dict[str, dict[str, Any]] = {
    "yarn": {"rope_scaling": RopeScaling(kind="yarn", factor=8.0, original_positions=4096)},
    "linear": {"rope_scaling": RopeScaling(kind="linear", factor=8.0, original_positions=CONTEXT)},
    "window": {"family": "mistral", "qk_norm": False, "window": 1000, "windowed_layers": (0, 1)},
}
ASKED = Sampling(temperature=0.0, max_tokens=SAID, logprobs=3)


def long_model(tokenizer: Tokenizer, folder: Path, **changes: Any) -> Path:
    """A tiny model in which places matter much: its scores are large."""
    shape = {
        "vocab_size": tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 32, "num_layers": 2,
        "num_heads": 1, "num_kv_heads": 1, "head_dim": 16, "max_positions": CONTEXT, "rope_theta": 1_000_000.0,
    }  # fmt: skip
    torch.manual_seed(3)
    model = Decoder(DecoderSettings.model_validate(shape | changes))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(2.0 if "_norm" in name and parameter.ndim == 1 else 0.0, 0.4)
    tokenizer.save(folder)
    save_model(model, folder)
    return folder


def prompt(tokenizer: Tokenizer) -> list[int]:
    drawn = torch.randint(30, tokenizer.vocab_size - 10, (CONTEXT - SAID,), generator=torch.Generator().manual_seed(1))
    return drawn.tolist()


@torch.inference_mode()
def by_transformers(folder: Path, ids: list[int]) -> torch.Tensor:
    """Log-probabilities of the next token, read in pieces: a mask of all tokens by all tokens would take gigabytes."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    past = None
    for start in range(0, len(ids), 4096):
        piece = torch.tensor([ids[start : start + 4096]])
        output = model(piece, past_key_values=past, use_cache=True, logits_to_keep=1)
        past = output.past_key_values
    return output.logits[0, -1].float().log_softmax(0)


def first_of(answer: Completion) -> torch.Tensor:
    """The log-probabilities that are told of the first token: its own and the likeliest."""
    told = answer.logprobs[0]
    return torch.tensor([told.logprob, *(one for _, one in told.top)])


@pytest.mark.parametrize("length", [3000, pytest.param(CONTEXT - SAID, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", SHAPES)
def test_the_next_token_is_as_likely_as_in_transformers(
    kind: str, length: int, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    ids = prompt(tokenizer)[:length]
    folder = long_model(tokenizer, tmp_path / "scaled", **SHAPES[kind])
    model = load_model(folder, dtype=torch.float32)
    (answer,) = Engine(model, tokenizer, max_batch=1, prefill_tokens=2048, max_context=length + SAID).generate(
        [ids], ASKED
    )
    assert len(answer.ids) == SAID or answer.finish_reason == "stop"
    told = answer.logprobs[0]
    expected_V = by_transformers(folder, ids)
    assert told.top[0][0] == int(expected_V.argmax())
    expected = expected_V[[told.token, *(token for token, _ in told.top)]]
    torch.testing.assert_close(first_of(answer), expected, atol=5e-3, rtol=5e-3)


def test_the_scaling_is_what_makes_it_so(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Without it, or with another, the same weights say something else: the test above could fail."""
    ids = prompt(tokenizer)[:4000]
    found = []
    for number, changes in enumerate([SHAPES["yarn"], SHAPES["linear"], {}]):
        folder = long_model(tokenizer, tmp_path / str(number), **changes)
        (answer,) = Engine.load(folder, max_batch=1, max_context=4096, way="eager").generate([ids], ASKED)
        found.append(first_of(answer))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert float((found[one] - found[other]).abs().max()) > 0.05


@pytest.mark.slow
def test_reading_32k_takes_memory_by_the_piece(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """All queries by all keys would be 1 GiB even as one byte each."""
    folder = long_model(tokenizer, tmp_path / "scaled", **SHAPES["yarn"])
    script = (
        "import resource, sys, torch; from pathlib import Path; from samovar.engine.engine import Engine\n"
        "from samovar.engine.request import Sampling; from samovar.model.checkpoint import load_model\n"
        "from samovar.tokenizer.tokenizer import Tokenizer\n"
        "torch.set_num_threads(1)\n"
        f"folder = Path({str(folder)!r})\n"
        "model = load_model(folder, dtype=torch.float32)\n"
        "engine = Engine(model, Tokenizer.load(folder), max_batch=1, prefill_tokens=512)\n"
        "engine.generate([[40, 41, 42]], Sampling(temperature=0.0, max_tokens=2))\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        f"engine.generate([[40 + n % 200 for n in range({CONTEXT - SAID})]], Sampling(temperature=0.0, max_tokens=2))\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 400  # MiB
