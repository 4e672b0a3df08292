"""What embeddings and rerank read is bounded, charged and counted as what answers read is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from samovar.engine import embeddings, rerank
from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.serve.keys import KeyBook, Limits
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import serving
from tests.serve.test_cancellation import until

LONGEST = 150
TEXTS = ["The tea was hot.", "Самовар пел."]
ASKED: dict[str, dict[str, Any]] = {
    "embeddings": {"input": TEXTS},
    "rerank": {"query": "Was tea hot?", "documents": TEXTS},
}
COUNTER = "samovar_prompt_tokens_total"
FIELDS = {"embeddings": "input", "rerank": "documents"}


@dataclass
class Measuring:
    http: httpx.Client
    book: KeyBook

    def ask(self, path: str, secret: str, **changes: Any) -> httpx.Response:
        timeout_s = changes.pop("timeout_s", 20)
        return self.http.post(
            f"/v1/{path}",
            json={"model": "tiny", **ASKED[path], **changes},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=timeout_s,
        )

    def told(self, name: str) -> float:
        """What /metrics tells."""
        watcher, _ = self.book.create(f"watcher {len(self.book.listed())}", scopes=["metrics"])
        text = self.http.get("/metrics", headers={"Authorization": f"Bearer {watcher}"}).text
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
        return next(one.value for one in samples if one.name == name)


@pytest.fixture
def measuring(tokenizer: Tokenizer, tmp_path: Path) -> Iterator[Measuring]:
    engine = Engine.load(save_tiny_model(tmp_path / "tiny", tokenizer), max_batch=2)
    book = KeyBook(tmp_path / "keys.sqlite3")
    settings = ServeSettings(max_prompt_tokens=LONGEST)
    with (
        EngineRunner(engine) as runner,
        serving(create_app(runner, engine.tokenizer, model_id="tiny", keys=book, settings=settings)) as url,
        httpx.Client(base_url=url) as http,
    ):
        yield Measuring(http, book)


@pytest.mark.parametrize("path", ASKED)
def test_what_was_read_is_charged_and_counted_once(measuring: Measuring, path: str) -> None:
    secret, key = measuring.book.create("desk")
    usage = measuring.ask(path, secret).json()["usage"]
    assert usage["prompt_tokens"] > 0
    assert measuring.book.spent_today(key.id).prompt_tokens == usage["prompt_tokens"] == measuring.told(COUNTER)


@pytest.mark.parametrize("path", ASKED)
def test_a_text_of_more_tokens_than_the_server_takes_is_refused_before_any_is_read(
    measuring: Measuring, path: str
) -> None:
    secret, key = measuring.book.create("desk")
    refused = measuring.ask(path, secret, **{FIELDS[path]: [*TEXTS, "tea " * LONGEST]})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (400, "prompt_too_long", FIELDS[path])
    assert measuring.book.spent_today(key.id).prompt_tokens == 0


@pytest.mark.parametrize("path", ASKED)
def test_who_leaves_just_before_the_end_pays_and_who_leaves_before_the_beginning_does_not(
    measuring: Measuring, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, early_key = measuring.book.create("early")
    late, late_key = measuring.book.create("late")
    usage = measuring.ask(path, early).json()["usage"]
    module, name = (embeddings, "embed") if path == "embeddings" else (rerank, "rerank")
    plain: Callable[..., Any] = getattr(module, name)
    is_read, may_end = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        found = plain(*given)
        is_read.set()
        assert may_end.wait(20)
        return found

    monkeypatch.setattr(module, name, slow)
    for secret in (late, early):  # the second waits for the engine
        with pytest.raises(httpx.ReadTimeout):
            measuring.ask(path, secret, timeout_s=0.4)
        assert is_read.wait(5)
    until(lambda: measuring.told("samovar_requests_open") == 1)  # which is this one
    assert measuring.book.spent_today(late_key.id).prompt_tokens == usage["prompt_tokens"]
    may_end.set()
    assert measuring.book.spent_today(early_key.id).prompt_tokens == usage["prompt_tokens"]
    assert measuring.told(COUNTER) == 2 * usage["prompt_tokens"]


@pytest.mark.parametrize("path", ASKED)
def test_texts_of_more_tokens_than_the_key_has_left_are_not_read(measuring: Measuring, path: str) -> None:
    secret, key = measuring.book.create("desk", limits=Limits(tokens_per_day=3))
    refused = measuring.ask(path, secret)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert measuring.book.spent_today(key.id).tokens == measuring.told(COUNTER) == 0
