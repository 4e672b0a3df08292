"""Encoders against transformers: vectors, embeddings, classes, gradients; T5 through transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import read_json, write_json
from samovar.model.encoder import Encoder
from samovar.model.encoder_attention import kinds_of_distances
from samovar.model.encoder_checkpoint import encoder_family, encoder_names, load_encoder, load_encoder_settings
from samovar.model.encoder_settings import EncoderSettings
from samovar.train.activations import Pass, layer_bytes
from tests.model.family_cases import ENCODERS

SIZES: dict[str, Any] = {"vocab_size": 100, "max_position_embeddings": 40, "pad_token_id": 1}
SHAPE = SIZES | {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
MODERN = SHAPE | {"num_hidden_layers": 4, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
DEBERTA = SHAPE | {
    "relative_attention": True, "position_biased_input": False, "share_att_key": True, "norm_rel_ebd": "layer_norm",
    "pos_att_type": "p2c|c2p", "position_buckets": 8, "max_relative_positions": -1,
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("bert", SHAPE),
    "roberta": ("roberta", SHAPE),
    "xlm-roberta": ("xlm-roberta", SHAPE | {"type_vocab_size": 1}),
    "electra": ("electra", SHAPE | {"embedding_size": 32}),
    "electra-narrow": ("electra", SHAPE | {"embedding_size": 16}),
    "distilbert": ("distilbert", SIZES | {"dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 4}),
    # A window of four to either side, far shorter than the texts; the first and the last layer see all.
    "modernbert": ("modernbert", MODERN | {"local_attention": 8}),
    "modernbert-biases": ("modernbert", MODERN | {
        "local_attention": 12, "norm_bias": True, "attention_bias": True, "mlp_bias": True, "classifier_bias": True,
        "classifier_pooling": "mean", "classifier_activation": "silu", "layer_types": ["sliding_attention"] * 2 +
        ["full_attention"] * 2, "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 5e4},
        "sliding_attention": {"rope_type": "default", "rope_theta": 3e2}},
    }),
    # Kinds of distances from five tokens on are shared, and from 16 on there is one.
    "deberta-v2": ("deberta-v2", DEBERTA | {"max_relative_positions": 16}),
    "deberta-v2-types": ("deberta-v2", DEBERTA | {"type_vocab_size": 2, "pos_att_type": ["c2p", "p2c"]}),
}  # fmt: skip
TOKENS = torch.randint(4, 100, (2, 30), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([30, 13])
IS_TOKEN = torch.arange(30) < LENGTHS[:, None]
PADDED = TOKENS.masked_fill(~IS_TOKEN, 1)
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def theirs_of(case: str, kind: str, folder: Path, **config: object) -> Any:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    family, shape = CASES[case]
    settings = transformers.AutoConfig.for_model(family, **shape, **config)
    model = getattr(transformers, f"AutoModel{kind}").from_config(settings, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return model


def types_of(case: str) -> torch.Tensor | None:
    """Which tokens are of a second text, where the family is told."""
    is_told = case in ("bert", "electra", "electra-narrow", "deberta-v2-types")
    return (torch.arange(30) >= 9).long().expand(2, -1) if is_told else None


@pytest.mark.parametrize("case", CASES)
@torch.no_grad()
def test_vectors_and_embeddings_are_theirs(case: str, tmp_path: Path) -> None:
    theirs = theirs_of(case, "", tmp_path)
    expected = theirs(input_ids=PADDED, attention_mask=IS_TOKEN.long()).last_hidden_state
    ours = load_encoder(tmp_path)
    found = ours(PADDED, is_token_BT=IS_TOKEN)
    torch.testing.assert_close(found[IS_TOKEN], expected[IS_TOKEN], **CLOSE)
    assert found.isfinite().all()
    mean = torch.stack([row[:length].mean(0) for row, length in zip(expected, LENGTHS, strict=True)])
    mean = mean / mean.norm(dim=1, keepdim=True)
    torch.testing.assert_close(ours.embed(PADDED, is_token_BT=IS_TOKEN), mean, **CLOSE)
    (tmp_path / "1_Pooling").mkdir()
    write_json(tmp_path / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    first = expected[:, 0] / expected[:, 0].norm(dim=1, keepdim=True)
    torch.testing.assert_close(load_encoder(tmp_path).embed(PADDED, is_token_BT=IS_TOKEN), first, **CLOSE)


@pytest.mark.parametrize("case", CASES)
@torch.no_grad()
def test_classes_are_theirs(case: str, tmp_path: Path) -> None:
    labels = {0: "calm", 1: "cross", 2: "unsure"}
    theirs = theirs_of(case, "ForSequenceClassification", tmp_path, id2label=labels)
    types = types_of(case)
    their_types = {} if types is None else {"token_type_ids": types}
    expected = theirs(input_ids=PADDED, attention_mask=IS_TOKEN.long(), **their_types).logits
    ours = load_encoder(tmp_path)
    assert ours.settings.labels == ("calm", "cross", "unsure")
    assert ours.settings.types_by_text == (types is not None)
    found = ours.classify(PADDED, is_token_BT=IS_TOKEN, types_BT=types)
    torch.testing.assert_close(found, expected, **CLOSE)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_theirs(case: str, tmp_path: Path) -> None:
    theirs = theirs_of(case, "ForSequenceClassification", tmp_path).train(False)
    theirs(input_ids=PADDED, attention_mask=IS_TOKEN.long()).logits[:, 0].sum().backward()
    ours = load_encoder(tmp_path).requires_grad_(True)
    ours.recomputes_layers = True
    ours.classify(PADDED, is_token_BT=IS_TOKEN)[:, 0].sum().backward()
    found = {name: parameter.grad for name, parameter in ours.named_parameters()}
    expected = encoder_family(ours.settings.family).LAYOUT.to_ours(
        {name: parameter.grad for name, parameter in theirs.named_parameters() if parameter.grad is not None}
    )
    # transformers gives the row of padding no gradient; here too, as nothing of it reaches a score.
    assert expected.keys() == {name for name, gradient in found.items() if gradient is not None}
    for name, gradient in expected.items():
        torch.testing.assert_close(
            found[name], gradient, atol=1e-5, rtol=1e-4, msg=lambda why, name=name: f"{name}: {why}"
        )


@pytest.mark.parametrize("case", CASES)
@torch.no_grad()
def test_texts_in_one_row_are_as_alone(case: str, tmp_path: Path) -> None:
    theirs_of(case, "", tmp_path)
    ours = load_encoder(tmp_path)
    row = torch.cat([TOKENS[0, :17], TOKENS[1, :13], TOKENS[0, :30]])[None]
    document = torch.tensor([[4] * 17 + [2] * 13 + [-1] * 30])
    together = ours(row, document_BT=document)
    torch.testing.assert_close(together[:, :17], ours(row[:, :17]), **CLOSE)
    torch.testing.assert_close(together[:, 17:30], ours(row[:, 17:30]), **CLOSE)
    torch.testing.assert_close(together[:, 30:], ours(row[:, 30:]), **CLOSE)


@pytest.mark.parametrize("case", CASES)
def test_its_size_is_known_before_it_is_opened(case: str, tmp_path: Path) -> None:
    theirs = theirs_of(case, "", tmp_path)
    known = load_encoder_settings(tmp_path).num_parameters
    found = sum(parameter.numel() for name, parameter in theirs.named_parameters() if "pooler" not in name)
    assert abs(known - found) <= 0.04 * found, "but for a few vectors"


@pytest.mark.parametrize(
    "shape",
    [
        {"position": "learned"},
        {"position": "rope", "block": "pre", "mlp": "gated", "window": 32, "windowed_layers": (1, 2)},
        {"position": "distance", "num_buckets": 256, "max_distance": 512},
    ],
    ids=["learned", "rope", "distance"],
)
def test_a_layer_keeps_no_more_for_its_gradient_than_is_reckoned(shape: dict[str, Any]) -> None:
    settings = EncoderSettings(
        family="any", vocab_size=50, hidden_size=128, intermediate_size=512, num_layers=3, num_heads=4,
        max_positions=512, **shape,
    )  # fmt: skip
    encoder = Encoder(settings)
    parameters = {parameter.untyped_storage().data_ptr() for parameter in encoder.parameters()}

    def held(layers: int) -> int:
        """Bytes kept of a row of 512 tokens by so many layers."""
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        encoder.layers = torch.nn.ModuleList(list(every)[:layers])
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = encoder(torch.ones(1, 512, dtype=torch.long), document_BT=torch.zeros(1, 512, dtype=torch.long))
        assert result.requires_grad
        return sum(size for address, size in kept.items() if address not in parameters)

    every = encoder.layers
    told = 512 * layer_bytes(settings.decoder_of_its_size, Pass(context=512, compute_bytes=4))
    assert 0.6 * told <= held(3) - held(2) <= told


@pytest.mark.parametrize("case", ["roberta", "electra-narrow", "distilbert", "modernbert", "deberta-v2"])
@torch.no_grad()
def test_the_heads_of_pretraining_are_left_aside(case: str, tmp_path: Path) -> None:
    theirs = theirs_of(case, "ForPreTraining" if case.startswith("electra") else "ForMaskedLM", tmp_path)
    expected = theirs.base_model(input_ids=TOKENS).last_hidden_state
    torch.testing.assert_close(load_encoder(tmp_path)(TOKENS), expected, **CLOSE)


@pytest.mark.parametrize(
    ("case", "change", "words"),
    [
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type = 'relative_key'"),
        ("electra", {"is_decoder": True}, "is_decoder = True"),
        ("distilbert", {"activation": "mish"}, "activation 'mish'"),
        ("modernbert", {"rope_parameters": {"full_attention": {"rope_type": "yarn"}}}, "rope_type = 'yarn'"),
        ("deberta-v2", {"conv_kernel_size": 3}, "conv_kernel_size = 3"),
        ("deberta-v2", {"pos_att_type": ["c2p"]}, r"pos_att_type = \['c2p'\]"),
        ("deberta-v2", {"share_att_key": False}, "share_att_key = False"),
        ("deberta-v2", {"position_buckets": -1}, "position_buckets = -1"),
        ("deberta-v2", {"relative_attention": False}, "relative_attention = False"),
    ],
)
def test_what_is_not_here_is_refused(case: str, change: dict[str, Any], words: str, tmp_path: Path) -> None:
    family, shape = CASES[case]
    write_json(tmp_path / "config.json", shape | {"model_type": family} | change)
    with pytest.raises(ConfigError, match=words) as caught:
        load_encoder_settings(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(("buckets", "longest"), [(256, 512), (256, 1024), (48, 500), (4, 4)])
def test_distances_are_of_the_kinds_of_deberta(buckets: int, longest: int) -> None:
    pytest.importorskip("transformers")
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

    place = torch.arange(700)
    expected = make_log_bucket_position(place[:, None] - place[None, :], buckets, longest).long() + buckets
    found = kinds_of_distances(700, buckets, longest, torch.device("cpu"))
    torch.testing.assert_close(found, expected.clamp(0, 2 * buckets - 1))


def test_every_family_is_proved_and_told() -> None:
    assert {family for family, _ in CASES.values()} == set(encoder_names()) == set(ENCODERS)


def test_a_shape_that_cannot_be_is_damage(tmp_path: Path) -> None:
    for case, change, words in (
        ("bert", {"num_attention_heads": 5}, "does not divide"),
        ("deberta-v2", {"position_buckets": 80}, "80 kinds of distances"),
        ("distilbert", {"dim": None}, "hidden_size"),
    ):
        family, shape = CASES[case]
        write_json(tmp_path / "config.json", shape | {"model_type": family} | change)
        with pytest.raises(CorruptError, match=words):
            load_encoder_settings(tmp_path)


def test_older_files_of_modernbert_say_the_same_in_other_words(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    older = MODERN | {
        "model_type": "modernbert", "global_attn_every_n_layers": 2, "global_rope_theta": 7e4, "local_rope_theta": 2e2
    }  # fmt: skip
    write_json(tmp_path / "config.json", older)
    found = load_encoder_settings(tmp_path)
    transformers.AutoConfig.from_pretrained(tmp_path).save_pretrained(tmp_path)
    assert "global_rope_theta" not in read_json(tmp_path / "config.json")
    assert load_encoder_settings(tmp_path) == found
    assert found.windowed_layers == (1, 3)
    assert (found.rope_theta, found.local_rope_theta) == (7e4, 2e2)


def test_what_predicts_masked_words_is_left_aside(tmp_path: Path) -> None:
    theirs = theirs_of("bert", "ForMaskedLM", tmp_path)
    ours = load_encoder(tmp_path)
    with torch.no_grad():
        expected = theirs.bert(input_ids=TOKENS).last_hidden_state
        torch.testing.assert_close(ours(TOKENS), expected, **CLOSE)
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
    opened = Seq2Seq.load(tmp_path)
    answers = opened.answer(texts, max_tokens=5)
    assert opened.answer([]) == []
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
