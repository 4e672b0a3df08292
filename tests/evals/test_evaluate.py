"""From a model folder and a corpus to a report, with the real engine, agent and tasks."""

import json

import pytest
import torch

from samovar.chat.conversation import Message
from samovar.core.artifact import make_artifact
from samovar.core.errors import ConfigError
from samovar.data.corpus import build_corpus
from samovar.data.settings import DataSettings, SourceSettings
from samovar.engine.request import Sampling
from samovar.evals.evaluate import evaluate
from samovar.evals.samples import answer_prompts
from samovar.evals.settings import EvalSettings
from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tasks.task import assistant
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

LINES = [
    f"Самовар номер {n} закипел в {n % 24} часов, чай разлит по {n} чашкам. The kettle number {n} is made of copper. "
    for n in range(40)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A corpus and a base model with random weights, as artifacts."""
    root = tmp_path_factory.mktemp("made")
    (root / "documents").mkdir()
    for n, line in enumerate(LINES):
        (root / "documents" / f"{n}.txt").write_text(line * 3, encoding="utf-8")
    settings = DataSettings(sources=[SourceSettings(path="documents")], validation_share=0.3)

    def pretrain(out):
        tokenizer = train_tokenizer(LINES, TokenizerSettings(vocab_size=400))
        tokenizer.save(out / "tokenizer")
        shape = DecoderSettings(
            vocab_size=tokenizer.vocab_size, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2,
            num_kv_heads=1, head_dim=8, max_positions=192,
        )  # fmt: skip
        torch.manual_seed(0)
        save_model(Decoder(shape), out, tokenizer_folder=out / "tokenizer")
        rows = [{"step": n, "tokens": 100 * n, "loss": 6 / n, "validation_loss": 7 / n} for n in range(1, 6)]
        (out / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return {"tokens": 500, "tokens_per_second": 10}

    def data(out):
        return build_corpus(settings, root=root, out=out, progress_quiet=True)

    for stage, make in (("data", data), ("pretrain", pretrain)):
        make_artifact(root / stage, stage=stage, version=1, config={}, inputs={}, make=make, watts=16.0)
    return root


def test_a_report_of_a_whole_brew(made, tmp_path):
    stages = {"data": made / "data", "pretrain": made / "pretrain"}
    settings = EvalSettings(examples=3, max_tokens=8, text_bytes=2000, prompts=["Ёлка?"])
    options = {"model": stages["pretrain"], "corpus": stages["data"], "assistant_name": "Ёлка", "is_quiet": True}
    account = {"data": {"id": json.loads((made / "data/manifest.json").read_text())["id"], "forecast_seconds": 3.0}}
    metrics = evaluate(
        settings, **options, tasks=["arithmetic", "small_talk"], out=tmp_path, context=stages, account=account
    )
    json.dumps(metrics)
    assert metrics["tasks"].keys() == {"arithmetic", "small_talk"}
    for by_language in metrics["tasks"].values():
        assert by_language.keys() == {"en", "ru"}
        for score in by_language.values():
            assert score["count"] == 3
            assert 0 <= score["low"] <= score["score"] <= score["high"] <= 1
    assert 4 < metrics["base_bits_per_byte"] < 9
    assert metrics["base_bits_per_byte"] == metrics["assistant_bits_per_byte"]
    wrong = [json.loads(line) for line in (tmp_path / "wrong.jsonl").read_text(encoding="utf-8").splitlines()]
    assert wrong
    assert all(Message.from_openai(row["prompt"][0]).content for row in wrong)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for said in ("Ёлка?", "Pretraining", "How well it foretells text", "What it took", "3.0s"):
        assert said in page


def test_equal_runs_give_equal_pages(made, tmp_path):
    settings = EvalSettings(examples=2, max_tokens=6)
    pages = []
    for out in (tmp_path / "a", tmp_path / "b"):
        evaluate(
            settings, model=made / "pretrain", corpus=None, assistant_name="A", tasks=["arithmetic"], out=out,
            languages=["ru"], is_quiet=True,
        )  # fmt: skip
        pages.append([(out / name).read_text(encoding="utf-8") for name in ("report.html", "report.md", "wrong.jsonl")])
    assert pages[0] == pages[1]
    assert "English" not in pages[0][0]


def test_an_unknown_task_is_refused_before_anything_is_loaded(made, tmp_path):
    with pytest.raises(ConfigError, match="aritmetic"):
        evaluate(
            EvalSettings(), model=tmp_path / "none", corpus=None, assistant_name="A", tasks=["aritmetic"], out=tmp_path
        )


ABSENT = [("Looking for: France.\nThe text does not say.", None), ("Ищу: Франция.\nВ тексте этого нет.", None)]
"""What the task of passages teaches to say where a text has no answer."""


@pytest.mark.parametrize(
    ("said", "mark"),
    [("The capital is Paris.", True), ("It is Rome.", False), ("I don't know.", None), ("", False), *ABSENT],
)
def test_an_admission_is_not_marked_wrong(said, mark):
    marks = marks_where_all_is_answered(said)
    assert marks["What is the capital of France?"] is mark
    assert marks["Hi! How are you today?"] is None


def marks_where_all_is_answered(said):
    class Saying:
        def complete_batch(self, conversations, sampling=None):
            return [[assistant(said)] for _ in conversations]

    return {one.prompt: one.is_right for one in answer_prompts(Saying(), "A", Sampling())}


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("408", True),
        ("17 × 24 = 408.", True),
        ("Получится 408 рублей.", True),
        ("It is 1408.", False),
        ("Это 4080.", False),
    ],
)
def test_a_number_within_another_is_not_the_answer(said, mark):
    assert marks_where_all_is_answered(said)["What is 17*24?"] is mark


def test_a_word_with_an_ending_is_the_answer():
    assert marks_where_all_is_answered("Она зовётся Парижем.")["Назови столицу Франции."]
