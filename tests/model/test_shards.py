"""Weights in several files, and every way in which a folder of them can be broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError
from samovar.core.files import read_json, write_json
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.shards import INDEX, WEIGHTS, weight_bytes, weight_files, write_weights
from tests.model.test_decoder import random_decoder, tiny

TOKENS = torch.arange(20).unsqueeze(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model in several files."""
    save_model(random_decoder(tiny()), tmp_path, largest_file=20_000)
    return tmp_path


@torch.no_grad()
def answer(model: Decoder) -> torch.Tensor:
    return model(TOKENS)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("model-*.safetensors"))


def test_several_files_are_one_model(folder: Path, tmp_path: Path) -> None:
    model = random_decoder(tiny())
    assert len(shards(folder)) >= 3
    assert torch.equal(answer(load_model(folder)), answer(model))
    index = read_json(folder / INDEX)
    assert index["metadata"]["total_size"] == 4 * model.settings.num_parameters
    for name, file in index["weight_map"].items():
        assert name in load_file(folder / file)
    assert weight_bytes(folder) == sum(path.stat().st_size for path in shards(folder))


def test_the_weights_of_an_earlier_model_go(folder: Path) -> None:
    other = random_decoder(tiny(), seed=1)
    save_model(other, folder)
    assert not shards(folder)
    assert not (folder / INDEX).exists()
    assert torch.equal(answer(load_model(folder)), answer(other))
    save_model(random_decoder(tiny(), seed=2), folder, largest_file=50_000)
    assert not (folder / WEIGHTS).exists()
    assert torch.equal(answer(load_model(folder)), answer(random_decoder(tiny(), seed=2)))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"gone/model\.safetensors cannot be made: No such file or directory$"):
        write_weights({"a": torch.zeros(3)}, tmp_path / "gone" / WEIGHTS)


def test_missing_files_are_named(folder: Path) -> None:
    first, second, *_ = shards(folder)
    first.unlink()
    second.unlink()
    with pytest.raises(MissingError, match=rf"misses 2 of the \d files of its weights: {first.name}, {second.name}"):
        load_model(folder)


def test_a_file_cut_short_is_named_before_anything_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = shards(folder)[-1]
    last.write_bytes(last.read_bytes()[:-7])
    monkeypatch.setattr("samovar.model.checkpoint.read_weights", lambda path: pytest.fail("nothing is to be read"))
    with pytest.raises(CorruptError, match=rf"{last.name} cannot be read"):
        load_model(folder)


def test_a_tensor_that_no_file_has_is_named(folder: Path) -> None:
    path = shards(folder)[0]
    state = load_file(path)
    lost = state.popitem()[0].removeprefix("model.")
    save_file(state, path)
    with pytest.raises(CorruptError, match=rf"{lost} is missing"):
        load_model(folder)


def test_an_index_names_files_beside_it(folder: Path) -> None:
    index = read_json(folder / INDEX)
    index["weight_map"]["model.norm.weight"] = "../elsewhere.safetensors"
    write_json(folder / INDEX, index)
    with pytest.raises(CorruptError, match="not a file beside it"):
        load_model(folder)
    write_json(folder / INDEX, {"weight_map": {}})
    with pytest.raises(CorruptError, match="names no files"):
        load_model(folder)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.float8_e4m3fn])
def test_weights_of_a_wrong_type_are_named(folder: Path, dtype: torch.dtype) -> None:
    path = shards(folder)[-1]
    state = load_file(path)
    name = next(iter(state))
    save_file(state | {name: state[name].to(dtype)}, path)
    with pytest.raises(CorruptError, match=r"is of type (int64|int8|float8_e4m3fn), expected float32"):
        load_model(folder)


def test_pickles_are_refused_unless_allowed(folder: Path) -> None:
    model = load_model(folder)
    state = {name: tensor for path in shards(folder) for name, tensor in load_file(path).items()}
    for path in (*shards(folder), folder / INDEX):
        path.unlink()
    torch.save(state, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="can run any code") as caught:
        load_model(folder)
    assert "safetensors" in str(caught.value.hint)
    assert torch.equal(answer(load_model(folder, allow_pickle=True)), answer(model))


@pytest.mark.parametrize("allow_pickle", [False, True])
def test_an_index_of_safetensors_names_no_pickles(folder: Path, *, allow_pickle: bool) -> None:
    index = read_json(folder / INDEX)
    index["weight_map"]["model.norm.weight"] = "model-00009-of-00009.bin"
    write_json(folder / INDEX, index)
    torch.save({"model.norm.weight": torch.ones(32)}, folder / "model-00009-of-00009.bin")
    for refused in (weight_files, load_model):
        with pytest.raises(CorruptError, match=r"names model-00009-of-00009\.bin, which is no file of safetensors"):
            refused(folder, allow_pickle=allow_pickle)


def test_a_pickle_of_something_else_is_named(folder: Path) -> None:
    for path in (*shards(folder), folder / INDEX):
        path.unlink()
    torch.save([torch.ones(3)], folder / "pytorch_model.bin")
    with pytest.raises(CorruptError, match=r"pytorch_model\.bin holds no tensors by name"):
        load_model(folder, allow_pickle=True)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('the trap ran')",))


def test_code_in_a_pickle_is_never_run(folder: Path) -> None:
    for path in (*shards(folder), folder / INDEX):
        path.unlink()
    torch.save({"model.norm.weight": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(CorruptError, match="holds more than tensors"):
        load_model(folder, allow_pickle=True)


def test_a_fused_matrix_of_another_model_is_named(tmp_path: Path) -> None:
    model = random_decoder(
        tiny(family="gpt2", num_kv_heads=4, head_dim=8, qk_norm=False, position="learned", norm="layer", mlp="plain",
             attention_bias=True, output_bias=True, mlp_bias=True, activation="gelu_tanh")
    )  # fmt: skip
    save_model(model, tmp_path)
    state = load_file(tmp_path / WEIGHTS)
    name = "transformer.h.1.attn.c_attn.weight"
    save_file(state | {name: state[name][:, :-8].contiguous()}, tmp_path / WEIGHTS)
    with pytest.raises(CorruptError, match=rf"{name} is \(88, 32\), expected 96 rows"):
        load_model(tmp_path)


def test_whoever_may_enter_the_folder_may_read_the_weights(tmp_path: Path) -> None:
    for folder, file in ((0o755, 0o644), (0o777, 0o644), (0o750, 0o640), (0o700, 0o600)):
        tmp_path.chmod(folder)
        write_weights({"x": torch.ones(2)}, tmp_path / WEIGHTS)
        assert (tmp_path / WEIGHTS).stat().st_mode & 0o777 == file


def test_weights_that_may_not_be_read_are_not_called_damaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("load_file", "safe_open"):
        monkeypatch.setattr(f"samovar.model.shards.{name}", refuse)
    with pytest.raises(ResourceError, match="may not be read"):
        load_model(folder)
