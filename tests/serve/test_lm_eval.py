"""lm-evaluation-harness scores a local task through /v1/completions as the model itself does. Offline."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import serving

QUESTIONS = [
    ("The cat sat on the", [" mat", " river", " seconds"], 0),
    ("Кошка смотрела на", [" реку", " коврик", " cat"], 0),
    ("It ran for", [" 1234 seconds", " the mat and looked", " it"], 1),
    ("A cat", [" sat", " looked at the river"], 1),
]
SAYING = """
task: tiny_sayings
dataset_path: json
dataset_kwargs:
  data_files:
    test: {path}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{choices[0]}}}}"
generation_kwargs:
  until: ["\\n\\n", "z"]
  max_gen_toks: 8
  do_sample: false
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1
"""
TASK = """
task: tiny_questions
dataset_path: json
dataset_kwargs:
  data_files:
    test: {path}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
target_delimiter: ""
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1
"""


@pytest.fixture(scope="module")
def folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-model", tokenizer)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    """Another one than the server's, which nobody else may step."""
    return Engine.load(folder, max_batch=4)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    engine = Engine.load(folder, max_batch=4)
    with EngineRunner(engine) as runner, serving(create_app(runner, engine.tokenizer, model_id="tiny")) as url:
        yield url


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("HF_HUB_OFFLINE", "1"), ("HF_DATASETS_OFFLINE", "1"), ("HF_HOME", str(tmp_path / "hub"))):
        monkeypatch.setenv(name, value)


def scored(engine: Engine, question: str, choice: str) -> tuple[float, bool]:
    """The log-likelihood of ``choice`` after ``question`` by the decoder itself, and whether greed would say it."""
    whole, before = engine.tokenizer.encode(question + choice), engine.tokenizer.encode(question)
    with torch.inference_mode():
        hidden_1TD = engine.model.hidden(torch.tensor([whole]))
        logits_TV = engine.model.head(hidden_1TD)[0, :, : engine.tokenizer.vocab_size]
    log_TV = logits_TV.float().log_softmax(-1)
    places = range(len(before), len(whole))
    total = sum(float(log_TV[place - 1, whole[place]]) for place in places)
    return total, all(int(log_TV[place - 1].argmax()) == whole[place] for place in places)


@pytest.mark.filterwarnings("ignore")
def test_scores_are_the_models_own(engine: Engine, folder: Path, url: str, offline: None, tmp_path: Path) -> None:
    import lm_eval
    from lm_eval.tasks import TaskManager

    rows = [{"question": asked, "choices": choices, "answer": answer} for asked, choices, answer in QUESTIONS]
    data = tmp_path / "questions.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "tiny_questions.yaml").write_text(TASK.format(path=data), encoding="utf-8")
    (tmp_path / "tasks" / "tiny_sayings.yaml").write_text(SAYING.format(path=data), encoding="utf-8")
    arguments: dict[str, Any] = {
        "model": "tiny",
        "base_url": f"{url}/v1/completions",
        "tokenizer_backend": "huggingface",
        "tokenizer": str(folder),
        "num_concurrent": 1,
        "max_length": 256,
        "max_retries": 1,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = lm_eval.simple_evaluate(
            model="local-completions",
            model_args=arguments,
            tasks=["tiny_questions", "tiny_sayings"],
            task_manager=TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False),
            batch_size=2,
            bootstrap_iters=0,
        )
    samples = sorted(found["samples"]["tiny_questions"], key=lambda sample: sample["doc_id"])
    num_right = 0
    for sample, (question, choices, answer) in zip(samples, QUESTIONS, strict=True):
        expected = [scored(engine, question, choice) for choice in choices]
        for (told, is_greedy), (total, would_be_said) in zip(sample["filtered_resps"], expected, strict=True):
            assert float(told) == pytest.approx(total, abs=1e-3)
            assert str(is_greedy) == str(would_be_said)
        totals = [total for total, _ in expected]
        num_right += totals.index(max(totals)) == answer
    assert found["results"]["tiny_questions"]["acc,none"] == num_right / len(QUESTIONS)
    said = sorted(found["samples"]["tiny_sayings"], key=lambda sample: sample["doc_id"])
    sampling = Sampling(temperature=0, max_tokens=8, stop=("\n\n", "z"))
    for sample, (question, _, _) in zip(said, QUESTIONS, strict=True):
        expected = engine.generate([engine.tokenizer.encode(question)], sampling)[0].text
        assert sample["resps"][0][0] == expected
