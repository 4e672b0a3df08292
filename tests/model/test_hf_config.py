"""Config files that describe no model, or one that needs what is not here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import write_json
from samovar.model.checkpoint import read_settings
from samovar.model.settings import DecoderSettings
from tests.model.family_cases import GPT2, LLAMA, MPT, OPT


def settings_of(folder: Path, config: dict[str, Any]) -> DecoderSettings:
    write_json(folder / "config.json", config)
    return read_settings(folder)


@pytest.mark.parametrize(
    "config",
    [
        {key: value for key, value in LLAMA.items() if key != "hidden_size"} | {"model_type": "llama"},
        LLAMA | {"model_type": "llama", "num_key_value_heads": 3},
        LLAMA | {"model_type": "llama", "hidden_size": "wide"},
        LLAMA | {"model_type": "llama", "num_attention_heads": None},
        LLAMA | {"model_type": "phi", "rope_parameters": {"partial_rotary_factor": 0.4}},
        LLAMA | {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 5},
    ],
    ids=["a key is missing", "heads do not divide", "a word", "null", "an odd share is rotated", "too few experts"],
)
def test_what_describes_no_model_is_corrupt(tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(CorruptError, match="does not describe a model"):
        settings_of(tmp_path, config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (LLAMA | {"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2.0}}, "'dynamic'"),
        (LLAMA | {"model_type": "llama", "hidden_act": "mish"}, "activation 'mish'"),
        (LLAMA | {"model_type": "gemma2", "use_bidirectional_attention": True}, "use_bidirectional_attention = True"),
        (LLAMA | {"model_type": "mistral", "layer_types": ["full_attention"]}, "layer_types = "),
        (GPT2 | {"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
        (MPT | {"model_type": "mpt", "attn_config": {"alibi": False}}, "alibi = False"),
        (OPT | {"model_type": "opt", "do_layer_norm_before": False}, "do_layer_norm_before = False"),
        (LLAMA | {"model_type": "phi", "tie_word_embeddings": True}, "tie_word_embeddings = True"),
    ],
)
def test_what_is_not_here_is_named(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, config)
    assert said in str(caught.value)
    assert caught.value.hint


def test_older_files_are_read_as_newer_ones(tmp_path: Path) -> None:
    llama3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
    older = LLAMA | {"model_type": "llama", "rope_theta": 5e5, "rope_scaling": llama3 | {"type": "llama3"}}
    newer = LLAMA | {
        "model_type": "llama",
        "rope_parameters": llama3 | {"rope_type": "llama3", "rope_theta": 5e5},
    }
    assert settings_of(tmp_path, older) == settings_of(tmp_path, newer)
    older = LLAMA | {"model_type": "gemma3_text", "rope_theta": 1e6, "rope_local_base_freq": 2e4, "sliding_window": 8}
    newer = LLAMA | {
        "model_type": "gemma3_text",
        "sliding_window": 8,
        "rope_parameters": {"full_attention": {"rope_theta": 1e6}, "sliding_attention": {"rope_theta": 2e4}},
    }
    assert settings_of(tmp_path, older) == settings_of(tmp_path, newer)
