"""The command line under torchrun: two processes make together what one makes alone."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from samovar.brew.recipe import Recipe
from samovar.brew.stage import StageContext
from samovar.brew.stages.sft import SftStage
from samovar.brew.together import _from_text, _to_text
from samovar.cli.main import exit_code
from samovar.core import devices
from samovar.train.parallel.world import BY_ITSELF
from tests.brew import in_float32, one_fails
from tests.train.parallel.conftest import torchrun

TEXTS = ["The samovar sang on the table, and the tea was hot.", "Самовар пел на столе, и чай был горячим."]
COMMON = ("batch_tokens=512", "micro_batch_tokens=128", "validations=1", "compile='off'")
SCRIPT = str(Path(in_float32.__file__))


def test_what_nobody_set_stays_so_in_every_process() -> None:
    """A size of micro-batches that counts as set in one process alone would give the processes other passes."""
    recipe = Recipe.model_validate({"name": "Tea", "sft": {"tokens": 4096}})
    _, context = _from_text(_to_text(SftStage(), StageContext(recipe, Path(), {}, Path("out"))), BY_ITSELF)
    assert context.recipe == recipe
    assert context.recipe.sft.model_fields_set == {"tokens"}
    assert context.recipe.model_fields_set == {"name", "sft"}


def alone(*words: str | Path) -> None:
    """Run the command here, as ``in_float32`` does elsewhere: starting a process would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "_cpu_flags", set)
        assert exit_code([str(word) for word in words]) == 0


def together(*words: str | Path) -> None:
    done = torchrun(2, SCRIPT, *map(str, words))
    assert done.returncode == 0, done.stderr


def options(section: str, *changes: str) -> list[str]:
    every = [f"{section}.{change}" for change in (*COMMON, *changes)]
    return [word for change in every for word in ("--set", change)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, a tokenizer, conversations, and a base model made in one process."""
    folder = tmp_path_factory.mktemp("together")
    documents = folder / "documents"
    documents.mkdir()
    for number in range(8):
        (documents / f"{number}.txt").write_text(f"{number}. " + " ".join(TEXTS * 20), encoding="utf-8")
    answer = {"role": "assistant", "content": "It sang: yes."}
    asked = [{"role": "user", "content": f"Is the tea of cup {number} hot?"} for number in range(40)]
    lines = [json.dumps({"messages": [question, answer]}) for question in asked]
    (folder / "own.jsonl").write_text("\n".join(lines), encoding="utf-8")
    alone("data", documents, "--out", folder / "corpus", "--set", "data.steps=[normalise]")
    alone("tokenizer", folder / "corpus", "--out", folder / "tokenizer", "--set", "tokenizer.vocab_size=320")
    alone(*pretrain(folder, "base"))
    return folder


def pretrain(folder: Path, out: str, *changes: str) -> list[str | Path]:
    model = ["--set", "model.size=1", "--set", "model.context=128"]
    return [
        "pretrain", folder / "corpus", "--tokenizer", folder / "tokenizer", "--out", folder / out, *model,
        *options("pretrain", "tokens=2048", *changes),
    ]  # fmt: skip


def sft(folder: Path, out: str, *changes: str) -> list[str | Path]:
    given = ["sft", folder / "base", "--conversations", folder / "own.jsonl", "--out", folder / out]
    return [*given, *options("sft", "tokens=2048", *changes)]


def compare(one: Path, two: Path) -> None:
    """The same losses, validation and weights; and both processes trained, which the run's own account tells."""
    assert [json.loads((folder / "run.json").read_text())["world_size"] for folder in (one, two)] == [1, 2]
    rows = [[json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()] for folder in (one, two)]
    assert len(rows[0]) == len(rows[1]) == 4
    for alike in zip(*rows, strict=True):
        keys = ("loss", "gradient_norm", "validation_loss")
        numbers = [{key: row[key] for key in keys if key in row} for row in alike]
        assert numbers[1] == pytest.approx(numbers[0], rel=1e-5, abs=1e-5)
    weights = [load_file(folder / "model.safetensors") for folder in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    assert max(float((weights[0][name] - weights[1][name]).abs().max()) for name in weights[0]) < 1e-4
    files = [sorted(str(path.relative_to(folder)) for path in folder.iterdir()) for folder in (one, two)]
    assert files[0] == files[1]


def test_pretrain(made: Path) -> None:
    together(*pretrain(made, "base-of-two", "parallel.shard=2"))
    compare(made / "base", made / "base-of-two")
    assert "sample" in (made / "base-of-two/metrics.jsonl").read_text()


def test_sft(made: Path) -> None:
    alone(*sft(made, "assistant"))
    together(*sft(made, "assistant-of-two"))
    compare(made / "assistant", made / "assistant-of-two")


def test_what_does_not_divide_is_refused_before_any_work(made: Path) -> None:
    words = map(str, pretrain(made, "nothing", "batch_tokens=384"))
    started = time.monotonic()
    done = torchrun(2, "-m", "samovar", *words)
    assert time.monotonic() - started < 60  # and nobody waits for a process that is gone
    assert done.returncode != 0
    assert done.stderr.count("error: a step has 3 rows, which do not divide by the 2 processes") == 1
    assert not (made / "nothing").exists()
    assert not (made / "nothing-shards").exists()


@pytest.mark.parametrize("fails", ["0", "1"])
def test_one_that_fails_is_heard_and_nobody_waits(made: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    monkeypatch.setenv("FAILS", fails)
    started = time.monotonic()
    done = torchrun(2, str(Path(one_fails.__file__)), *map(str, pretrain(made, f"failed-{fails}")))
    assert time.monotonic() - started < 60
    assert done.returncode != 0
    assert done.stderr.count("error: the disk is full\nhint: free some space") == 1
    assert not (made / f"failed-{fails}").exists()
