"""Adapters by request: every row of a mixed pass equals the model into which that row's adapter was merged."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.core.errors import ConfigError, MissingError
from samovar.model.adapters.attach import adapted, attach, merge
from samovar.model.adapters.bank import AdapterBank
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import dequantize_model, quantize_model
from tests.model.test_decoder import random_decoder, tiny

ROWS = torch.randint(0, 128, (4, 12), generator=torch.Generator().manual_seed(1))
SETTINGS: dict[str, dict[str, Any]] = {
    "few": {"rank": 2, "targets": ["q_proj", "v_proj"]},
    "all": {"rank": 5, "use_rslora": True},
    "lengths": {"rank": 3, "use_dora": True},
}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen3": {"hidden_size": 64, "intermediate_size": 64},
    "biases": {"family": "llama", "qk_norm": False, "attention_bias": True, "output_bias": True, "mlp_bias": True},
    "joined": {"family": "falcon", "qk_norm": False, "norm": "layer", "block": "parallel", "mlp": "plain",
               "activation": "gelu", "head_dim": 8},
}  # fmt: skip


def make(tmp_path: Path, family: str) -> tuple[Path, dict[str, Path], dict[str | None, Decoder]]:
    """A base's folder, its adapters' folders, and by the name of an adapter the model into which it was merged."""
    base = random_decoder(tiny(**FAMILIES[family]))
    save_model(base, tmp_path / "base")
    folders, merged = {}, {None: base}
    for seed, (name, values) in enumerate(SETTINGS.items()):
        settings, model = AdapterSettings(**values), copy.deepcopy(base)
        attach(model, settings, seed=seed)
        torch.manual_seed(seed)
        with torch.no_grad():
            for module in adapted(model).values():
                module.lora_B.normal_(0.0, 0.1)
                if module.magnitude is not None:
                    module.magnitude.mul_(torch.rand_like(module.magnitude) + 0.5)
        folders[name] = tmp_path / name
        save_adapter(model, folders[name], settings, base=tmp_path / "base")
        merge(model)
        merged[name] = model.eval()
    return tmp_path / "base", folders, merged


def filled(base: Path, folders: dict[str, Path], model: Decoder | None = None) -> AdapterBank:
    bank = AdapterBank(model or load_model(base))
    for name, folder in folders.items():
        bank.load(name, folder, base=base)
    return bank


@pytest.mark.parametrize("family", FAMILIES)
@torch.inference_mode()
def test_each_row_equals_the_model_with_its_adapter_merged_in(tmp_path: Path, family: str) -> None:
    base, folders, merged = make(tmp_path, family)
    bank = filled(base, folders)
    for adapters in [["few", None, "lengths", "all"], ["all", "all", "few", "few"], ["lengths"] * 4, [None] * 4]:
        with bank.using(adapters, [ROWS.shape[1]] * 4):
            found = bank.model(ROWS)
        for row, name in enumerate(adapters):
            torch.testing.assert_close(found[row], merged[name](ROWS[row : row + 1])[0], atol=1e-4, rtol=1e-3)


@torch.inference_mode()
def test_outside_of_it_the_model_is_the_model(tmp_path: Path) -> None:
    base, folders, merged = make(tmp_path, "qwen3")
    bank = filled(base, folders)
    assert bank.names == list(SETTINGS)
    assert torch.equal(bank.model(ROWS), merged[None](ROWS))
    with pytest.raises(RuntimeError, match="stop"), bank.using(["all"] * 4, [12] * 4):
        raise RuntimeError("stop")
    assert torch.equal(bank.model(ROWS), merged[None](ROWS))


@pytest.mark.parametrize("form", ["int8", "int4", "nf4"])
@torch.inference_mode()
def test_a_base_of_few_bits_takes_adapters(tmp_path: Path, form: str) -> None:
    base, folders, _ = make(tmp_path, "qwen3")
    small = quantize_model(load_model(base), form)  # type: ignore[arg-type]
    bank = filled(base, folders, small)
    plain = filled(tmp_path / "base", folders, dequantize_model(small))
    adapters, lengths = ["few", None, "lengths", "all"], [12] * 4
    with bank.using(adapters, lengths), plain.using(adapters, lengths):
        found, expected = bank.model(ROWS), plain.model(ROWS)
    assert float((found - expected).norm() / expected.norm()) < 0.03


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    base, folders, _ = make(tmp_path, "qwen3")
    bank = filled(base, folders)
    with pytest.raises(ConfigError, match="adapter 'few' already"):
        bank.load("few", folders["few"])
    with pytest.raises(MissingError, match="no adapter 'fwe'"), bank.using(["fwe"], [3]):
        pass
    save_model(random_decoder(tiny(**FAMILIES["qwen3"]), seed=9), tmp_path / "other")
    with pytest.raises(ConfigError, match="another model"):
        AdapterBank(load_model(tmp_path / "other")).load("few", folders["few"], base=tmp_path / "other")
    with pytest.raises(ConfigError, match="of another model"):
        AdapterBank(random_decoder(tiny())).load("all", folders["all"])
