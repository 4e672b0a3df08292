"""Samovar's step ``toxicity``, by its lists alone or with a filter learnt from labelled rows."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Edited, Marked, Verdict
from samovar.data.steps.toxicity import Toxicity, ToxicitySettings


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Judge once to warm up and for the answers, then again against the clock; training has its own seconds."""
    work = json.loads(Path(job["job"]).read_text(encoding="utf-8"))
    labels = [work["labelled"]] if job["learns"] else []
    step = Toxicity(ToxicitySettings(labels=labels, label_levels={"hate": "hate", "offensive": "insult"}))
    started = time.process_time()
    step.judge(Document("0", "some words", ""))
    outcome: dict[str, Any] = {"called": {}, "learned": {}, "seconds": {}}
    outcome["seconds_to_start"] = round(time.process_time() - started, 2)
    for name, texts in work["texts"].items():
        documents = [Document(str(number), text, "") for number, text in enumerate(texts)]
        metas = [_meta(step.judge(document)) for document in documents]
        outcome["called"][name] = [_called(meta.get("toxic", "").split()) for meta in metas]
        outcome["learned"][name] = [_called(_likely(meta.get("toxicity_learned", ""))) for meta in metas]
        started = time.process_time()
        for document in documents:
            step.judge(document)
        outcome["seconds"][name] = time.process_time() - started
    outcome["texts_per_second"] = len(work["texts"]["tweets"]) / outcome["seconds"]["tweets"]
    outcome["versions"] = {name: version(name) for name in ("numba", "numpy")}
    return outcome


def _meta(verdict: Verdict) -> dict[str, str]:
    assert not isinstance(verdict, Dropped)
    return dict(verdict.meta) if isinstance(verdict, Marked | Edited) else {}


def _likely(learned: str) -> list[str]:
    """The levels of 'hate:0.71 insult:0.20' that are likelier than not."""
    pairs = (one.split(":") for one in learned.split())
    return [level for level, probability in pairs if float(probability) >= 0.5]


def _called(levels: list[str]) -> list[str]:
    """What a text is called: toxic, and hate or else offensive."""
    if not levels:
        return []
    return ["toxic", "hate" if "hate" in levels else "offensive"]
