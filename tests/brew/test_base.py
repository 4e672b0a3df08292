"""A project that starts from another's model: the same road without the stages that it stands for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from samovar.brew.alone import make_alone
from samovar.brew.assistant import find_assistant
from samovar.brew.graph import Resolved, brew, forecast_all, resolve
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stage import load_stages
from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.card import read_card
from samovar.model.settings import DecoderSettings
from samovar.train import probe
from tests.brew.tiny import tiny_project
from tests.model.foreign_models import tiny_model, write_front_matter
from tests.tokenizer import foreign


def finetune_project(root: Path, base: Path) -> Project:
    """The tiny project, with the model in ``base``, and nothing read before it converses."""
    project = tiny_project(root)
    lines = project.recipe_file.read_text().splitlines()
    own = [line for line in lines if not line.startswith(("tokenizer:", "model:", "pretrain:", "           "))]
    project.recipe_file.write_text("\n".join([f"base: {base}", "model: {context: 128}", *own]) + "\n")
    return project


def look(project: Project, *changes: str) -> dict[str, Resolved]:
    recipe = load_recipe(project.recipe_file, changes)
    return {item.name: item for item in resolve(project, recipe, load_stages())}


def make(project: Project, *changes: str) -> dict[str, Resolved]:
    brew(project, load_recipe(project.recipe_file, changes), load_stages(), is_quiet=True)
    return look(project, *changes)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_model(tmp_path_factory.mktemp("source") / "tiny-llama", "llama2", template=foreign.LLAMA2_TEMPLATE)
    write_front_matter(folder, license="cc-by-nc-4.0", base_model="tea/llama")
    return folder


@pytest.fixture(scope="module")
def tuned(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Brewed once; look, don't touch."""
    project = finetune_project(tmp_path_factory.mktemp("tuned") / "p", source)
    make(project)
    return project


def test_the_base_stands_for_tokenizer_and_pretraining(tuned: Project) -> None:
    items = look(tuned)
    assert set(items) == {"data", "base", "sft", "quantize", "eval"}
    assert all(item.state == "made" for item in items.values())
    assert items["sft"].inputs["pretrain"] == items["base"].id
    assert items["eval"].reads["tokenizer"] == items["eval"].reads["pretrain"] == items["base"].folder
    assert find_assistant(tuned.root).model == items["quantize"].folder


def test_the_terms_are_inherited_by_all_that_comes_of_it(tuned: Project) -> None:
    items = look(tuned)
    for name in ("base", "sft", "quantize"):
        manifest = items[name].manifest
        assert manifest is not None
        assert manifest.metrics["licence"] == ["cc-by-nc-4.0"]
        assert manifest.metrics["base_model"] == "tea/llama"
        card = read_card(items[name].folder)
        assert card is not None
        assert card.terms.kind == "non-commercial"
    report = (items["eval"].folder / "report.md").read_text()
    assert "Creative Commons BY-NC" in report
    assert report.count("| base |") <= 1


def test_an_export_says_its_licence(tuned: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from samovar.cli.main import exit_code

    assert exit_code(["export", str(tuned.root), "--out", str(tmp_path / "out")]) == 0
    assert "licence: Creative Commons BY-NC 4.0: not for commercial use" in capsys.readouterr().err
    assert read_card(tmp_path / "out") is not None


def test_the_assistant_converses_in_the_base_models_own_form(tuned: Project) -> None:
    from samovar.cli.main import exit_code
    from samovar.tokenizer.tokenizer import Tokenizer

    assert exit_code(["chat", str(tuned.root), "-m", "Hello", "--max-tokens", "4"]) == 0
    assert Tokenizer.load(find_assistant(tuned.root).model).chat_template == foreign.LLAMA2_TEMPLATE


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("tokenizer.vocab_size=600", []),
        ("pretrain.seed=1", ["shards", "pretrain", "sft", "quantize", "eval"]),
        ("sft.seed=1", ["sft", "quantize", "eval"]),
        ("model.context=64", ["sft", "quantize", "eval"]),  # the rows of fine-tuning
        ("data.seed=1", ["data", "quantize", "eval"]),
    ],
)
def test_a_change_makes_again_just_what_depends_on_it(tuned: Project, change: str, expected: list[str]) -> None:
    assert [name for name, item in look(tuned, change).items() if item.manifest is None] == expected


def test_by_itself_a_run_with_rows_of_another_length_is_another_run(tuned: Project, tmp_path: Path) -> None:
    inputs, stage = {"pretrain": look(tuned)["base"].folder}, load_stages()["sft"]
    long, short = (load_recipe(tuned.recipe_file, [f"model.context={tokens}"]) for tokens in (128, 64))
    made = make_alone(stage, long, inputs=inputs, out=tmp_path / "a", root=tuned.root)
    assert make_alone(stage, long, inputs=inputs, out=tmp_path / "a", root=tuned.root).made_at == made.made_at
    with pytest.raises(ConfigError, match="is there already"):
        make_alone(stage, short, inputs=inputs, out=tmp_path / "a", root=tuned.root)


def test_another_model_in_the_folder_is_noticed(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(source, folder, copy_function=shutil.copy2)
    project = finetune_project(tmp_path / "p", folder)
    before = look(project)["base"].id
    write_front_matter(folder, license="mit")
    assert look(project)["base"].id != before


def test_pretraining_that_is_asked_for_goes_on_from_the_base(source: Path, tmp_path: Path) -> None:
    import torch

    from samovar.model.checkpoint import load_model

    project = finetune_project(tmp_path / "p", source)
    with project.recipe_file.open("a") as file:
        file.write(
            'pretrain: {tokens: 512, batch_tokens: 256, micro_batch_tokens: 256, validations: 1, compile: "off",\n'
            "           optimizer: adamw, learning_rate: 1.0e-6, adamw_learning_rate: 1.0e-6}\n"
        )
    items = make(project)
    assert set(items) == {"data", "base", "shards", "pretrain", "sft", "quantize", "eval"}
    assert items["sft"].inputs["pretrain"] == items["pretrain"].id
    assert items["shards"].reads["tokenizer"] == items["base"].folder
    before, after = (load_model(items[name].folder, dtype=torch.float32) for name in ("base", "pretrain"))
    moved = (before.embed_tokens.weight - after.embed_tokens.weight).abs().max()
    # A few steps at a millionth: the weights are those of the base, moved a little.
    assert 0 < moved < 1e-3
    shards = items["shards"].folder
    index = json.loads((shards / "shards.json").read_text())
    import numpy as np

    tokens = np.fromfile(shards / "train-00000.bin", dtype=np.uint16)
    ends = np.flatnonzero(tokens == index["document_end_id"])
    # Each document begins with <s> and ends with </s>, as the family has learnt it.
    assert index["document_end_id"] == 2
    assert (tokens[[0, *(ends[:-1] + 1)]] == 1).all()


def test_what_it_takes_is_foreseen_from_the_imported_shape(source: Path, tmp_path: Path) -> None:
    project = finetune_project(tmp_path / "p", source)
    recipe = load_recipe(project.recipe_file)
    items = resolve(project, recipe, load_stages())
    forecasts = forecast_all(project, recipe, items)
    assert set(forecasts) == {"data", "base", "sft", "quantize", "eval"}
    assert all(forecast.seconds > 0 and forecast.memory_bytes > 0 for forecast in forecasts.values())
    from samovar.cli.main import exit_code

    assert exit_code(["plan", str(project.root)]) == 0
    assert exit_code(["status", str(project.root)]) == 0
    assert exit_code(["plan", str(project.root), "--budget", "1 hour", "--write"]) == 0
    written = load_recipe(project.recipe_file)
    assert written.base == recipe.base
    assert written.sft.tokens > recipe.sft.tokens
    assert exit_code(["plan", str(project.root), "--budget", "1 s"]) == 1


def test_a_budget_of_time_tells_ways_of_teaching_a_base_apart(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By probes in which adapters are 2.5 times as fast as all weights, and half of that beside four bits."""

    def speed(shape: DecoderSettings, *, adapter: AdapterSettings | None = None, **how: Any) -> float:
        return 1000.0 if adapter is None else {16: 2500.0, 4: 1250.0}[adapter.base_bits]

    monkeypatch.setattr(probe, "probe_tokens_per_second", speed)
    from samovar.cli.main import exit_code

    project = finetune_project(tmp_path / "p", source)
    assert exit_code(["plan", str(project.root), "--budget", "100 hours", "--json"]) == 0
    options = json.loads(capsys.readouterr().out)["options"]
    assert [option["name"] for option in options] == ["all weights", "LoRA, rank 16", "QLoRA, rank 16"]
    whole, beside_16, beside_4 = (option["sft_tokens"] for option in options)
    assert beside_16 / whole == pytest.approx(2.5, rel=0.05)
    assert beside_4 / whole == pytest.approx(1.25, rel=0.05)


def test_what_is_wrong_with_a_base_is_named_before_any_work(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(source, folder)
    project = finetune_project(tmp_path / "p", folder)
    (folder / "config.json").write_text(
        json.dumps(json.loads((folder / "config.json").read_text()) | {"vocab_size": 9})
    )
    with pytest.raises(CorruptError, match="9 rows"):
        make(project)
    with pytest.raises(MissingError, match="no folder of a model"):
        look(project, "base=./nowhere")
    with pytest.raises(ConfigError, match="neither a folder nor an id"):
        forecast_all(project, recipe := Recipe(base="just words"), resolve(project, recipe, load_stages()))
    assert not list(project.artifacts.glob("sft-*"))
