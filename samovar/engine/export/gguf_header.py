"""What llama.cpp has to be told of a decoder: its architecture's name, the names of its tensors, its tokenizer.

Axes: O outputs, I inputs of a matrix; R frequencies, half of a head's width.

The formats' names are those of the package gguf. Three of llama.cpp's architectures are the decoder's plain shape:
``qwen3`` (norms of queries and keys), ``qwen2`` (biases of queries, keys and values) and ``llama`` (neither), which
also serves Mistral, Yi, SmolLM2 and all the others that are Llama by another name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.core.extras import require
from samovar.engine.export.shape import described, unusual
from samovar.engine.export.vocabulary import Vocabulary
from samovar.model.card import Card
from samovar.model.positions import frequencies
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "qwen3": {},
    "qwen2": {"qk_norm": False, "attention_bias": True},
    "llama": {"qk_norm": False},
}
"""Name -> in what the decoder differs from Qwen3's."""

TENSORS = {
    "embed_tokens": "TOKEN_EMBD",
    "norm": "OUTPUT_NORM",
    "lm_head": "OUTPUT",
    "input_layernorm": "ATTN_NORM",
    "self_attn.q_proj": "ATTN_Q",
    "self_attn.k_proj": "ATTN_K",
    "self_attn.v_proj": "ATTN_V",
    "self_attn.o_proj": "ATTN_OUT",
    "self_attn.q_norm": "ATTN_Q_NORM",
    "self_attn.k_norm": "ATTN_K_NORM",
    "post_attention_layernorm": "FFN_NORM",
    "mlp.gate_proj": "FFN_GATE",
    "mlp.up_proj": "FFN_UP",
    "mlp.down_proj": "FFN_DOWN",
}
"""The decoder's module, within its layer -> gguf's MODEL_TENSOR."""

PRE_TOKENIZERS = {
    ("qwen2", False): "qwen2",
    ("llama3", True): "llama-bpe",
    # The same pattern, for a tokenizer that joins even words that are tokens from their bytes.
    ("llama3", False): "smaug-bpe",
    ("gpt2", False): "gpt-2",
    ("smollm", False): "smollm",
}
"""Split, and whether whole words are preferred -> llama.cpp's name for both."""


class LlamaCppShape(NamedTuple):
    """How llama.cpp knows a decoder."""

    architecture: str
    turned_heads: dict[str, int]
    """Modules whose outputs it wants in another order -> their heads: it rotates neighbours, and not halves."""
    rope_factor_R: Tensor | None
    """By what each frequency is divided; None: as they are."""


def llama_cpp_shape(settings: DecoderSettings) -> LlamaCppShape:
    """The architecture that computes what the decoder does.

    Raises:
        ConfigError: there is none, or it is not known here.
    """
    found = unusual(settings)
    names = [name for name, differences in ARCHITECTURES.items() if differences == found]
    if not names:
        raise ConfigError(
            f"a decoder of the family {settings.family} cannot be written as GGUF here: it has {described(found)}",
            hint=f"the shapes of {', '.join(ARCHITECTURES)} can; for others export --format hf, and use llama.cpp's "
            "own converter on that folder",
        )
    heads_width = settings.num_heads * settings.head_dim
    if names[0] == "qwen2" and heads_width != settings.hidden_size:
        raise ConfigError(
            f"llama.cpp's qwen2 has heads as wide as the model, which is {settings.hidden_size}, and not {heads_width}",
            hint="export --format hf, or two-files",
        )
    is_llama = names[0] == "llama"
    scaling = settings.rope_scaling
    if scaling is not None and not (scaling.kind == "linear" or (scaling.kind == "llama3" and is_llama)):
        raise ConfigError(
            f"rotary frequencies scaled by {scaling.kind} cannot be written as GGUF for {names[0]} here",
            hint="export --format hf, and use llama.cpp's own converter on that folder",
        )
    return LlamaCppShape(
        architecture=names[0],
        turned_heads={"q_proj": settings.num_heads, "k_proj": settings.num_kv_heads} if is_llama else {},
        rope_factor_R=_rope_factors(settings) if scaling is not None and scaling.kind == "llama3" else None,
    )


def tensor_name(name: str) -> str:
    """llama.cpp's name of one of the decoder's tensors: ``layers.3.mlp.up_proj.weight`` is ``blk.3.ffn_up.weight``."""
    gguf = require("gguf", extra="gguf")
    module, _, kind = name.rpartition(".")
    number = ""
    if module.startswith("layers."):
        _, number, module = module.split(".", 2)
    tensor = gguf.MODEL_TENSOR[TENSORS[module]]
    return f"{gguf.TENSOR_NAMES[tensor].format(bid=number)}.{kind}"


def turned(weight: Tensor, heads: int, *, back: bool = False) -> Tensor:
    """The rows of a map to rotated queries or keys in llama.cpp's order, or ``back`` in ours.

    Ours has in each head the first coordinates of all points, then all second ones; llama.cpp's llama has point after
    point. A bias is a column.
    """
    inner = (-1, 2) if back else (2, -1)
    return weight.reshape(heads, *inner, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape).contiguous()


def write_shape(writer: Any, settings: DecoderSettings, shape: LlamaCppShape) -> None:
    """The decoder's numbers into the header."""
    gguf = require("gguf", extra="gguf")
    writer.add_vocab_size(settings.vocab_size)
    writer.add_context_length(settings.max_positions)
    writer.add_embedding_length(settings.hidden_size)
    writer.add_block_count(settings.num_layers)
    writer.add_feed_forward_length(settings.intermediate_size)
    writer.add_head_count(settings.num_heads)
    writer.add_head_count_kv(settings.num_kv_heads)
    writer.add_key_length(settings.head_dim)
    writer.add_value_length(settings.head_dim)
    writer.add_layer_norm_rms_eps(settings.norm_eps)
    writer.add_rope_dimension_count(settings.head_dim)
    writer.add_rope_freq_base(settings.rope_theta)
    if settings.rope_scaling is not None and settings.rope_scaling.kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(settings.rope_scaling.factor)


def write_terms(writer: Any, card: Card | None) -> None:
    """Where the weights are from, and on what terms they may be used; nothing of a model of one's own."""
    if card is None:
        return
    terms = card.terms
    writer.add_description(" ".join((f"{terms.name}: {terms.summary}.", *terms.conditions)))
    writer.add_license(terms.licences[0].id)
    writer.add_license_name(terms.name)
    if terms.licences[0].link:
        writer.add_license_link(terms.licences[0].link)
    if card.base_model:
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, card.base_model)


def write_tokenizer(writer: Any, vocabulary: Vocabulary, tokenizer: Tokenizer, *, num_rows: int) -> None:
    """The vocabulary into the header.

    Args:
        writer: gguf's.
        vocabulary: of the tokenizer.
        tokenizer: the same, for its special tokens and its template.
        num_rows: of the embedding table, which may be longer than the vocabulary.
    """
    gguf = require("gguf", extra="gguf")
    marks = set(vocabulary.marks.values())
    tokens = [*vocabulary.tokens, *[""] * (num_rows - len(vocabulary.tokens))]
    kinds = [_kind(gguf.TokenType, number, token, marks, vocabulary.hidden) for number, token in enumerate(tokens)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZERS[vocabulary.split, vocabulary.prefers_whole_words])
    writer.add_token_list([token or f"[PAD{number}]" for number, token in enumerate(tokens)])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in vocabulary.merges])
    writer.add_eos_token_id(tokenizer.eos_id)
    # Without it llama.cpp takes token 11 for the beginning of a text, whatever that is.
    writer.add_bos_token_id(tokenizer.begin_ids[0] if tokenizer.begin_ids else tokenizer.document_end_id)
    writer.add_pad_token_id(tokenizer.pad_id)
    writer.add_add_bos_token(bool(tokenizer.begin_ids))
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _kind(kinds: Any, number: int, token: str, marks: set[int], hidden: frozenset[int]) -> Any:
    if not token:
        return kinds.UNUSED
    if number in marks:
        return kinds.CONTROL if number in hidden else kinds.USER_DEFINED
    return kinds.NORMAL


def _rope_factors(settings: DecoderSettings) -> Tensor:
    plain_R, _ = frequencies(settings.head_dim, settings.rope_theta)
    scaled_R, _ = frequencies(settings.head_dim, settings.rope_theta, settings.rope_scaling)
    return plain_R / scaled_R
