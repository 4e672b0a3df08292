"""schemathesis makes requests out of the OpenAPI document, right ones and wrong ones; the server must keep its word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import positive_data_acceptance

from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import serving

MOST_SECONDS = 20


@pytest.fixture(scope="module")
def document(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", tokenizer)
    engine = Engine.load(folder, max_batch=4, way="eager")
    store = Store(folder / "chats.sqlite3")
    with (
        closing(store),
        EngineRunner(engine) as runner,
        serving(create_app(runner, engine.tokenizer, model_id="tiny", store=store)) as url,
    ):
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")
        engine.check_blocks()
        assert engine.num_running == engine.num_waiting == 0


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(document: Any, mode: schemathesis.GenerationMode) -> None:
    """No 5xx, and statuses, content types and shapes as they are written, for right requests and for wrong ones."""
    tried = [operation.ok().label for operation in document.get_all_operations() if _try(operation.ok(), mode)]
    assert {"POST /v1/chat/completions", "POST /v1/messages", "POST /v1/embeddings", "POST /api/chats"} <= set(tried)


def _try(operation: Any, mode: schemathesis.GenerationMode) -> bool:
    """Whether there was anything to try."""
    num_tried = 0

    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer(case: Any) -> None:
        nonlocal num_tried
        num_tried += 1
        # What one field says of another (stream_options without stream) no schema tells: such may be refused.
        case.validate_response(case.call(timeout=MOST_SECONDS), excluded_checks=[positive_data_acceptance])

    try:
        answer()
    except Unsatisfiable:  # no request to this address can be wrong
        return False
    return num_tried > 0
