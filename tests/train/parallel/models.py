"""Small models of every wiring that several processes have to agree on."""

from __future__ import annotations

from typing import Any

import torch

from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings

PLAIN: dict[str, Any] = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_layers": 2, "num_heads": 4, "num_kv_heads": 2,
    "head_dim": 16, "max_positions": 32,
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "qwen3": {},
    "untied with biases": {"tie_embeddings": False, "attention_bias": True, "mlp_bias": True, "output_bias": True,
                           "norm": "layer", "qk_norm": False, "head_bias": True},
    "parallel, plain, alibi": {"block": "parallel_one_norm", "mlp": "plain", "position": "alibi", "qk_norm": False},
    "learned positions": {"position": "learned", "mlp": "plain", "qk_norm": False},
    "experts": {"num_experts": 24, "experts_per_token": 1, "expert_size": 32, "expert_layers": (0, 1)},
}  # fmt: skip


def make_model(shape: dict[str, Any]) -> Decoder:
    """All of its weights matter: none is zero."""
    model = Decoder(DecoderSettings.model_validate(PLAIN | shape))
    initialize(model, 1)
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=draw))
    return model
