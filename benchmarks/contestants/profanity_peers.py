"""better_profanity and alt-profanity-check, by the Python of an environment that has them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

Judge = Callable[[list[str]], list[bool]]


def _by_words() -> Judge:
    """A list of words with letters replaced by signs; texts are judged one by one."""
    from better_profanity import profanity

    profanity.load_censor_words()
    return lambda texts: [bool(profanity.contains_profanity(text)) for text in texts]


def _by_model() -> Judge:
    """A linear model over words, trained by its makers; it takes all texts at once, which is its fastest."""
    from profanity_check import predict

    return lambda texts: [bool(one) for one in predict(texts)]


_PEERS = {"better-profanity": _by_words, "alt-profanity-check": _by_model}


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Judge against the clock, once: the word list takes minutes, and nothing here gets faster the second time."""
    work = json.loads(Path(job["job"]).read_text(encoding="utf-8"))
    judge = _PEERS[job["peer"]]()
    judge(["some words"])
    outcome: dict[str, Any] = {"called": {}, "seconds": {}}
    for name, texts in work["texts"].items():
        started = time.process_time()
        called = judge(texts)
        outcome["seconds"][name] = time.process_time() - started
        outcome["called"][name] = [["toxic"] if is_called else [] for is_called in called]
    outcome["texts_per_second"] = len(work["texts"]["tweets"]) / outcome["seconds"]["tweets"]
    outcome["versions"] = {job["peer"]: version(job["peer"])}
    return outcome
