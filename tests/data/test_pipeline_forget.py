"""Forgetting: what a rule names is in no output and in nothing that is kept, and building on gives a fresh build."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from samovar.core.errors import DataError
from samovar.data.corpus import build_corpus, read_corpus
from samovar.data.forget import ForgetRule
from samovar.data.pipeline.frames import Part, read_frames
from samovar.data.pipeline.records import tally_from, tally_record
from samovar.data.pipeline.unit_store import UnitStore
from samovar.data.pipeline.verdicts import read_verdicts
from samovar.data.samples import Reservoir
from samovar.data.settings import DataSettings
from samovar.data.steps.step import DroppedSample, EditedSample, Tally

STEPS: list[Any] = ["normalise", {"step": "length", "min_characters": 30}, "exact_dedup", "near_dedup"]
WORDS = ("tea", "samovar", "sugar", "lemon", "cup", "water", "steam", "evening", "garden", "table")
NAMES = ("Olga Petrova", "Ivan Sidorov", "project Firebird")


def folder_of(root: Path, count: int = 40) -> Path:
    for number in range(count):
        draw = random.Random(number)
        text = " ".join(draw.choices(WORDS, k=40)) + f" {number}"
        if number % 6 == 0:
            text = f"{text}\r\n{NAMES[number // 6 % 3]} signed it."
        if number % 9 == 4:
            text = f"{NAMES[number // 9 % 3]} {number}"
        path = root / "documents" / f"{number % 4}" / f"{number:02d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(10**18, 10**18))
    return root


def build(root: Path, name: str, rules: list[ForgetRule], units: Path | None = None) -> tuple[dict[str, Any], Path]:
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 1, "validation_share": 0.2})
    metrics = build_corpus(settings, root=root, out=root / name, rules=rules, units=units, progress_quiet=True)
    return metrics, root / name


def everything(corpus: Path, units: Path) -> str:
    """All that the corpus and the store of units hold, unpacked."""
    texts = [path.read_text(errors="replace") for path in corpus.iterdir() if path.suffix != ".parquet"]
    for split in ("train", "validation"):
        texts += [f"{document.id} {document.text}" for document in read_corpus(corpus, split)]
    for path in units.glob("*.units"):
        with path.open("rb") as file:
            for part in read_frames(file, 0, path.stat().st_size):
                if isinstance(part, Part):
                    texts += [document.text for document in part.documents]
                else:
                    texts.append(str({**part, "rules": []}))
    return "\n".join(texts)


@pytest.mark.parametrize(
    "rules",
    [
        [ForgetRule("text", r"Olga\s+Petrova")],
        [ForgetRule("text", "Firebird"), ForgetRule("file", "documents/1")],
        [ForgetRule("id", "documents/2/18.txt"), ForgetRule("file", "*/0?.txt")],
    ],
)
def test_forgetting_ends_in_what_a_fresh_build_with_the_rules_gives(tmp_path: Path, rules: list[ForgetRule]) -> None:
    folder_of(tmp_path)
    units = tmp_path / "units"
    before, _ = build(tmp_path, "kept", [], units)
    for count in range(1, len(rules) + 1):
        after, kept = build(tmp_path, "kept", rules[:count], units)
        same, fresh = build(tmp_path, f"fresh-{count}", rules[:count])
        assert after == same
        assert after["documents"] < before["documents"]
        for path in fresh.iterdir():
            assert path.read_bytes() == (kept / path.name).read_bytes(), path.name
    again, _ = build(tmp_path, "kept", [], units)
    assert again == before, "a rule that is taken back has no effect any more"


def test_what_is_forgotten_is_nowhere(tmp_path: Path) -> None:
    folder_of(tmp_path)
    units = tmp_path / "units"
    _, corpus = build(tmp_path, "kept", [], units)
    held = everything(corpus, units)
    assert all(name in held for name in NAMES)
    rules = [ForgetRule("text", r"Olga\s+Petrova")]
    metrics, corpus = build(tmp_path, "kept", rules, units)
    held = everything(corpus, units)
    assert "Petrova" not in held
    assert all(name in held for name in NAMES[1:])
    assert metrics["dropped"]["forgotten: to be forgotten, by text"] >= 2
    forgotten = [row for row in read_verdicts(corpus) if row.step == "forgotten"]
    assert len(forgotten) == metrics["dropped"]["forgotten: to be forgotten, by text"]
    assert all((tmp_path / row.source).read_text().find("Petrova") > 0 for row in forgotten)


def test_a_file_to_be_forgotten_is_not_even_read(tmp_path: Path) -> None:
    folder_of(tmp_path)
    (tmp_path / "documents" / "0" / "00.txt").chmod(0)
    metrics, corpus = build(tmp_path, "c", [ForgetRule("file", "documents/0")])
    assert '"file": "documents/0/00.txt"' in (corpus / "files.jsonl").read_text()
    assert "to be forgotten, and not read" in (corpus / "files.jsonl").read_text()
    assert metrics["documents_read"] == 30
    with pytest.raises(DataError, match="to be forgotten"):
        build(tmp_path, "c", [ForgetRule("file", "documents")])


def test_samples_and_tables_of_what_is_dropped_are_cleaned_too(tmp_path: Path) -> None:
    """A text that a step drops before the rule sees it can still be named in the samples."""
    folder_of(tmp_path)
    _, corpus = build(tmp_path, "c", [])
    assert "Ivan Sidorov" in (corpus / "dropped.jsonl").read_text()
    _, corpus = build(tmp_path, "c", [ForgetRule("text", "Ivan")])
    assert "Ivan" not in (corpus / "dropped.jsonl").read_text() + (corpus / "report.md").read_text()


def test_a_tally_comes_back_from_its_record() -> None:
    tally = Tally(edited_samples=Reservoir(2, "0:x:edited"))
    tally.documents_in, tally.documents_out, tally.characters_in = 7, 5, 900
    tally.dropped.update({"too short": 2})
    tally.edits.update({"email": 3})
    tally.found["languages"].update({"ru": 4, "en": 1})
    tally.dropped_samples["too short"] = Reservoir(3, "0:x:too short")
    for key in "abcde":
        tally.dropped_samples["too short"].offer(key, lambda key=key: DroppedSample(key, "f", "d", f"text {key}"))
        tally.edited_samples.offer(key, lambda key=key: EditedSample(key, "before", "after"))
    back = tally_from(tally_record(tally))
    assert tally_record(back) == tally_record(tally)
    assert back.dropped_samples["too short"].items == tally.dropped_samples["too short"].items
    assert (back.dropped, back.edits, back.found) == (tally.dropped, tally.edits, tally.found)


def test_new_rules_over_a_damaged_store_read_it_anew(tmp_path: Path) -> None:
    folder_of(tmp_path)
    units = tmp_path / "units"
    build(tmp_path, "c", [], units)
    (segment,) = units.glob("*.units")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    rules = [ForgetRule("text", NAMES[0])]
    again, fresh = build(tmp_path, "again", rules, units)[0], build(tmp_path, "fresh", rules)[0]
    assert again == fresh


def test_bytes_of_units_that_are_of_no_use_go(tmp_path: Path) -> None:
    folder_of(tmp_path)
    units = tmp_path / "units"
    build(tmp_path, "c", [], units)
    size = sum(path.stat().st_size for path in units.glob("*.units"))
    for path in sorted((tmp_path / "documents").rglob("*.txt"))[:30]:
        path.unlink()
    build(tmp_path, "c", [], units)
    assert sum(path.stat().st_size for path in units.glob("*.units")) < size / 2
    for round_ in range(40):
        (tmp_path / "documents" / "new.txt").write_text(f"a new text of the round {round_} " * 3)
        build(tmp_path, "c", [], units)
    assert len(list(units.glob("*.units"))) < 25
    with UnitStore(units) as store:
        assert store.find(12345) is None
