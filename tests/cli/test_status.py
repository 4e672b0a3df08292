"""What `samovar status` prints: a row a stage, what may be deleted, what answers meanwhile, and what to type next."""

from __future__ import annotations

import shutil

from samovar.brew.project import Project
from tests.cli.conftest import Samovar

STAGES = ["data", "tokenizer", "shards", "pretrain", "sft", "quantize", "eval"]


def rows(table: str) -> dict[str, list[str]]:
    """The columns of each row, by the name of the stage."""
    parted = [line.split(maxsplit=6) for line in table.splitlines() if line.strip()]
    return {columns[0]: columns for columns in parted if columns[0] in STAGES}


def test_a_row_a_stage_with_time_disk_id_and_metrics(samovar: Samovar, brewed: Project) -> None:
    ran = samovar("status", brewed.root)
    found = rows(ran.out)
    assert list(found) == STAGES
    for stage, (_, state, seconds, size, unit, identity, _) in found.items():
        assert state == "made"
        assert seconds.endswith("s")
        assert float(size) > 0
        assert unit in {"B", "KiB", "MiB"}
        assert (brewed.artifacts / f"{stage}-{identity}").is_dir()
    assert found["data"][-1].startswith("documents 12")
    assert found["tokenizer"][-1].startswith("vocab size 512")
    assert "bits per byte" in found["pretrain"][-1]
    assert "tokens per second" in found["sft"][-1]
    assert "accuracy" in found["eval"][-1]
    assert ran.err.splitlines() == [f"next: samovar chat {brewed.root}"]


def test_what_the_recipe_no_longer_leads_to(samovar: Samovar, brewed_copy: Project) -> None:
    recipe = brewed_copy.recipe_file.read_text()
    brewed_copy.recipe_file.write_text(recipe.replace("examples: 2", "examples: 3"))
    ran = samovar("status", brewed_copy.root)
    assert "to make" in ran.out
    (report,) = brewed_copy.artifacts.glob("eval-*")
    assert ran.err.splitlines() == [
        "not in use by the recipe as it is now, and safe to delete:",
        f"  {report}",
        f"next: samovar brew {brewed_copy.root}",
    ]


def test_what_answers_until_the_next_brew(samovar: Samovar, brewed_copy: Project) -> None:
    (assistant,) = brewed_copy.artifacts.glob("quantize-*")
    shutil.copy(brewed_copy.root / "documents" / "0.txt", brewed_copy.root / "documents" / "new.txt")
    ran = samovar("status", brewed_copy.root)
    assert f"what answers until the next brew: {assistant}" in ran.err
    listed = ran.err.partition("safe to delete:")[2]
    assert "eval-" in listed
    assert not any(name in listed for name in ("quantize-", "sft-", "pretrain-", "data-"))
