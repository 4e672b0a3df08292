"""Encoders against transformers: vectors of tokens, embeddings of texts, classes; T5 through transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.model.encoder_checkpoint import load_encoder

SHAPE = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
}
TOKENS = torch.randint(2, 100, (2, 20), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([20, 13])
IS_TOKEN = torch.arange(20) < LENGTHS[:, None]
PADDED = TOKENS.masked_fill(~IS_TOKEN, 1)


def theirs_of(family: str, kind: str, folder: Path, **config: object) -> Any:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    shape = transformers.AutoConfig.for_model(family, **SHAPE, **config)
    model = getattr(transformers, f"AutoModel{kind}").from_config(shape, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
@torch.no_grad()
def test_vectors_and_embeddings_are_theirs(family: str, tmp_path: Path) -> None:
    theirs = theirs_of(family, "", tmp_path)
    expected = theirs(input_ids=PADDED, attention_mask=IS_TOKEN.long()).last_hidden_state
    ours = load_encoder(tmp_path)
    found = ours(PADDED, is_token_BT=IS_TOKEN)
    torch.testing.assert_close(found[IS_TOKEN], expected[IS_TOKEN], atol=1e-4, rtol=1e-4)
    mean = torch.stack([row[:length].mean(0) for row, length in zip(expected, LENGTHS, strict=True)])
    mean = mean / mean.norm(dim=1, keepdim=True)
    torch.testing.assert_close(ours.embed(PADDED, is_token_BT=IS_TOKEN), mean, atol=1e-4, rtol=1e-4)
    (tmp_path / "1_Pooling").mkdir()
    write_json(tmp_path / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    first = expected[:, 0] / expected[:, 0].norm(dim=1, keepdim=True)
    torch.testing.assert_close(load_encoder(tmp_path).embed(PADDED, is_token_BT=IS_TOKEN), first, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
@torch.no_grad()
def test_classes_are_theirs(family: str, tmp_path: Path) -> None:
    labels = {0: "calm", 1: "cross", 2: "unsure"}
    theirs = theirs_of(family, "ForSequenceClassification", tmp_path, id2label=labels)
    types = (torch.arange(20) >= 9).long().expand(2, -1) if family == "bert" else None
    expected = theirs(input_ids=PADDED, attention_mask=IS_TOKEN.long(), token_type_ids=types).logits
    ours = load_encoder(tmp_path)
    assert ours.settings.labels == ("calm", "cross", "unsure")
    found = ours.classify(PADDED, is_token_BT=IS_TOKEN, types_BT=types)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_what_predicts_masked_words_is_left_aside(tmp_path: Path) -> None:
    theirs = theirs_of("bert", "ForMaskedLM", tmp_path)
    ours = load_encoder(tmp_path)
    with torch.no_grad():
        expected = theirs.bert(input_ids=TOKENS).last_hidden_state
        torch.testing.assert_close(ours(TOKENS), expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(ConfigError, match="no classes"):
        ours.classify(TOKENS)
    with pytest.raises(ConfigError, match="41 tokens, and the encoder reads 40"):
        ours(torch.ones(1, 41, dtype=torch.long))
    write_json(tmp_path / "config.json", read_json(tmp_path / "config.json") | {"model_type": "llama"})
    with pytest.raises(ConfigError, match="'llama', which is not known here"):
        load_encoder(tmp_path)


def test_t5_answers_through_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    from samovar.model.seq2seq import Seq2Seq

    words = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", "tea", "hot", "is", "the", "cold"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens(["<pad>", "</s>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0
    )
    theirs = transformers.T5ForConditionalGeneration(config).eval()
    theirs.save_pretrained(tmp_path)
    texts = ["the tea is hot", "cold"]
    answers = Seq2Seq.load(tmp_path).answer(texts, max_tokens=5)
    for text, answer in zip(texts, answers, strict=True):
        ids, told = torch.tensor([tokenizer.encode(text).ids]), [0]
        for _ in range(5):
            with torch.no_grad():
                told.append(int(theirs(input_ids=ids, decoder_input_ids=torch.tensor([told])).logits[0, -1].argmax()))
            if told[-1] == 1:
                break
        assert answer == tokenizer.decode(told, skip_special_tokens=True)
    write_json(tmp_path / "config.json", read_json(tmp_path / "config.json") | {"model_type": "bart"})
    with pytest.raises(ConfigError, match="'bart'"):
        Seq2Seq.load(tmp_path)
