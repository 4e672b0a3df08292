"""Tiny encoders of every family: random weights, and a tokenizer that joins pairs as the family's own does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tests.train.tiny_preferences import THINGS

WORDS = [
    "please", "thanks", "kindly", "now", "fool", "hurry", "how", "do", "i", "ask", "for", "the", "pass", "and", "?",
    ".", "[", "]", "sep", *THINGS,
]  # fmt: skip
POSITIONS = 32
"""Tokens that each of them reads."""
_SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
SHAPES: dict[str, dict[str, Any]] = {
    "bert": _SIZES,
    "roberta": _SIZES | {"max_position_embeddings": POSITIONS + 2},
    "xlm-roberta": _SIZES | {"max_position_embeddings": POSITIONS + 2, "type_vocab_size": 1},
    "electra": _SIZES | {"embedding_size": 16},
    "distilbert": {"dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 2},
    "modernbert": _SIZES | {
        "num_hidden_layers": 3, "local_attention": 8, "global_attn_every_n_layers": 2, "classifier_pooling": "mean"
    },
    "deberta-v2": _SIZES | {
        "relative_attention": True, "position_biased_input": False, "share_att_key": True, "position_buckets": 8,
        "norm_rel_ebd": "layer_norm", "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 2,
    },
}  # fmt: skip
_BRACKETS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_ANGLES = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def make_encoder(folder: Path, family: str, kind: str = "", **config: Any) -> Path:
    """A folder of this family; ``kind`` is what its class does in transformers."""
    import transformers

    tokenizer = _tokenizer(family)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos", "cls", "sep")}
    shape = {"max_position_embeddings": POSITIONS, "vocab_size": len(tokenizer), **ids, **SHAPES[family], **config}
    settings = transformers.AutoConfig.for_model(family, **shape)
    model = getattr(transformers, f"AutoModel{kind}").from_config(settings, dtype=torch.float32)
    model.save_pretrained(folder)
    return folder


def _tokenizer(family: str) -> Any:
    import transformers

    pieces = [(f"{space}{word}", -1.0) for word in WORDS for space in ("▁", "")] + [("▁", -3.0)]
    if family in ("bert", "electra", "distilbert"):
        own = transformers.DistilBertTokenizer if family == "distilbert" else transformers.BertTokenizer
        return own(vocab={name: number for number, name in enumerate([*_BRACKETS, *WORDS])})
    if family == "deberta-v2":
        return transformers.DebertaV2Tokenizer(
            vocab=[*((mark, 0.0) for mark in _BRACKETS), *pieces], do_lower_case=True
        )
    if family == "xlm-roberta":
        return transformers.XLMRobertaTokenizer(vocab=[*((mark, 0.0) for mark in _ANGLES), *pieces])
    return _of_words(family)


def _of_words(family: str) -> Any:
    """RoBERTa and ModernBERT know bytes; whole words keep texts short, and only how a pair is joined is their own."""
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    marks = _ANGLES if family == "roberta" else _BRACKETS
    first, pad, last, unknown = (marks[place] for place in ((0, 1, 2, 3) if family == "roberta" else (2, 0, 3, 1)))
    names = [*marks, *WORDS]
    tokenizer = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token=unknown))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = ((last, names.index(last)), (first, names.index(first)))
    tokenizer.post_processor = (
        processors.RobertaProcessing(*ends)
        if family == "roberta"
        else processors.TemplateProcessing(
            single=f"{first} $A {last}", pair=f"{first} $A {last} $B {last}", special_tokens=list(ends)
        )
    )
    tokenizer.add_special_tokens(marks)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token=first, sep_token=last, pad_token=pad, unk_token=unknown,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
