"""Another's model taken in: from a folder and from a hub, checked before anything is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar.brew.alone import make_alone
from samovar.brew.recipe import Recipe
from samovar.brew.stages.base import BaseStage
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.artifact import Manifest
from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError, SamovarError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.card import read_card
from samovar.tokenizer.tokenizer import Tokenizer
from tests.model.foreign_models import tiny_model, write_front_matter
from tests.model.hub_server import COMMIT, Hub, hub_server
from tests.tokenizer import foreign

TEMPLATES = {"llama2": foreign.LLAMA2_TEMPLATE, "llama3": foreign.LLAMA3_TEMPLATE}
KINDS = ["qwen3", "qwen2", "llama2", "llama3", "gpt2"]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder a family; look, don't touch."""
    root = tmp_path_factory.mktemp("foreign")
    return {kind: tiny_model(root / f"tiny-{kind}", kind, template=TEMPLATES.get(kind)) for kind in KINDS}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_server() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield running


def take_in(base: str | Path, out: Path, *, allow_pickle: bool = False) -> Manifest:
    return make_alone(BaseStage(allow_pickle=allow_pickle), Recipe(base=str(base)), inputs={}, out=out)


def copied(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken_in_opens_here_and_in_transformers(sources: dict[str, Path], tmp_path: Path, kind: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "in"
    facts = take_in(sources[kind], out).metrics
    assert facts["family"] == {"llama2": "llama", "llama3": "llama"}.get(kind, kind)
    assert (out / "model.safetensors").read_bytes() == (sources[kind] / "model.safetensors").read_bytes()
    theirs, words = AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    assert facts["parameters"] == sum(one.numel() for one in theirs.parameters())
    question = [Message(role="user", content="Hello! Как дела?")]
    engine = Engine.load(out, max_batch=1)
    ids = prompt_ids(question, engine.tokenizer)
    chat = [{"role": "user", "content": question[0].content}]
    assert ids == words.apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=False)
    answer = engine.generate([ids], Sampling(temperature=0, max_tokens=8))[0]
    import torch

    with torch.inference_mode():
        whole = theirs.float().generate(torch.tensor([ids]), max_new_tokens=8, do_sample=False)[0].tolist()
    assert answer.ids == whole[len(ids) :]


def test_whose_template_it_is_is_said_and_its_marks_end_answers(sources: dict[str, Path], tmp_path: Path) -> None:
    found = {kind: take_in(sources[kind], tmp_path / kind).metrics["chat_template"] for kind in KINDS}
    assert found == {"qwen3": "chatml", "qwen2": "chatml", "llama2": "own", "llama3": "own", "gpt2": "plain"}
    names = {kind: Tokenizer.load(tmp_path / kind) for kind in KINDS}
    ends = {
        kind: {mark for mark, number in one.special_ids.items() if number in one.stop_ids}
        for kind, one in names.items()
    }
    assert ends["qwen3"] == {"<|im_end|>", "<|endoftext|>"}
    # Llama 3's configuration names the end of a text alone: that of a turn is learnt from the template.
    assert ends["llama3"] == {"<|eot_id|>", "<|end_of_text|>"}
    assert ends["llama2"] == {"</s>"}
    assert ends["gpt2"] == {"<|endoftext|>"}
    stops = json.loads((tmp_path / "llama3" / "generation_config.json").read_text())["eos_token_id"]
    assert set(stops) == names["llama3"].stop_ids
    written = names["gpt2"].decode(prompt_ids([Message(role="user", content="Hi")], names["gpt2"]))
    assert written == "### User:\nHi\n\n### Assistant:\n"


def test_a_base_model_with_a_beginning_gets_it_once(tmp_path: Path) -> None:
    take_in(tiny_model(tmp_path / "model", "llama2"), tmp_path / "in")
    tokenizer = Tokenizer.load(tmp_path / "in")
    ids = prompt_ids([Message(role="user", content="Hi")], tokenizer)
    assert ids[0] == tokenizer.begin_ids[0]
    assert ids.count(tokenizer.begin_ids[0]) == 1


def test_weights_in_several_files_stay_as_they_are(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from samovar.model.checkpoint import load_model

    folder = tiny_model(tmp_path / "model", "qwen3")
    theirs = AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    theirs.save_pretrained(folder, max_shard_size="20KB")
    take_in(folder, tmp_path / "in")
    assert len(list((tmp_path / "in").glob("model-*.safetensors"))) > 1
    ours = load_model(tmp_path / "in")
    assert torch.equal(ours.embed_tokens.weight, theirs.get_input_embeddings().weight)


def test_pickles_are_refused_and_converted_only_when_allowed(sources: dict[str, Path], tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copied(sources["qwen2"], tmp_path / "model")
    state = load_file(folder / "model.safetensors")
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="pickles") as caught:
        take_in(folder, tmp_path / "in")
    assert "safetensors" in (caught.value.hint or "")
    assert not (tmp_path / "in").exists()
    take_in(folder, tmp_path / "in", allow_pickle=True)
    written = load_file(tmp_path / "in" / "model.safetensors")
    assert all(torch.equal(written[name], state[name]) for name in written)
    assert not (tmp_path / "in" / "pytorch_model.bin").exists()


def _cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _change_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


DAMAGES: dict[str, tuple[Any, type[SamovarError], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), MissingError, "config.json is missing"),
    "unknown family": (lambda folder: _change_config(folder, model_type="mamba"), ConfigError, "'mamba'"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), MissingError, "no weights"),
    "weights cut short": (_cut, CorruptError, "cannot be read"),
    "other weights": (lambda folder: _change_config(folder, intermediate_size=96), CorruptError, "do not fit"),
    "small embedding": (lambda folder: _change_config(folder, vocab_size=300), CorruptError, "300 rows"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), ConfigError, "no tokenizer"),
    "tokenizer damaged": (lambda folder: (folder / "tokenizer.json").write_text("{"), CorruptError, "tokenizer.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_is_named_and_leaves_nothing(sources: dict[str, Path], tmp_path: Path, damage: str) -> None:
    harm, kind, said = DAMAGES[damage]
    folder = copied(sources["qwen3"], tmp_path / "model")
    harm(folder)
    with pytest.raises(kind) as caught:
        take_in(folder, tmp_path / "in")
    assert said in caught.value.what
    assert caught.value.hint
    assert not (tmp_path / "in").exists()


def test_the_terms_are_written_into_the_card_and_inherited(sources: dict[str, Path], tmp_path: Path) -> None:
    from samovar.engine.export.hf import export
    from samovar.engine.quantize import quantize_folder

    folder = copied(sources["llama3"], tmp_path / "model")
    write_front_matter(folder, license="llama3", base_model="meta-llama/Meta-Llama-3-8B")
    (folder / "LICENSE").write_text("META LLAMA 3 COMMUNITY LICENSE AGREEMENT\n")
    (folder / "USE_POLICY.md").write_text("Uses that are not allowed")
    facts = take_in(folder, tmp_path / "in").metrics
    assert facts["licence"] == ["llama3"]
    assert any("700 million" in condition for condition in facts["licence_conditions"])
    quantize_folder(tmp_path / "in", tmp_path / "int8")
    export(tmp_path / "int8", tmp_path / "hf")
    for made in ("in", "int8", "hf"):
        card = read_card(tmp_path / made)
        assert card is not None
        assert card.base_model == "meta-llama/Meta-Llama-3-8B"
        assert card.terms.conditions == tuple(facts["licence_conditions"])
        assert (tmp_path / made / "LICENSE").is_file()
        assert (tmp_path / made / "USE_POLICY.md").is_file()
    assert Tokenizer.load(tmp_path / "int8").stop_ids == Tokenizer.load(tmp_path / "in").stop_ids


def test_from_a_hub_only_what_is_needed_is_fetched(sources: dict[str, Path], tmp_path: Path, hub: Hub) -> None:
    folder = copied(sources["qwen3"], tmp_path / "model")
    write_front_matter(folder, license="apache-2.0")
    for name in ("pytorch_model.bin", "model.onnx", "training.py", "consolidated.safetensors"):
        (folder / name).write_bytes(b"x" * 100)
    for name in ("onnx/model.onnx", "additional_chat_templates/tool_use.jinja"):
        (folder / name).parent.mkdir()
        (folder / name).write_text("{{ 'The tools: ' ~ tools }}")
    hub.folders["tea/tiny"] = folder
    facts = take_in("tea/tiny", tmp_path / "in").metrics
    assert (facts["origin"], facts["revision"], facts["licence"]) == ("tea/tiny", COMMIT, ["apache-2.0"])
    assert set(hub.sent) == {
        "README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json", "tool_use.jinja",
    }  # fmt: skip
    assert "The tools" in Tokenizer.load(tmp_path / "in").chat_template
    assert (tmp_path / "in" / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    card = read_card(tmp_path / "in")
    assert card is not None
    assert card.base_model == "tea/tiny"
    assert COMMIT in (tmp_path / "in" / "README.md").read_text()
    assert not list((tmp_path / "in").rglob("*cache*"))
    assert not (tmp_path / "in" / "scratch").exists()


def test_a_broken_download_goes_on_where_it_stopped(
    sources: dict[str, Path], tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.file_download as client

    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
    hub.folders["tea/tiny"] = sources["qwen3"]
    hub.broken = {"model.safetensors"}
    with pytest.raises(SamovarError) as caught:
        take_in("tea/tiny", tmp_path / "in")
    assert "tea/tiny" in caught.value.what
    assert not (tmp_path / "in").exists()
    hub.broken, hub.sent = set(), []
    take_in("tea/tiny", tmp_path / "in")
    assert set(hub.sent) == {"model.safetensors"}


def test_a_family_that_is_unknown_is_told_before_its_weights_are_fetched(
    sources: dict[str, Path], tmp_path: Path, hub: Hub
) -> None:
    folder = copied(sources["qwen3"], tmp_path / "model")
    _change_config(folder, model_type="mamba")
    hub.folders["tea/tiny"] = folder
    with pytest.raises(ConfigError, match="'mamba'"):
        take_in("tea/tiny", tmp_path / "in")
    assert "model.safetensors" not in hub.sent


@pytest.mark.parametrize(("kind", "opener"), [("bert", "load_encoder"), ("xlm-roberta", "embedder"), ("t5", "Seq2Seq")])
def test_of_models_that_are_no_decoders_it_is_said_how_they_open(
    sources: dict[str, Path], tmp_path: Path, kind: str, opener: str
) -> None:
    folder = copied(sources["qwen3"], tmp_path / "model")
    _change_config(folder, model_type=kind)
    with pytest.raises(ConfigError, match="is no decoder") as caught:
        take_in(str(folder), tmp_path / "in")
    assert opener in (caught.value.hint or "")
    assert "qwen3" in (caught.value.hint or "")


def test_pickles_alone_are_not_fetched(sources: dict[str, Path], tmp_path: Path, hub: Hub) -> None:
    folder = copied(sources["qwen3"], tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.folders["tea/tiny"] = folder
    with pytest.raises(ConfigError, match="pickles only"):
        take_in("tea/tiny", tmp_path / "in")
    assert "pytorch_model.bin" not in hub.sent


def test_an_index_of_safetensors_brings_no_pickles(sources: dict[str, Path], tmp_path: Path, hub: Hub) -> None:
    folder = copied(sources["qwen3"], tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "model-1.bin")
    index = {"weight_map": {"model.norm.weight": "model-1.bin"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    hub.folders["tea/tiny"] = folder
    for base in ("tea/tiny", folder):
        with pytest.raises(CorruptError, match=r"names model-1\.bin, which is no file of safetensors"):
            take_in(base, tmp_path / "in")
    assert "model-1.bin" not in hub.sent
    assert not (tmp_path / "in").exists()


def test_each_refusal_of_a_hub_says_what_to_do(sources: dict[str, Path], tmp_path: Path, hub: Hub) -> None:
    hub.folders["tea/tiny"] = sources["qwen3"]
    hub.gated = {"tea/gated"}
    cases: list[tuple[str, type[SamovarError], str]] = [
        ("tea/none", MissingError, "there is no model tea/none"),
        ("tea/gated", ConfigError, "accepted its terms"),
        ("tea/tiny@nowhere", MissingError, "no revision 'nowhere'"),
        ("no/such/id", ConfigError, "neither a folder nor an id"),
        ("./nowhere", MissingError, "no folder of a model"),
    ]
    for base, kind, said in cases:
        with pytest.raises(kind, match=said) as caught:
            take_in(base, tmp_path / "in")
        assert caught.value.hint
    assert not (tmp_path / "in").exists()


def test_no_network_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ResourceError, match="cannot be reached") as caught:
        take_in("tea/tiny", tmp_path / "in")
    assert "network" in (caught.value.hint or "")


def test_the_command_says_what_it_took_and_what_it_takes(
    sources: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from samovar.cli.main import exit_code

    folder = copied(sources["llama2"], tmp_path / "model")
    write_front_matter(folder, license="cc-by-nc-4.0")
    assert exit_code(["import", str(folder), "--out", str(tmp_path / "in"), "--dry-run"]) == 0
    assert "Commercial use is not allowed" in capsys.readouterr().out
    assert not (tmp_path / "in").exists()
    assert exit_code(["import", str(folder), "--out", str(tmp_path / "in"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["licence_kind"] == "non-commercial"
    assert [need["fits"] for need in said["needs"]] == [True] * 4
    assert said["needs"][0]["memory_bytes"] > said["weight_bytes"]
    assert exit_code(["chat", str(tmp_path / "in"), "-m", "Hello", "--max-tokens", "3"]) == 0
