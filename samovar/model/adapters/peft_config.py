"""adapter_config.json: what kind of adapter it is, its ranks and scales, in PEFT's keys."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import read_config_file
from samovar.model.adapters.peft_names import LowRank, their_modules
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import family
from samovar.model.decoder import Decoder

CONFIG = "adapter_config.json"
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "peft_type": ("LORA",),
    "bias": ("none", None),
    "lora_bias": (False, None),
    "modules_to_save": (None, []),
    "trainable_token_indices": (None, [], {}),
    "target_parameters": (None, []),
    "layer_replication": (None, []),
    "megatron_config": (None,),
    "use_qalora": (False, None),
    "alora_invocation_tokens": (None, []),
    "arrow_config": (None,),
}
"""Keys of adapter_config.json that change what an adapter does, with the values that change nothing."""
_KEEPS_BASE = (True, False, None, "gaussian", "orthogonal", "eva")
"""Values of init_lora_weights that leave the base as it is; others (pissa, olora, corda, loftq) change it as well."""


def make_config(model: Decoder, parts: dict[str, LowRank], settings: AdapterSettings, base: Path) -> dict[str, Any]:
    """adapter_config.json for ``parts``, the adapters of ``model`` by Hugging Face's names.

    The rank and alpha that most modules share are the rule, others stand in patterns.
    """
    alphas = {name: _alpha(part, settings.use_rslora) for name, part in parts.items()}
    (rank, alpha), _ = Counter((part.rank, alphas[name]) for name, part in parts.items()).most_common(1)[0]
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        # A name and no path: where a folder lies on one machine means nothing on another.
        "base_model_name_or_path": base.resolve().name,
        "inference_mode": True,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": settings.dropout,
        "target_modules": _target_names(model, parts),
        "use_rslora": settings.use_rslora,
        "use_dora": settings.use_dora,
        "bias": "none",
        "modules_to_save": None,
        "fan_in_fan_out": bool(family(model.settings.family).layout(model.settings).transposed),
        "init_lora_weights": True,
        "rank_pattern": {name: part.rank for name, part in parts.items() if part.rank != rank},
        "alpha_pattern": {name: value for name, value in alphas.items() if value != alpha},
    }


def _alpha(part: LowRank, use_rslora: bool) -> float:
    """The alpha that gives the part's scale; a whole number where it is one, as most readers expect."""
    alpha = round(part.scale * (part.rank**0.5 if use_rslora else part.rank), 9)
    return int(alpha) if alpha == int(alpha) else alpha


def _target_names(model: Decoder, parts: dict[str, LowRank]) -> list[str]:
    """What adapter_config.json calls the modules: by the last part of the name, and more of it where need be.

    GPT-2 calls two maps of a layer c_proj: where only one has an adapter, it is attn.c_proj.
    """
    others = their_modules(model) - parts.keys()
    names = set()
    for name in parts:
        words = name.split(".")
        tails = (".".join(words[first:]) for first in range(len(words) - 1, -1, -1))
        names.add(next(tail for tail in tails if not any(f".{other}".endswith(f".{tail}") for other in others)))
    return sorted(names)


def read_config(folder: Path) -> dict[str, Any]:
    """The adapter_config.json of ``folder``.

    Raises:
        MissingError: there is none.
        CorruptError: it is not one.
        ConfigError: it asks for what is not supported here.
    """
    hint = "name the folder that `samovar sft` wrote as adapter/, or that peft's save_pretrained wrote"
    config = read_config_file(folder / CONFIG, of="adapter", hint=hint, again="make or copy the adapter again")
    for key in ("r", "lora_alpha"):
        if not isinstance(config.get(key), int | float) or config[key] <= 0:
            raise CorruptError(
                f"{folder / CONFIG} has {key} = {config.get(key)!r}, which is no positive number",
                hint="make or copy the adapter again",
            )
    for key, allowed in _UNSUPPORTED.items():
        if key in config and config[key] not in allowed:
            raise ConfigError(
                f"{folder / CONFIG} has {key} = {config[key]!r}, which is not supported here",
                hint="LoRA, rsLoRA and DoRA of linear maps open; merge others with peft's merge_and_unload",
            )
    if config.get("init_lora_weights", True) not in _KEEPS_BASE:
        raise ConfigError(
            f"{folder / CONFIG} has init_lora_weights = {config['init_lora_weights']!r}, which changes the base too",
            hint="convert it with peft: save_pretrained(…, path_initial_model_for_weight_conversion=…)",
        )
    return config


def rank_and_scale(config: dict[str, Any], module: str) -> tuple[int, float]:
    """What ``config`` says of the module that Hugging Face calls so."""
    rank = int(_of_module(config.get("rank_pattern"), module, config["r"]))
    alpha = float(_of_module(config.get("alpha_pattern"), module, config["lora_alpha"]))
    return rank, alpha / (rank**0.5 if config.get("use_rslora") else rank)


def _of_module(pattern: dict[str, Any] | None, module: str, otherwise: Any) -> Any:
    """The value of ``module``: of the first key of ``pattern`` that its name ends with, read as peft reads it."""
    for key, value in (pattern or {}).items():
        if re.fullmatch(rf"(.*\.)?({key})", module) or (key.startswith("^") and re.match(key, module)):
            return value
    return otherwise
