"""The command line under torchrun: two processes make what one makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TEXTS = ["The samovar sang on the table, and the tea was hot.", "Самовар пел на столе, и чай был горячим."]
SETTINGS = ("tokens=1024", "batch_tokens=256", "micro_batch_tokens=64", "validations=1", "compile='off'")


def run(*words: str | Path, **environment: str) -> None:
    result = subprocess.run(
        [sys.executable, *map(str, words)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


def test_two_processes_train_what_one_trains(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(8):
        (documents / f"{number}.txt").write_text(f"{number}. " + " ".join(TEXTS * 20), encoding="utf-8")
    corpus, tokenizer = tmp_path / "corpus", tmp_path / "tokenizer"
    run("-m", "samovar", "data", documents, "--out", corpus, "--set", "data.steps=[normalise]")
    run("-m", "samovar", "tokenizer", corpus, "--out", tokenizer, "--set", "tokenizer.vocab_size=320")
    changes = [f"pretrain.{setting}" for setting in SETTINGS] + ["model.size=1", "model.context=32"]
    options = ["--tokenizer", tokenizer, *(word for change in changes for word in ("--set", change))]
    run("-m", "samovar", "pretrain", corpus, "--out", tmp_path / "one", *options)
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "samovar")
    run(*torchrun, "pretrain", corpus, "--out", tmp_path / "two", *options)
    losses = {
        name: [json.loads(line)["loss"] for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    }
    assert len(losses["one"]) == 4
    for alone, together in zip(losses["one"], losses["two"], strict=True):
        assert abs(alone - together) < 1e-3
