from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import ConfigError, CorruptError
from samovar.engine.export import gguf as gguf_format
from samovar.engine.export.gguf import export
from samovar.engine.export.gguf_header import llama_cpp_shape, tensor_name, turned
from samovar.engine.export.parity import Transcript, compare, load_plain, transcripts
from samovar.engine.export.two_files import describe_tokenizer
from samovar.engine.export.vocabulary import read_vocabulary
from samovar.engine.quantize import quantize_folder
from samovar.model.card import read_card
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings, RopeScaling
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from tests.model.foreign_models import write_front_matter

gguf = pytest.importorskip("gguf")

LLAMA = {"family": "llama", "qk_norm": False}
LLAMA3 = LLAMA | {"rope_scaling": RopeScaling(kind="llama3", factor=8.0, original_positions=32)}
LINEAR = LLAMA | {"rope_scaling": RopeScaling(kind="linear", factor=2.0, original_positions=96)}
QWEN2 = {"family": "qwen2", "qk_norm": False, "attention_bias": True, "head_dim": 8}
TEXTS = (
    "It's 12345! We'll see,  don't\twait…\r\n\r\n  next  ",
    "Самовар пел на столе,\n\nи чай был горячим — ещё 3,5 чашки №7…  ",
    "naïve café 漢字 한국어 ½ 👩‍👩‍👧",
)


def opened(folder: Path) -> Any:
    (path,) = folder.iterdir()
    return gguf.GGUFReader(path)


def value(reader: Any, key: str) -> Any:
    return reader.get_field(key).contents()


def numbers(tensor: Any) -> np.ndarray:
    return np.array(gguf.dequantize(tensor.data, tensor.tensor_type))


def make(folder: Path, model: Decoder, tokenizer: Tokenizer, changes: dict[str, Any]) -> Decoder:
    """A model of another shape in ``folder``."""
    shape = DecoderSettings.model_validate(model.settings.model_dump() | changes)
    torch.manual_seed(3)
    other = Decoder(shape)
    for parameter in other.parameters():
        torch.nn.init.normal_(parameter, 0.0 if parameter.ndim > 1 else 0.7, 0.3)
    tokenizer.save(folder)
    save_model(other.eval().requires_grad_(False), folder)
    return other


@pytest.mark.parametrize("weight_type", ["f32", "f16", "bf16", "q8_0"])
def test_every_tensor_and_the_header_are_the_models(
    source: Path, model: Decoder, tokenizer: Tokenizer, tmp_path: Path, weight_type: Any
) -> None:
    found = export(source, tmp_path / "out", weight_type=weight_type)
    assert found["files"] == [f"model-{weight_type}.gguf"]
    assert found["architecture"] == "qwen3"
    reader = opened(tmp_path / "out")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, model.settings.num_layers)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    for name, expected in model.state_dict().items():
        # Their own table of Hugging Face's names finds the tensor that ours wrote.
        stored = tensors.pop(names.get_name(f"model.{name}", try_suffixes=(".weight",)))
        kind = "F32" if expected.ndim == 1 else weight_type.upper()
        assert stored.tensor_type.name == kind
        assert stored.shape.tolist() == list(reversed(expected.shape))
        weight = expected.numpy()
        if kind == "Q8_0":
            rounded = gguf.dequantize(gguf.quantize(weight, stored.tensor_type), stored.tensor_type)
            np.testing.assert_array_equal(numbers(stored), rounded)
        else:
            dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[kind]
            np.testing.assert_array_equal(numbers(stored), expected.to(dtype).float().numpy())
    assert not tensors

    shape = model.settings
    assert {
        "embedding_length": shape.hidden_size,
        "feed_forward_length": shape.intermediate_size,
        "block_count": shape.num_layers,
        "attention.head_count": shape.num_heads,
        "attention.head_count_kv": shape.num_kv_heads,
        "attention.key_length": shape.head_dim,
        "attention.value_length": shape.head_dim,
        "context_length": shape.max_positions,
        "rope.freq_base": shape.rope_theta,
        "vocab_size": shape.vocab_size,
    } == {
        key: value(reader, f"qwen3.{key}")
        for key in (
            "embedding_length", "feed_forward_length", "block_count", "attention.head_count",
            "attention.head_count_kv", "attention.key_length", "attention.value_length", "context_length",
            "rope.freq_base", "vocab_size",
        )
    }  # fmt: skip
    assert value(reader, "qwen3.attention.layer_norm_rms_epsilon") == pytest.approx(shape.norm_eps)
    kinds = {"f32": "ALL_F32", "f16": "MOSTLY_F16", "bf16": "MOSTLY_BF16", "q8_0": "MOSTLY_Q8_0"}
    assert value(reader, "general.file_type") == gguf.LlamaFileType[kinds[weight_type]]


def test_the_licence_goes_along(source: Path, tmp_path: Path) -> None:
    write_front_matter(source, license="cc-by-nc-4.0", base_model="tea/llama")
    (source / "LICENSE").write_text("The whole text.")
    found = export(source, tmp_path / "out")
    assert found["files"] == ["LICENSE", "README.md", "model-f16.gguf"]
    card = read_card(tmp_path / "out")
    assert card is not None
    assert card.terms.kind == "non-commercial"
    reader = gguf.GGUFReader(tmp_path / "out" / "model-f16.gguf")
    assert value(reader, "general.license") == "cc-by-nc-4.0"
    assert "creativecommons.org" in value(reader, "general.license.link")
    assert "Commercial use is not allowed." in value(reader, "general.description")
    assert value(reader, "general.base_model.0.name") == "tea/llama"


@pytest.mark.parametrize(("split", "pre"), [("qwen2", "qwen2"), ("llama3", "smaug-bpe")])
def test_the_tokenizer_goes_along(model: Decoder, tmp_path: Path, split: Any, pre: str) -> None:
    texts = ["The samovar sang 12345 songs on the table.", "Самовар пел на столе."] * 3
    trained = train_tokenizer(texts, TokenizerSettings(vocab_size=310, split=split))
    make(tmp_path / "source", model, trained, {})
    export(tmp_path / "source", tmp_path / "out")
    reader = opened(tmp_path / "out")
    assert value(reader, "tokenizer.ggml.model") == "gpt2"
    assert value(reader, "tokenizer.ggml.pre") == pre
    parts = json.loads((tmp_path / "source" / "tokenizer.json").read_text())
    tokens, kinds = value(reader, "tokenizer.ggml.tokens"), value(reader, "tokenizer.ggml.token_type")
    assert len(tokens) == len(kinds) == model.settings.vocab_size
    for token, number in parts["model"]["vocab"].items():
        assert (tokens[number], kinds[number]) == (token, gguf.TokenType.NORMAL)
    for added in parts["added_tokens"]:
        kind = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
        assert (tokens[added["id"]], kinds[added["id"]]) == (added["content"], kind)
    assert set(kinds[trained.vocab_size :]) == {gguf.TokenType.UNUSED}
    assert len(set(tokens)) == len(tokens)
    merges = [tuple(merge.split(" ")) for merge in value(reader, "tokenizer.ggml.merges")]
    assert merges == [tuple(merge) for merge in parts["model"]["merges"]]
    assert value(reader, "tokenizer.ggml.eos_token_id") == trained.eos_id
    assert value(reader, "tokenizer.ggml.padding_token_id") == trained.document_end_id
    assert value(reader, "tokenizer.ggml.add_bos_token") is False
    assert value(reader, "tokenizer.chat_template") == trained.chat_template


def test_llama_3_prefers_whole_words(model: Decoder, tmp_path: Path) -> None:
    trained = train_tokenizer(["a samovar"] * 3, TokenizerSettings(vocab_size=264, split="llama3"))
    make(tmp_path / "source", model, trained, {})
    path = tmp_path / "source" / "tokenizer.json"
    parts = json.loads(path.read_text())
    parts["model"]["ignore_merges"] = True
    path.write_text(json.dumps(parts))
    export(tmp_path / "source", tmp_path / "out")
    assert value(opened(tmp_path / "out"), "tokenizer.ggml.pre") == "llama-bpe"


LETTERS = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}


@pytest.mark.parametrize(
    ("steps", "pre"),
    [
        (LETTERS, "gpt-2"),
        ({"type": "Sequence", "pretokenizers": [DIGITS, LETTERS]}, "smollm"),
        ({"type": "Sequence", "pretokenizers": [DIGITS | {"individual_digits": False}, LETTERS]}, None),
    ],
)
def test_the_splits_of_gpt2_and_smollm_are_known(
    model: Decoder, tokenizer: Tokenizer, tmp_path: Path, steps: dict[str, Any], pre: str | None
) -> None:
    make(tmp_path / "source", model, tokenizer, {})
    path = tmp_path / "source" / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pre_tokenizer": steps, "normalizer": None}))
    if pre is None:
        with pytest.raises(ConfigError, match="in a way that is not known here"):
            export(tmp_path / "source", tmp_path / "out")
        return
    export(tmp_path / "source", tmp_path / "out")
    assert value(opened(tmp_path / "out"), "tokenizer.ggml.pre") == pre
    with pytest.raises(ConfigError, match="does not cut text into words"):
        describe_tokenizer(read_vocabulary(tmp_path / "source", tokenizer), tokenizer)


@pytest.mark.parametrize(
    ("changes", "architecture"),
    [
        (LLAMA, "llama"),
        (LLAMA | {"tie_embeddings": False, "num_kv_heads": 1}, "llama"),
        (LLAMA3, "llama"),
        (QWEN2, "qwen2"),
    ],
    ids=["llama", "untied", "llama3", "qwen2"],
)
def test_other_architectures(
    model: Decoder, tokenizer: Tokenizer, tmp_path: Path, changes: dict[str, Any], architecture: str
) -> None:
    other = make(tmp_path / "source", model, tokenizer, changes)
    assert export(tmp_path / "source", tmp_path / "out", weight_type="f32")["architecture"] == architecture
    reader = opened(tmp_path / "out")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[architecture.upper()], other.settings.num_layers)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    for name, expected in other.state_dict().items():
        theirs = name if name.startswith("lm_head") else f"model.{name}"
        stored = numbers(tensors.pop(names.get_name(theirs, try_suffixes=(".weight", ".bias"))))
        weight = expected.numpy()
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            heads = other.settings.num_heads if "q_proj" in name else other.settings.num_kv_heads
            half = len(weight) // heads // 2
            # Row i of a head's first half and row i of its second half become neighbours.
            for head in range(heads):
                for row in range(half):
                    base = head * 2 * half
                    np.testing.assert_array_equal(stored[base + 2 * row], weight[base + row])
                    np.testing.assert_array_equal(stored[base + 2 * row + 1], weight[base + half + row])
        else:
            np.testing.assert_array_equal(stored, weight)
    if "rope_scaling" in changes:
        factor = numbers(tensors.pop("rope_freqs.weight"))
        assert factor.min() == 1
        assert factor.max() == pytest.approx(8)
    assert not tensors


def test_int8_weights_become_q8_0_without_being_rounded_again(source: Path, tmp_path: Path) -> None:
    quantize_folder(source, tmp_path / "int8")
    export(tmp_path / "int8", tmp_path / "out", weight_type="q8_0")
    tensors = {tensor.name: tensor for tensor in opened(tmp_path / "out").tensors}
    plain = load_plain(tmp_path / "int8").state_dict()
    exact = [name for name in plain if name.split(".")[-2].endswith("_proj")]
    assert len(exact) == 14
    for name in exact:
        np.testing.assert_array_equal(numbers(tensors[tensor_name(name)]), plain[name].numpy())


def test_scales_that_float16_has_not_are_rounded(source: Path, model: Decoder, tmp_path: Path) -> None:
    small = load_model(source)
    small.layers[0].mlp.up_proj.weight.data *= 1e-4
    save_model(small, source)
    quantize_folder(source, tmp_path / "int8")
    export(tmp_path / "int8", tmp_path / "out", weight_type="q8_0")


def test_a_width_of_no_whole_blocks_is_kept_in_float16(model: Decoder, tokenizer: Tokenizer, tmp_path: Path) -> None:
    make(tmp_path / "source", model, tokenizer, {"intermediate_size": 48})
    export(tmp_path / "source", tmp_path / "out", weight_type="q8_0")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in opened(tmp_path / "out").tensors}
    assert (kinds["blk.0.ffn_down.weight"], kinds["blk.0.ffn_up.weight"]) == ("F16", "Q8_0")


def test_turning_is_undone() -> None:
    for weight in (torch.arange(48.0).reshape(16, 3), torch.arange(16.0)):
        for heads in (1, 2, 4):
            assert torch.equal(turned(turned(weight, heads), heads, back=True), weight)


def test_what_llama_cpp_has_not_is_refused(source: Path, model: Decoder, tokenizer: Tokenizer, tmp_path: Path) -> None:
    def changed(**changes: Any) -> DecoderSettings:
        return DecoderSettings.model_validate(model.settings.model_dump() | changes)

    with pytest.raises(ConfigError, match="norm 'layer'"):
        llama_cpp_shape(changed(norm="layer", qk_norm=False))
    with pytest.raises(ConfigError, match="yarn"):
        llama_cpp_shape(changed(rope_scaling=RopeScaling(kind="yarn", factor=2.0)))
    with pytest.raises(ConfigError, match="not 64"):
        llama_cpp_shape(changed(**(QWEN2 | {"head_dim": 16})))
    with pytest.raises(ConfigError, match="window 8"):
        llama_cpp_shape(changed(qk_norm=False, window=8, windowed_layers=(0, 1)))
    wide = changed(qk_norm=False, window=96, windowed_layers=(0, 1))
    assert llama_cpp_shape(wide).architecture == "llama"
    huge = load_model(source)
    huge.layers[0].mlp.up_proj.weight.data[0, 0] = 1e5
    save_model(huge, source)
    with pytest.raises(ConfigError, match="float16 cannot hold"):
        export(source, tmp_path / "out")
    path = source / "tokenizer.json"
    parts = json.loads(path.read_text())
    parts["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True, "trim_offsets": True}
    path.write_text(json.dumps(parts))
    with pytest.raises(ConfigError, match="not known here"):
        export(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_file_that_differs_is_refused_and_not_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = gguf_format._encoded

    def spoiled(tensor: Any, kind: Any) -> np.ndarray:
        if tensor.name == "blk.1.ffn_up.weight":
            tensor.weight[3, 3] += 0.02
        return encoded(tensor, kind)

    monkeypatch.setattr(gguf_format, "_encoded", spoiled)
    for weight_type in ("f16", "q8_0"):
        with pytest.raises(CorruptError, match=r"wrong layers\.1\.mlp\.up_proj"):
            export(source, tmp_path / "out", weight_type=weight_type)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


ASK_LLAMA_CPP = """
import json, sys
import numpy as np
from llama_cpp import Llama
asked = json.load(sys.stdin)
llama = Llama(asked["path"], n_ctx=asked["context"], n_threads=1, logits_all=True, verbose=False, type_k=0, type_v=0)
vocabulary = asked["vocabulary"]
answers = {
    "tokens": [llama.tokenize(text.encode(), add_bos=False, special=False) for text in asked["texts"]],
    "marked": [llama.tokenize(text.encode(), add_bos=False, special=True) for text in asked["marked"]],
    "greedy": [], "logits": [],
}
for prompt, ids in zip(asked["prompts"], asked["sequences"]):
    llama.reset()
    llama.eval(ids)
    answers["logits"].append(np.array(llama.scores[: len(ids)]).tolist())
    llama.reset()
    llama.eval(prompt)
    said = []
    while len(said) < asked["num_tokens"]:
        said.append(int(np.argmax(llama.scores[llama.n_tokens - 1][:vocabulary])))
        if said[-1] in asked["ends"]:
            break
        llama.eval(said[-1:])
    answers["greedy"].append(said)
json.dump(answers, sys.stdout)
"""


def ask_llama_cpp(path: Path, tokenizer: Tokenizer, reference: list[Transcript], context: int) -> dict[str, Any]:
    """What llama.cpp makes of the file. A Python that has llama_cpp may be named in SAMOVAR_LLAMA_CPP."""
    python = os.environ.get("SAMOVAR_LLAMA_CPP") or sys.executable
    if python == sys.executable and importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("no llama.cpp: name a Python that has llama-cpp-python in SAMOVAR_LLAMA_CPP")
    asked = {
        "path": str(path),
        "context": context,
        "vocabulary": tokenizer.vocab_size,
        "texts": TEXTS,
        "marked": [f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n" for text in TEXTS[:2]],
        "prompts": [one.prompt for one in reference],
        "sequences": [one.ids for one in reference],
        "num_tokens": max(len(one.answer) for one in reference),
        "ends": [tokenizer.eos_id, tokenizer.document_end_id],
    }
    ended = subprocess.run([python, "-c", ASK_LLAMA_CPP], input=json.dumps(asked), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8_0"])
@pytest.mark.parametrize(
    "changes", [{}, LLAMA, LLAMA3, LINEAR, QWEN2], ids=["qwen3", "llama", "llama3", "linear", "qwen2"]
)
def test_llama_cpp_answers_the_same(
    model: Decoder, tokenizer: Tokenizer, tmp_path: Path, changes: dict[str, Any], weight_type: Any
) -> None:
    other = make(tmp_path / "source", model, tokenizer, changes)
    export(tmp_path / "source", tmp_path / "out", weight_type=weight_type)
    (path,) = (tmp_path / "out").iterdir()
    reference = transcripts(other, tokenizer)
    answers = ask_llama_cpp(path, tokenizer, reference, other.settings.max_positions)
    assert answers["tokens"] == [tokenizer.encode(text) for text in TEXTS]
    assert answers["marked"] == [prompt_ids([Message(role="user", content=text)], tokenizer) for text in TEXTS[:2]]
    # It multiplies 16-bit and 8-bit weights with activations of the same type.
    share = {"f32": 1e-3, "f16": 0.05, "q8_0": 0.2}[weight_type]
    compare(reference, answers["greedy"], [torch.tensor(one) for one in answers["logits"]], share=share)


@pytest.mark.parametrize("split", ["qwen2", "llama3"])
def test_llama_cpp_cuts_text_the_same(model: Decoder, tmp_path: Path, split: Any) -> None:
    trained = train_tokenizer(list(TEXTS) * 2, TokenizerSettings(vocab_size=360, split=split))
    other = make(tmp_path / "source", model, trained, {})
    export(tmp_path / "source", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    answers = ask_llama_cpp(path, trained, transcripts(other, trained)[:1], other.settings.max_positions)
    assert answers["tokens"] == [trained.encode(text) for text in TEXTS]
