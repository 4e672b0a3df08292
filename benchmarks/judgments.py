"""Pairs out of what judges said of whole answers: GPT-4's reviews of Vicuna's rivals, and two models' Russian answers.

The answers are long. Those who read them here are small: of each only its beginning is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.documents import unpacked
from samovar.chat.preferences import Pair
from samovar.core.errors import MissingError
from samovar.tasks.task import assistant, user

BEGINNING = 300
"""Characters of an answer that are taken."""
STRONG, WEAK = "T-Tech-T-pro-it-1.0", "phi-3-medium-4k-instruct"
"""Of ru_llm_arena; that the first is better is said by the arena as a whole, and of no single answer."""


def review_pairs(data: Path) -> Iterator[Pair]:
    """Of mt_bench_vicuna, answers that a review gave unlike scores; margins are the scores' differences."""
    folder = _there(data / "mt_bench_vicuna" / "vicuna_eval")
    question = {row["question_id"]: row["text"] for row in _rows(folder / "question.jsonl")}
    said = {row["answer_id"]: row["text"] for path in sorted(folder.glob("answer/*")) for row in _rows(path)}
    for path in sorted(folder.glob("review/*/*.jsonl")):
        for row in _rows(path):
            scores = [float(one) for one in row.get("score") or () if float(one) >= 0]
            texts = [said.get(row[key]) for key in ("answer1_id", "answer2_id")]
            if len(scores) == 2 and scores[0] != scores[1] and None not in texts:
                good, bad = texts if scores[0] > scores[1] else reversed(texts)
                yield _pair(question[row["question_id"]], str(good), str(bad), abs(scores[0] - scores[1]))


def arena_pairs(data: Path) -> Iterator[Pair]:
    """Of ru_llm_arena, the answers of a strong and of a weak model to each question."""
    folder = _there(data / "ru_llm_arena")
    strong, weak = (_answers(folder / "model_answer" / f"{model}.jsonl.zst") for model in (STRONG, WEAK))
    for row in _rows(folder / "arena-hard-v0.1_question.jsonl"):
        key = row["question_id"]
        if key in strong and key in weak:
            yield _pair(row["turns"][0]["content"], strong[key], weak[key], 0.0)


def _pair(asked: str, good: str, bad: str, margin: float) -> Pair:
    return Pair((user(asked),), (assistant(good[:BEGINNING]),), (assistant(bad[:BEGINNING]),), margin=margin)


def _answers(path: Path) -> dict[str, str]:
    return {row["question_id"]: row["choices"][0]["turns"][0]["content"] for row in _rows(path)}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") if path.suffix == ".jsonl" else unpacked(path) as file:
        yield from map(json.loads, filter(None, file.read().decode().split("\n")))


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        raise MissingError(f"{folder} does not exist", hint="name the folder of data sets with --data or SAMOVAR_DATA")
    return folder
