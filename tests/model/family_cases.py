"""The families that are proved, each with small configurations for the tests, and the table of them in docs/.

``python -m tests.model.family_cases > docs/families.md`` writes the table anew; a test compares it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VOCABULARY = 384
CONTEXT = 96


@dataclass(frozen=True)
class Case:
    """One configuration of a family, as transformers' configuration class takes it."""

    family: str
    variant: str
    config: dict[str, Any]
    ties: tuple[bool, ...]
    """Whether the head is the embedding table: tested with each of these."""

    @property
    def name(self) -> str:
        return f"{self.family}-{self.variant}".replace(" ", "-")


@dataclass(frozen=True)
class Proved:
    """A family, what is opened as it, and its cases; none where a written reference stands for transformers."""

    models: str
    cases: list[Case] = field(default_factory=list)
    reference: str = ""


LLAMA: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 32}
LINEAR = {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}
GEMMA = LLAMA | {"head_dim": 16, "sliding_window": 12, "query_pre_attn_scalar": 24}
GPT2 = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": CONTEXT}
FALCON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
}
MPT = {"vocab_size": VOCABULARY, "d_model": 32, "n_layers": 3, "n_heads": 4, "max_seq_len": CONTEXT}
OPT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "ffn_dim": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
}
WITHOUT_GROUPS = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}


def _cases(family: str, base: dict[str, Any], ties: tuple[bool, ...] = (True, False), **variants: Any) -> list[Case]:
    """The first variant with every kind of head, the others with the last."""
    return [
        Case(family, name.replace("_", " "), base | changes, ties[-1:] if number else ties)
        for number, (name, changes) in enumerate(variants.items())
    ]


PROVED: dict[str, Proved] = {
    "baichuan": Proved(
        "Baichuan 1 and 2, 7B and 13B",
        reference="rotary 7B; ALiBi 13B; the head's rows scaled to length one in Baichuan 2",
    ),
    "falcon": Proved(
        "Falcon 7B, 40B, 180B, 11B, RW",
        _cases(
            "falcon",
            FALCON,
            multi_query={},
            new_decoder={"new_decoder_architecture": True, "num_kv_heads": 2},
            one_norm={"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
            alibi={"alibi": True, "multi_query": False, "parallel_attn": False, "bias": True},
            # Slopes that bfloat16 cannot hold.
            alibi_of_16={"alibi": True, "multi_query": False, "hidden_size": 64, "num_attention_heads": 16},
            rope_in_sequence={"multi_query": False, "parallel_attn": False, "ffn_hidden_size": 48},
        ),
    ),
    "gemma2": Proved(
        "Gemma 2; Saiga Gemma 2",
        _cases(
            "gemma2",
            GEMMA,
            soft_caps={"attn_logit_softcapping": 3.0, "final_logit_softcapping": 4.0},
            no_caps={"attn_logit_softcapping": None, "final_logit_softcapping": None},
        ),
    ),
    "gemma3_text": Proved(
        "Gemma 3 (1B and 270M; the text model of the larger ones, as `gemma3`)",
        _cases(
            "gemma3_text",
            GEMMA,
            alternating={"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]},
            scaled={
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
                "rope_parameters": {
                    "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                },
            },
        ),
    ),
    "gpt2": Proved(
        "GPT-2, DialoGPT; ruGPT-3, ruGPT-3.5",
        _cases("gpt2", GPT2, plain={}, narrow={"n_inner": 48, "activation_function": "gelu"}),
    ),
    "granite": Proved(
        "Granite 3",
        _cases(
            "granite",
            LLAMA,
            multipliers={
                "embedding_multiplier": 12.0,
                "residual_multiplier": 0.22,
                "attention_multiplier": 0.2,
                "logits_scaling": 8.0,
            },
        ),
    ),
    "llama": Proved(
        "LLaMA 1, 2, 3; Alpaca, Vicuna, Guanaco, Koala, Orca 2, Yi, SmolLM2, TinyLlama, DeepSeek LLM; Saiga 1, 2, "
        "Saiga Llama 3",
        _cases(
            "llama",
            LLAMA,
            plain={},
            llama3={"rope_parameters": LLAMA3 | {"original_max_position_embeddings": 32}},
            linear={"rope_parameters": LINEAR},
            yarn={"rope_parameters": YARN},
            biases={"attention_bias": True, "mlp_bias": True, "head_dim": 16},
        ),
    ),
    "mistral": Proved(
        "Mistral 7B, Nemo, Zephyr, OpenHermes 2.5; Saiga Mistral, Saiga Nemo",
        _cases("mistral", LLAMA, window={"sliding_window": 12}, no_window={"sliding_window": None, "head_dim": 16}),
    ),
    "mixtral": Proved(
        "Mixtral 8x7B, 8x22B",
        _cases(
            "mixtral",
            LLAMA,
            experts={"num_local_experts": 4, "num_experts_per_tok": 2},
            window={"num_local_experts": 4, "num_experts_per_tok": 1, "sliding_window": 12},
        ),
    ),
    "mpt": Proved(
        "MPT 7B, 30B, StoryWriter",
        _cases("mpt", MPT, plain={}, clipped={"n_heads": 2, "attn_config": {"clip_qkv": 0.5}}),
    ),
    "opt": Proved(
        "OPT, all sizes but 350M",
        _cases("opt", OPT, plain={}, gelu={"enable_bias": False, "activation_function": "gelu"}),
    ),
    "persimmon": Proved(
        "Persimmon 8B",
        _cases("persimmon", WITHOUT_GROUPS, plain={}, no_norm={"qk_layernorm": False}),
    ),
    "phi": Proved(
        "Phi 1, 1.5, 2",
        _cases("phi", LLAMA, (False,), plain={}, normed={"qk_layernorm": True, "partial_rotary_factor": 0.25}),
    ),
    "qwen": Proved("Qwen 1, up to the length that it was trained on", reference="biases on and off"),
    "qwen2": Proved(
        "Qwen 1.5, 2, 2.5",
        _cases(
            "qwen2",
            LLAMA,
            plain={},
            window={"use_sliding_window": True, "sliding_window": 12, "max_window_layers": 1},
        ),
    ),
    "qwen3": Proved(
        "Qwen 3; what is trained here from scratch",
        _cases(
            "qwen3",
            LLAMA,
            plain={"head_dim": 16},
            window={"use_sliding_window": True, "sliding_window": 12, "max_window_layers": 2},
            biases={"attention_bias": True},
        ),
    ),
    "qwen3_moe": Proved(
        "Qwen 3 with experts (30B-A3B, 235B-A22B)",
        _cases(
            "qwen3_moe",
            LLAMA | EXPERTS,
            experts={},
            mixed={"norm_topk_prob": True, "mlp_only_layers": [1]},
            window={"use_sliding_window": True, "sliding_window": 12},
        ),
    ),
}

CASES = [case for proved in PROVED.values() for case in proved.cases]
FIRST = [proved.cases[0] for proved in PROVED.values() if proved.cases]

_HEAD = """# Model families

What of other people's models opens here: for training, adapters, quantization, the engine, and saved again as what it
was. One decoder class takes all of them by configuration; `samovar/model/families/` has a file a family, named after
the `model_type` of its `config.json`.

This table is made from the tests (`python -m tests.model.family_cases > docs/families.md`; a test compares them). A
family stands in it when, for every variant named, with small random weights in float32: the logits are those of
transformers to 1e-4; greedy answers of the engine, with prompts read in chunks and several at once, are those of
transformers; the model saved here, in one file and in several, opens in transformers with every weight the same; int8
weights survive a round trip. Qwen 1 and Baichuan are not in transformers: their logits are compared with their
equations written out in the tests, and what is saved with what was read.

| `model_type` | opened as it | variants proved | output head |
|---|---|---|---|
"""

_TAIL = """
Names of models are from their makers' descriptions: with the same `model_type` they have the same shape. What was
tested is the shape, not each of those models.

Not opened: weights as pickles (`pytorch_model.bin`) unless you allow them; rotary scalings "dynamic" and "longrope";
OPT 350M; MPT with learned positions; inputs of Qwen 1 longer than it was trained on; pictures for Gemma 3.

## Encoders

`samovar.model.encoder_checkpoint.load_encoder` opens them as embedders and classifiers, and `samovar reward` makes
reward models of them (docs/preferences.md); `samovar/model/encoders/` has a file a family. With small random weights in
float32, in padded batches: the vectors of tokens, embeddings of texts and classes are those of transformers to 1e-5 and
gradients to 1e-4, texts that share a row are as alone, and reward models that were trained here score in transformers,
with the family's own tokenizer, as here.

| `model_type` | opened as it | variants proved |
|---|---|---|
{encoders}
Not opened: DeBERTa 1, and DeBERTa 2 with a convolution (xlarge, xxlarge); encoders without a `tokenizer.json` as reward
models (saved once more by transformers' AutoTokenizer, a folder has one).

## Encoder and decoder

`samovar.model.seq2seq` lets transformers run T5, mT5 and UMT5 (the extra `t5`).
"""

ENCODERS = {
    "bert": ("BERT; ruBERT; cross-encoders of MiniLM", "plain"),
    "deberta-v2": ("DeBERTa 3, mDeBERTa 3; OpenAssistant's reward models", "plain, kinds of tokens"),
    "distilbert": ("DistilBERT", "plain"),
    "electra": ("ELECTRA; ruELECTRA", "plain, narrow embedding"),
    "modernbert": ("ModernBERT; RuModernBERT", "plain, biases and mean of tokens"),
    "roberta": ("RoBERTa", "plain"),
    "xlm-roberta": ("XLM-RoBERTa; BGE rerankers", "plain"),
}
"""What is opened as each family of encoders, and its cases in test_encoder.py."""


def table() -> str:
    """The page about families."""
    rows = []
    for name, proved in sorted(PROVED.items()):
        variants = ", ".join(case.variant for case in proved.cases) or f"written reference: {proved.reference}"
        ties = {tie for case in proved.cases for tie in case.ties} or {False}
        head = " and ".join(word for is_tied, word in ((True, "tied"), (False, "own")) if is_tied in ties)
        rows.append(f"| `{name}` | {proved.models} | {variants} | {head} |\n")
    encoders = "".join(f"| `{name}` | {models} | {cases} |\n" for name, (models, cases) in ENCODERS.items())
    return _HEAD + "".join(rows) + _TAIL.format(encoders=encoders)


if __name__ == "__main__":
    print(table(), end="")
