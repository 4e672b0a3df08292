"""Tiny models of other families, as their makers would put them on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.tokenizer import foreign

LLAMA3_MARKS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def tiny_model(folder: Path, kind: str, *, template: str | None = None, **sizes: Any) -> Path:
    """A model of random weights with its tokenizer: ``qwen3``, ``qwen2``, ``llama2``, ``llama3`` or ``gpt2``."""
    _tokenizer(folder, kind, template)
    _weights(folder, kind, sizes)
    return folder


def write_front_matter(folder: Path, **values: Any) -> None:
    """A model card with these in its front matter."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    (folder / "README.md").write_text("---\n" + "\n".join(lines) + "\n---\n\n# A model\n", encoding="utf-8")


def _tokenizer(folder: Path, kind: str, template: str | None) -> None:
    if kind == "llama2":
        foreign.sentencepiece_like(folder)
        foreign.configure(folder, template, bos_token="<s>", eos_token="</s>", unk_token="<unk>", add_bos_token=True)
    elif kind == "llama3":
        foreign.byte_level(folder, bos=LLAMA3_MARKS[0], marks=LLAMA3_MARKS)
        foreign.configure(folder, template, bos_token=LLAMA3_MARKS[0], eos_token="<|end_of_text|>")
    else:
        marks = ["<|endoftext|>"] if kind == "gpt2" else ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        foreign.byte_level(folder, marks=marks)
        foreign.configure(folder, template, eos_token="<|endoftext|>", pad_token="<|endoftext|>")


def _weights(folder: Path, kind: str, sizes: dict[str, Any]) -> None:
    import torch
    import transformers

    torch.manual_seed(0)
    rows = 1 + max(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"].values()) + 12
    if kind == "gpt2":
        config: Any = transformers.GPT2Config(vocab_size=rows, n_embd=32, n_layer=2, n_head=4, n_positions=256)
        model: Any = transformers.GPT2LMHeadModel(config)
    else:
        names = {"qwen3": "Qwen3", "qwen2": "Qwen2", "llama2": "Llama", "llama3": "Llama"}
        extra = {"head_dim": 8} if kind == "qwen3" else {}
        config = getattr(transformers, f"{names[kind]}Config")(vocab_size=rows, **{**SIZES, **extra, **sizes})
        model = getattr(transformers, f"{names[kind]}ForCausalLM")(config)
    model.to(torch.bfloat16).save_pretrained(folder)
