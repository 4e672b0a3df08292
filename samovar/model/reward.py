"""A decoder that gives a text a number: its head is one row, read behind the last token.

On disk it is what transformers opens as AutoModelForSequenceClassification with one label, of the families that have
such a class there.
Axes: D model width, N places.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.model.checkpoint import (
    CONFIG,
    GENERATION,
    TOKEN_IDS,
    check_fit,
    check_room,
    copy_companions,
    family,
    read_config,
    read_settings,
)
from samovar.model.decoder import Decoder
from samovar.model.linear import Linear
from samovar.model.shards import read_headers, read_weights, weight_files, write_sharded

_SUFFIX = "ForSequenceClassification"
_NAMES = {
    "gpt2": "GPT2", "llama": "Llama", "mistral": "Mistral", "mixtral": "Mixtral", "qwen2": "Qwen2", "qwen3": "Qwen3",
    "qwen3_moe": "Qwen3Moe", "gemma2": "Gemma2", "gemma3_text": "Gemma3Text", "phi": "Phi", "falcon": "Falcon",
    "mpt": "Mpt", "opt": "OPT", "persimmon": "Persimmon",
}  # fmt: skip
"""What transformers calls a family of which it has a classifier. Those of others are opened here alone."""


class RewardDecoder(Decoder):
    """A decoder without logits, and with a score in their place."""

    score: Linear

    @classmethod
    def of(cls, model: Decoder, *, seed: int) -> RewardDecoder:
        """Make ``model`` one, with a fresh head; it is changed in place."""
        weight = torch.empty(1, model.settings.hidden_size)
        deviation = (model.settings.hidden_size + 1) ** -0.5  # Stiennon et al. 2020, arXiv:2009.01325, appendix B
        if not weight.is_meta:
            nn.init.normal_(weight, std=deviation, generator=torch.Generator().manual_seed(seed))
        model.__class__ = cls
        assert isinstance(model, cls)  # a decoder has no slots: it is now
        model.lm_head = None
        model.score = Linear(model.settings.hidden_size, 1, bias=False)
        model.score.weight = nn.Parameter(weight.to(model.norm.weight.device))
        return model

    def scores(self, hidden_ND: Tensor) -> Tensor:
        """The number behind each place, N; in float32, as bfloat16 has no more than three figures."""
        return (hidden_ND.float() @ self.score.weight.float().mT).squeeze(-1)


def is_reward(folder: Path) -> bool:
    """Whether the model in ``folder`` is of this kind."""
    named = read_config(folder).get("architectures") or [""]
    return str(named[0]).endswith(_SUFFIX)


def load_reward(folder: Path, *, dtype: torch.dtype | None = None) -> RewardDecoder:
    """Open the reward model in ``folder``, in evaluation mode.

    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: it is a model of another kind.
        ResourceError: the weights do not fit into memory.
    """
    if not is_reward(folder):
        raise ConfigError(
            f"{folder} holds no reward model (architectures: {read_config(folder).get('architectures')})",
            hint="train one with `samovar reward`",
        )
    settings = read_settings(folder)
    layout = family(settings.family).layout(settings)
    files = weight_files(folder)
    with torch.device("meta"):
        model = RewardDecoder.of(Decoder(settings), seed=0)
    found = layout.to_ours(read_headers(files), settings)
    check_fit(folder, model, found)
    check_room(folder, found, dtype)
    state: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in layout.to_ours(read_weights(path), settings).items():
            state[name] = tensor.to(dtype or tensor.dtype, copy=True, memory_format=torch.contiguous_format)
    model.load_state_dict(state, strict=True, assign=True)
    model.folder = folder
    return model.eval().requires_grad_(False)


def save_reward(model: RewardDecoder, folder: Path, *, base: Path, dtype: torch.dtype | None = None) -> None:
    """Write ``model`` to ``folder``, with tokenizer and card of ``base``; the score stays in float32.

    Raises:
        ResourceError: the folder cannot be written.
    """
    its_family = family(model.settings.family)
    copy_companions(base, folder)
    ours = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith("score.")}
    state = {
        name: tensor.detach().to(dtype or tensor.dtype).contiguous().cpu()
        for name, tensor in its_family.layout(model.settings).to_theirs(ours, model.settings).items()
    }
    state["score.weight"] = model.score.weight.detach().float().cpu()
    write_sharded(state, folder)
    config: dict[str, Any] = its_family.to_hf_config(model.settings) | _token_ids(base)
    config |= reward_config(_name(model.settings.family), dtype or model.norm.weight.dtype)
    write_json(folder / CONFIG, config)


def _name(family_name: str) -> str:
    return _NAMES.get(family_name, family_name.capitalize())


def reward_config(name: str, dtype: torch.dtype) -> dict[str, Any]:
    """What config.json says of a reward model, beside its shape; ``name`` is transformers' of its family."""
    return {
        "architectures": [name + _SUFFIX],
        "id2label": {"0": "reward"},
        "label2id": {"reward": 0},
        "problem_type": "regression",
        "dtype": str(dtype).removeprefix("torch."),
    }


def _token_ids(base: Path) -> dict[str, Any]:
    """Those of the base. transformers reads the score of a padded text before the first padding: it has to know it."""
    said = {**read_config(base), **(read_json(base / GENERATION) if (base / GENERATION).is_file() else {})}
    ids = {key: said[key] for key in TOKEN_IDS if said.get(key) is not None}
    ends = ids.get("eos_token_id")
    if "pad_token_id" not in ids and ends is not None:
        ids["pad_token_id"] = ends[0] if isinstance(ends, list) else ends
    return ids
