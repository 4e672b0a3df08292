"""Every family that is known goes into a format, with parity, or is refused by what it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.engine.export import gguf, hf, two_files
from samovar.engine.export.gguf_header import llama_cpp_shape
from samovar.model.checkpoint import family, save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.model.family_cases import CASES, Case

CASE_OF = {case.name: case for case in CASES}
IN_GGUF = {"llama-plain", "llama-llama3", "llama-linear", "mistral-no-window", "qwen2-plain", "qwen3-plain"}
IN_TWO_FILES = IN_GGUF | {"llama-biases", "qwen3-biases"}


def shape_of(case: Case) -> DecoderSettings:
    config = {"model_type": case.family, "tie_word_embeddings": case.ties[0], **case.config}
    return family(case.family).from_hf_config(config)


@pytest.mark.parametrize(
    ("check", "expected"),
    [(llama_cpp_shape, IN_GGUF), (two_files.check_shape, IN_TWO_FILES)],
    ids=["gguf", "two-files"],
)
def test_a_family_is_taken_or_refused_by_what_it_has(
    check: Callable[[DecoderSettings], Any], expected: set[str]
) -> None:
    taken, refusals = set(), []
    for case in CASES:
        try:
            check(shape_of(case))
            taken.add(case.name)
        except ConfigError as error:
            refusals.append(error)
    assert taken == expected
    assert all(error.hint for error in refusals)
    assert any("of the family gemma2" in str(error) and "activation 'gelu_tanh'" in str(error) for error in refusals)


@pytest.mark.parametrize(
    ("export", "name"),
    [
        *[(hf.export, name) for name in ("gpt2-plain", "gemma2-soft-caps", "mixtral-experts", "mpt-plain")],
        *[(gguf.export, name) for name in ("llama-linear", "mistral-no-window")],
        *[(two_files.export, name) for name in ("llama-biases", "qwen3-biases", "llama-linear")],
    ],
    ids=lambda value: value if isinstance(value, str) else value.__module__.rpartition(".")[2],
)
def test_it_is_exported_with_parity(
    export: Callable[..., dict[str, Any]], name: str, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    if export is gguf.export:
        pytest.importorskip("gguf")
    torch.manual_seed(5)
    model = Decoder(shape_of(CASE_OF[name])).eval().requires_grad_(False)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0.0 if parameter.ndim > 1 else 0.7, 0.2)
    tokenizer.save(tmp_path / "source")
    save_model(model, tmp_path / "source")
    assert export(tmp_path / "source", tmp_path / "out")["parity"].num_tokens > 0
