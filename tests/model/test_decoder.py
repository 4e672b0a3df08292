"""The decoder against transformers, and its invariants."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.core.files import read_json, write_json
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings, ModelSettings


def tiny(**changes: object) -> DecoderSettings:
    shape = {
        "vocab_size": 128,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 2,
        "head_dim": 16,
        "max_positions": 64,
    }
    return DecoderSettings.model_validate(shape | changes)


def random_decoder(settings: DecoderSettings, seed: int = 0) -> Decoder:
    torch.manual_seed(seed)
    model = Decoder(settings)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0 if parameter.ndim > 1 else 1.0, 0.2)
    return model.eval()


@pytest.mark.parametrize(
    "changes", [{}, {"tie_embeddings": False}, {"num_kv_heads": 4}, {"rope_theta": 1e6, "head_dim": 8}]
)
def test_logits_equal_transformers(tmp_path: Path, changes: dict[str, object]) -> None:
    transformers = pytest.importorskip("transformers")
    model = random_decoder(tiny(**changes))
    save_model(model, tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert type(theirs).__name__ == "Qwen3ForCausalLM"
    tokens = torch.randint(0, 128, (3, 40), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(tokens), theirs(tokens).logits, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(load_model(tmp_path)(tokens), model(tokens), atol=0, rtol=0)


def test_a_later_token_changes_nothing_before_it() -> None:
    model = random_decoder(tiny())
    tokens = torch.randint(0, 128, (1, 20))
    changed = tokens.clone()
    changed[0, 12] = (changed[0, 12] + 1) % 128
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :12], after[:, :12])
    assert not torch.allclose(before[:, 12:], after[:, 12:])


def test_packed_documents_do_not_see_each_other() -> None:
    model = random_decoder(tiny())
    first, second = torch.randint(0, 128, (1, 9)), torch.randint(0, 128, (1, 14))
    packed = torch.cat((first, second), dim=1)
    document = torch.tensor([[0] * 9 + [1] * 14])
    logits = model(packed, document_BT=document)
    torch.testing.assert_close(logits[:, :9], model(first), atol=1e-4, rtol=1e-4)
    # RoPE is relative: the second document gives the same logits wherever in the row it starts.
    torch.testing.assert_close(logits[:, 9:], model(second), atol=1e-4, rtol=1e-4)


def test_rows_longer_than_the_model_are_refused() -> None:
    model = random_decoder(tiny())
    assert model(torch.zeros(1, 64, dtype=torch.long)).shape == (1, 64, 128)
    with pytest.raises(ConfigError, match="rows of 65 tokens are longer than the 64"):
        model(torch.zeros(1, 65, dtype=torch.long))


def test_fresh_weights_give_nearly_flat_predictions() -> None:
    model = Decoder(ModelSettings(size=2, context=32).decoder(512))
    initialize(model, 0)
    tokens = torch.randint(0, 512, (2, 32))
    loss = torch.nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(-1, 1).flatten())
    assert loss.item() == pytest.approx(torch.log(torch.tensor(512.0)).item(), abs=0.15)


def test_the_dial_counts_its_parameters_right() -> None:
    for size in (1, 4, 6, 8):
        settings = ModelSettings(size=size).decoder(1000)
        assert settings.num_parameters == sum(p.numel() for p in Decoder(settings).parameters())


def test_without_qk_norm_ours_is_a_llama(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    model = random_decoder(ModelSettings(size=2, context=32, qk_norm=False).decoder(200))
    save_model(model, tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert type(theirs).__name__ == "LlamaForCausalLM"
    tokens = torch.randint(0, 200, (2, 30), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(tokens), theirs(tokens).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "lost"), [({"logit_softcap": 30.0}, "logit_softcap"), ({"qk_norm": False}, "qk_norm")]
)
def test_what_a_family_cannot_say_is_not_saved(tmp_path: Path, changes: dict[str, object], lost: str) -> None:
    with pytest.raises(ConfigError, match=f"'qwen3' cannot say {lost} ="):
        save_model(random_decoder(tiny(**changes)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="holds no model"):
        load_model(tmp_path)
    save_model(random_decoder(tiny()), tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptError, match="cannot be read"):
        load_model(tmp_path)
    weights.write_bytes(whole)
    state = load_file(weights)
    state["model.norm.weight"] = torch.ones(5)
    save_file(state, weights)
    with pytest.raises(CorruptError, match=r"norm\.weight is \(5,\), expected \(32,\)"):
        load_model(tmp_path)
    weights.unlink()
    with pytest.raises(MissingError, match=r"model\.safetensors"):
        load_model(tmp_path)
    write_json(tmp_path / "config.json", read_json(tmp_path / "config.json") | {"model_type": "mamba"})
    with pytest.raises(ConfigError, match="mamba") as caught:
        load_model(tmp_path)
    assert "qwen3" in str(caught.value.hint)
