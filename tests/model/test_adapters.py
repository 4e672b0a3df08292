"""Adapters against peft, in both directions, and what they promise by themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from samovar.cli.main import exit_code
from samovar.core.errors import ConfigError, CorruptError, MissingError, SamovarError
from samovar.model.adapters.attach import adapted, attach, merge
from samovar.model.adapters.base_id import base_id
from samovar.model.adapters.folders import load_adapted, merge_folders
from samovar.model.adapters.lora import LoraLinear
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.linear import Linear
from samovar.model.nf4 import Nf4Linear
from samovar.model.quantized import quantize_model
from samovar.model.settings import DecoderSettings
from tests.model.test_decoder import random_decoder, tiny

# peft asks transformers for what it is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

KINDS: dict[str, dict[str, Any]] = {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen3": {},
    "llama": {"family": "llama", "qk_norm": False},
    "gpt2": {
        "family": "gpt2", "qk_norm": False, "num_kv_heads": 4, "head_dim": 8, "position": "learned", "norm": "layer",
        "mlp": "plain", "mlp_bias": True, "attention_bias": True, "output_bias": True, "activation": "gelu_tanh",
    },
    "falcon": {
        "family": "falcon", "qk_norm": False, "head_dim": 8, "norm": "layer", "block": "parallel", "mlp": "plain",
        "activation": "gelu",
    },
}  # fmt: skip
"""Names like ours; names like ours again; one matrix for queries, keys and values, inputs first; the same in groups."""
PEFT_NAMES: dict[str, dict[str, Any]] = {
    "gpt2": {
        "target_modules": ["c_attn", "mlp.c_proj"], "rank_pattern": {r"1\..*\.c_attn": 3},
        "alpha_pattern": {"mlp.c_proj": 5},
    },
    "falcon": {
        "target_modules": ["query_key_value", "dense"], "rank_pattern": {r"1\..*\.dense": 3},
        "alpha_pattern": {"query_key_value": 5},
    },
}  # fmt: skip
PEFT_NAMES["qwen3"] = PEFT_NAMES["llama"] = {
    "target_modules": ["q_proj", "v_proj", "down_proj"], "rank_pattern": {r"1\..*\.v_proj": 3},
    "alpha_pattern": {"down_proj": 11},
}  # fmt: skip
TOKENS = torch.randint(0, 128, (2, 20), generator=torch.Generator().manual_seed(1))


def trained(settings: AdapterSettings, shape: DecoderSettings | None = None, model: Decoder | None = None) -> Decoder:
    """A model whose adapters are far from zero, as if they had been trained."""
    model = model or random_decoder(shape or tiny())
    attach(model, settings, seed=0)
    torch.manual_seed(5)
    with torch.no_grad():
        for module in adapted(model).values():
            module.lora_B.normal_(0.0, 0.05)
            if module.magnitude is not None:
                module.magnitude.mul_(torch.rand_like(module.magnitude) + 0.5)
    return model.eval()


def folders(
    tmp_path: Path, settings: AdapterSettings, shape: DecoderSettings | None = None
) -> tuple[Decoder, Path, Path]:
    """A trained model, the folder of its base, and that of its adapter."""
    base = random_decoder(shape or tiny())
    save_model(base, tmp_path / "base")
    model = trained(settings, model=base)
    save_adapter(model, tmp_path / "adapter", settings, base=tmp_path / "base")
    return model, tmp_path / "base", tmp_path / "adapter"


def theirs(base: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    return transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()


@torch.no_grad()
def logits(model: Any) -> torch.Tensor:
    found = model(TOKENS)
    return found if isinstance(found, torch.Tensor) else found.logits


def assert_same(model: Any, other: Any) -> None:
    torch.testing.assert_close(logits(model), logits(other), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_peft_opens_what_is_saved_here(tmp_path: Path, kind: str, family: str) -> None:
    peft = pytest.importorskip("peft")
    settings = AdapterSettings(rank=4, alpha=6, **KINDS[kind])
    model, base, adapter = folders(tmp_path, settings, tiny(**FAMILIES[family]))
    assert (logits(model) - logits(load_model(base))).abs().max() > 0.01
    opened = peft.PeftModel.from_pretrained(theirs(base), adapter)
    assert_same(model, opened)
    merge(model)
    assert_same(model, opened.merge_and_unload())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_peft_saves_opens_here(tmp_path: Path, kind: str, family: str) -> None:
    peft = pytest.importorskip("peft")
    save_model(random_decoder(tiny(**FAMILIES[family])), tmp_path / "base")
    config = peft.LoraConfig(
        r=4, lora_alpha=6, init_lora_weights=False, fan_in_fan_out=family == "gpt2", **KINDS[kind], **PEFT_NAMES[family]
    )  # fmt: skip
    torch.manual_seed(2)
    made = peft.get_peft_model(theirs(tmp_path / "base"), config).eval()
    made.save_pretrained(tmp_path / "adapter")
    model = load_adapted(tmp_path / "base", tmp_path / "adapter")
    assert_same(model, made)
    facts = merge_folders(tmp_path / "base", tmp_path / "adapter", tmp_path / "merged")
    assert facts["adapted_maps"] == len(adapted(model))
    assert_same(load_model(tmp_path / "merged"), made.merge_and_unload())


@pytest.mark.parametrize("targets", [["q_proj", "v_proj"], ["o_proj"], ["k_proj", "up_proj"]])
def test_some_of_a_joined_matrix(tmp_path: Path, targets: list[str]) -> None:
    # Of GPT-2's c_attn only some rows have an adapter, and c_proj is the name of two maps, one of which has one.
    peft = pytest.importorskip("peft")
    settings = AdapterSettings(rank=3, targets=targets, use_dora=True)
    model, base, adapter = folders(tmp_path, settings, tiny(**FAMILIES["gpt2"]))
    assert {name.split(".")[-1] for name in adapted(model)} == set(targets)
    assert_same(model, peft.PeftModel.from_pretrained(theirs(base), adapter))
    assert_same(model, load_adapted(base, adapter))


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_from_disk_bit_for_bit(tmp_path: Path, kind: str) -> None:
    model, base, adapter = folders(tmp_path, AdapterSettings(rank=4, **KINDS[kind]))
    again = load_adapted(base, adapter)
    assert torch.equal(logits(model), logits(again))
    assert not any(parameter.requires_grad for parameter in again.parameters())
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["target_modules"] == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert config["base_model_name_or_path"] == "base"
    assert str(tmp_path) not in (adapter / "adapter_config.json").read_text()
    assert (config["r"], config["lora_alpha"], config["rank_pattern"]) == (4, 32, {})
    keys = load_file(adapter / "adapter_model.safetensors").keys()
    assert "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" in keys


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_adapter_changes_nothing(kind: str) -> None:
    model = random_decoder(tiny())
    before = logits(model)
    attach(model, AdapterSettings(**KINDS[kind]), seed=0)
    assert torch.equal(logits(model), before)
    a = model.get_submodule("layers.0.mlp.down_proj").lora_A.detach()
    assert 0.9 * 64**-0.5 < float(a.abs().max()) <= 64**-0.5


def test_lora_worked_by_hand() -> None:
    base = Linear(2, 2, bias=True)
    base.weight.data, base.bias.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0.5, -0.5])
    module = LoraLinear(base, rank=1, scale=2.0)
    module.lora_A.data, module.lora_B.data = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5], [1.0]])
    # W + 2 B A = [[2, 1], [5, 2]]
    assert module(torch.tensor([1.0, 1.0])).tolist() == [3.5, 6.5]
    assert module.merged_weight().tolist() == [[2.0, 1.0], [5.0, 2.0]]
    module = LoraLinear(base, rank=1, scale=2.0, has_magnitude=True)
    assert module.magnitude is not None
    torch.testing.assert_close(module.magnitude, torch.tensor([5.0**0.5, 5.0]))
    module.lora_A.data, module.lora_B.data = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5], [1.0]])
    # The rows have the lengths sqrt 5 and sqrt 29, and are brought to sqrt 5 and 5; the bias stands outside.
    expected = torch.tensor([3.0 + 0.5, 7.0 * 5 / 29**0.5 - 0.5])
    torch.testing.assert_close(module(torch.tensor([1.0, 1.0])), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base_bits", [16, 4])
def test_gradients_reach_the_adapter_and_never_the_base(kind: str, base_bits: int) -> None:
    torch.manual_seed(0)
    plain = Linear(6, 5, bias=True)
    base = Nf4Linear.of(plain) if base_bits == 4 else plain
    module = LoraLinear(base, rank=2, scale=1.5, has_magnitude=kind == "dora").double()
    if isinstance(base, Nf4Linear):
        base.float()  # its block sizes are float32 numbers
    module.lora_A.data.normal_()
    module.lora_B.data.normal_()
    x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    trained_parts = [parameter for parameter in module.parameters() if parameter.requires_grad]
    assert len(trained_parts) == (3 if kind == "dora" else 2)
    if kind != "dora":  # whose gradient, as published, takes the rows' lengths for constants
        assert torch.autograd.gradcheck(lambda x, *_: module(x), (x, *trained_parts), atol=1e-4)
    module(x).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in trained_parts)
    assert x.grad is not None
    assert all(parameter.grad is None for parameter in base.parameters())


def test_the_gradient_of_dora_takes_lengths_for_constants() -> None:
    torch.manual_seed(0)
    module = LoraLinear(Linear(6, 5), rank=2, scale=1.5, has_magnitude=True)
    module.lora_A.data.normal_()
    module.lora_B.data.normal_()
    x = torch.randn(3, 6)
    module(x).square().sum().backward()
    a, b = (parameter.detach().clone().requires_grad_(True) for parameter in (module.lora_A, module.lora_B))
    summed = module.base.weight + 1.5 * b @ a
    weight = module.magnitude.detach()[:, None] * summed / summed.detach().norm(dim=1, keepdim=True)
    (x @ weight.T).square().sum().backward()
    torch.testing.assert_close(module.lora_A.grad, a.grad)
    torch.testing.assert_close(module.lora_B.grad, b.grad)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base_bits", [16, 4])
def test_merged_equals_side_by_side(tmp_path: Path, kind: str, base_bits: int) -> None:
    settings = AdapterSettings(rank=4, base_bits=base_bits, **KINDS[kind])  # type: ignore[arg-type]
    save_model(random_decoder(tiny()), tmp_path / "base")
    model = trained(settings, model=load_model(tmp_path / "base", weight_bits=base_bits))
    expected = logits(model)
    save_adapter(model, tmp_path / "adapter", settings, base=tmp_path / "base")
    merge(model)
    assert not any(isinstance(module, LoraLinear | Nf4Linear) for module in model.modules())
    torch.testing.assert_close(logits(model), expected, atol=1e-4, rtol=1e-4)
    # By the command the base is held as in training, and so the numbers are the same again.
    merge_folders(tmp_path / "base", tmp_path / "adapter", tmp_path / "merged")
    torch.testing.assert_close(logits(load_model(tmp_path / "merged")), expected, atol=1e-4, rtol=1e-4)


def test_merging_rounds_once(tmp_path: Path) -> None:
    model, base, adapter = folders(tmp_path, AdapterSettings(rank=4))
    merge(model)
    merge_folders(base, adapter, tmp_path / "merged")
    exact = model.get_submodule("layers.0.mlp.up_proj").weight
    assert torch.equal(load_model(tmp_path / "merged").get_submodule("layers.0.mlp.up_proj").weight, exact)
    half = load_adapted(base, adapter, dtype=torch.bfloat16)
    module = half.get_submodule("layers.0.mlp.up_proj")
    expected = (module.base.weight.float() + module.scale * module.lora_B @ module.lora_A).to(torch.bfloat16)
    merge(half)
    assert torch.equal(half.get_submodule("layers.0.mlp.up_proj").weight, expected)


def test_only_what_is_named_is_adapted() -> None:
    model = random_decoder(tiny())
    attach(model, AdapterSettings(targets=["q_proj", "v_proj"]), seed=0)
    assert len(adapted(model)) == 4
    trained_names = {name.split(".")[-2] for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained_names == {"q_proj", "v_proj"}
    with pytest.raises(ConfigError, match=r"q_porj.*did you mean 'q_proj'"):
        attach(random_decoder(tiny()), AdapterSettings(targets=["q_porj"]), seed=0)
    with pytest.raises(ConfigError, match="adapter already"):
        attach(model, AdapterSettings(), seed=0)
    with pytest.raises(ConfigError, match="rounded to int8 or int4"):
        attach(quantize_model(random_decoder(tiny()), "int4"), AdapterSettings(), seed=0)


def test_experts_have_one_only_where_they_are_named() -> None:
    shape = {"num_experts": 4, "experts_per_token": 2, "expert_size": 16, "expert_layers": (1,)}
    model = random_decoder(tiny(**shape))
    attach(model, AdapterSettings(), seed=0)
    assert not any(".experts." in name for name in adapted(model))
    model = random_decoder(tiny(**shape))
    attach(model, AdapterSettings(targets=["up_proj"]), seed=0)
    assert sum(".experts." in name for name in adapted(model)) == 4


def test_dropout_is_for_training_alone() -> None:
    model = trained(AdapterSettings(dropout=0.5))
    assert torch.equal(logits(model), logits(model))
    model.train()
    assert not torch.equal(logits(model), logits(model))


def test_the_id_of_a_base_is_of_its_weights(tmp_path: Path) -> None:
    save_model(random_decoder(tiny()), tmp_path / "one")
    save_model(random_decoder(tiny()), tmp_path / "sharded", largest_file=20_000)
    save_model(random_decoder(tiny()), tmp_path / "rounded", dtype=torch.bfloat16)
    save_model(random_decoder(tiny(), seed=1), tmp_path / "other")
    ids = [base_id(tmp_path / name) for name in ("one", "sharded", "rounded", "other")]
    assert ids[0] == ids[1] == ids[2] != ids[3]


def change(path: Path, **keys: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def test_an_adapter_of_another_base_is_refused_before_any_weight_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, base, adapter = folders(tmp_path, AdapterSettings(rank=4))
    others = {
        "seed": random_decoder(tiny(), seed=1),
        "wider": random_decoder(tiny(intermediate_size=96)),
        "shallower": random_decoder(tiny(num_layers=1)),
        "int8": quantize_model(random_decoder(tiny())),
        "gpt2": random_decoder(tiny(**FAMILIES["gpt2"])),
    }
    for name, model in others.items():
        save_model(model, tmp_path / name)

    def read(*_: object, **__: object) -> None:
        raise AssertionError("read weights")

    monkeypatch.setattr("samovar.model.checkpoint.read_weights", read)
    expected = {
        "seed": "trained on another model",
        "wider": r"down_proj is \(32, 96\), the adapter's is \(32, 64\)",
        "shallower": r"no linear map layers\.1\.",
        "int8": "rounded to int8 or int4",
        "gpt2": "another model",
    }
    for name, message in expected.items():
        with pytest.raises(ConfigError, match=message):
            merge_folders(tmp_path / name, adapter, tmp_path / "merged")
        assert not list(tmp_path.glob("merged*"))
    monkeypatch.undo()
    assert merge_folders(base, adapter, tmp_path / "merged")["adapted_maps"] == 14


@pytest.mark.parametrize(
    ("keys", "kind", "message"),
    [
        ({"peft_type": "IA3"}, ConfigError, "peft_type = 'IA3'"),
        ({"modules_to_save": ["lm_head"]}, ConfigError, "modules_to_save"),
        ({"bias": "all"}, ConfigError, "bias = 'all'"),
        ({"init_lora_weights": "pissa"}, ConfigError, "changes the base"),
        ({"r": 8}, CorruptError, "says rank 8"),
        ({"r": None}, CorruptError, "r = None"),
        ({"use_dora": True}, CorruptError, "no lora_magnitude_vector"),
    ],
)
def test_what_cannot_be_opened_says_why(
    tmp_path: Path, keys: dict[str, object], kind: type[SamovarError], message: str
) -> None:
    _, base, adapter = folders(tmp_path, AdapterSettings(rank=4))
    change(adapter / "adapter_config.json", **keys)
    with pytest.raises(kind, match=message) as caught:
        load_adapted(base, adapter)
    assert caught.value.hint


def test_damage_is_named(tmp_path: Path) -> None:
    _, base, adapter = folders(tmp_path, AdapterSettings(rank=4))
    weights = adapter / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptError, match="cannot be read"):
        load_adapted(base, adapter)
    weights.write_bytes(whole)
    tensors = load_file(weights)
    save_file(tensors | {"base_model.model.lm_head.modules": torch.ones(1)}, weights)
    with pytest.raises(ConfigError, match=r"lm_head\.modules"):
        load_adapted(base, adapter)
    del tensors["base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"]
    save_file(tensors, weights)
    with pytest.raises(CorruptError, match=r"no lora_B of model\.layers\.0\.mlp\.up_proj"):
        load_adapted(base, adapter)
    save_file({"base_model.model.lm_head.lora_A.weight": torch.ones(4, 32)}, weights)
    weights.unlink()
    (adapter / "adapter_model.bin").touch()
    with pytest.raises(MissingError, match="pickle"):
        load_adapted(base, adapter)
    with pytest.raises(MissingError, match="holds no adapter"):
        load_adapted(base, base)


def test_an_adapter_of_the_head_is_refused(tmp_path: Path) -> None:
    for tied in (True, False):
        _, base, adapter = folders(tmp_path / str(tied), AdapterSettings(rank=4), tiny(tie_embeddings=tied))
        head = "base_model.model.lm_head"
        parts = {f"{head}.lora_A.weight": torch.ones(4, 32), f"{head}.lora_B.weight": torch.ones(128, 4)}
        save_file(parts, adapter / "adapter_model.safetensors")
        with pytest.raises(ConfigError, match="no linear map lm_head"):
            load_adapted(base, adapter)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, base, adapter = folders(tmp_path, AdapterSettings(rank=4))
    words = ["merge", str(base), str(adapter), "--out", str(tmp_path / "merged")]
    assert exit_code([*words, "--dry-run"]) == 0
    assert not (tmp_path / "merged").exists()
    assert exit_code([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["adapted_maps"], facts["largest_logit_difference"] < 1e-4) == (14, True)
    assert_same(load_model(tmp_path / "merged"), model)
    assert exit_code(words) == 1
    assert "is not empty" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "merged")
    assert exit_code([*words, "--base-bits", "4"]) == 0
    assert (logits(load_model(tmp_path / "merged")) - logits(model)).abs().max() > 1e-3
