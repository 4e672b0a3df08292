"""What fine-tuning can be told: whose turns, how much each counts, smoothing, noise, and what it says of bad data."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import nullcontext
from operator import and_
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from samovar.brew.stages.sft import too_few_line
from samovar.chat.conversation import Conversation, Message
from samovar.chat.learning import Learn
from samovar.chat.rows import Row, render_row, render_rows
from samovar.core.artifact import SCRATCH
from samovar.core.errors import DataError
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.tasks.task import Example, Split, Task, assistant, user
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import IGNORED, Batch
from samovar.train.conversation_check import ConversationCheck, language_of
from samovar.train.journal import read_metrics
from samovar.train.noise import embedding_noise
from samovar.train.objectives import next_token
from samovar.train.objectives.next_token import NextToken
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.samples import sample_lines
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.tiny_preferences import tiny_model, write_rows


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("options") / "base")


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Tokenizer:
    return Tokenizer.load(base)


def talk(*turns: tuple[str, str], **weights: float) -> Conversation:
    messages = [
        {"role": role, "content": text} | ({"weight": weights[text]} if text in weights else {}) for role, text in turns
    ]
    return Conversation.from_openai({"messages": messages})


TALK = (("system", "Brew."), ("user", "Tea?"), ("assistant", "Yes"), ("user", "Now?"), ("assistant", "Soon"))


def learnt(row: Row, tokenizer: Tokenizer) -> str:
    return tokenizer.decode([n for n, mark in zip(row.ids, row.is_target, strict=True) if mark], skip_special=False)


@pytest.mark.parametrize(
    ("learn", "expected"),
    [
        (Learn(), "Yes<|im_end|>Soon<|im_end|>"),
        (Learn(turns="last"), "Soon<|im_end|>"),
        (Learn(frozenset({"user"})), "user\nTea?<|im_end|>user\nNow?<|im_end|>"),
        (Learn(frozenset({"assistant", "system"})), "system\nBrew.<|im_end|>Yes<|im_end|>Soon<|im_end|>"),
    ],
)
def test_whose_turns_are_learnt(tokenizer: Tokenizer, learn: Learn, expected: str) -> None:
    (row,) = render_rows([talk(*TALK)], tokenizer, learn=learn)
    assert learnt(row, tokenizer) == expected
    assert row.ids == render_row(talk(*TALK), tokenizer).ids  # what is learnt does not change what is read
    assert row.weights is None


def test_the_weights_of_messages(tokenizer: Tokenizer) -> None:
    one = talk(*TALK, Yes=0.25, Soon=1)
    (row,) = render_rows([one], tokenizer, learn=Learn(heeds_weights=True))
    assert row.weights is not None
    for weight, said in ((0.25, "Yes<|im_end|>"), (1.0, "Soon<|im_end|>")):
        weighs_so = [one == weight for one in row.weights]
        assert learnt(row._replace(is_target=[*map(and_, row.is_target, weighs_so)]), tokenizer) == said
    (off,) = render_rows([talk(*TALK, Yes=0)], tokenizer, learn=Learn(turns="all", heeds_weights=True))
    assert learnt(off, tokenizer) == "Soon<|im_end|>"
    (wins,) = render_rows([talk(*TALK, Yes=1)], tokenizer, learn=Learn(turns="last", heeds_weights=True))
    assert learnt(wins, tokenizer) == "Yes<|im_end|>Soon<|im_end|>"
    assert render_row(one, tokenizer).weights is None  # elsewhere nobody asks for them
    with pytest.raises(DataError, match="nothing can be learnt"):
        list(render_rows([talk(*TALK, Yes=0, Soon=0)], tokenizer, learn=Learn(heeds_weights=True)))


def model() -> Decoder:
    shape = DecoderSettings(
        vocab_size=40, hidden_size=32, intermediate_size=48, num_layers=1, num_heads=2, num_kv_heads=1, head_dim=16,
        max_positions=32,
    )  # fmt: skip
    made = Decoder(shape)
    initialize(made, 0)
    return made


def test_packed_weights_come_back_and_weigh_the_loss(tmp_path: Path) -> None:
    rows = [
        Row([1, 2, 3, 4], [False, True, True, False], [1.0, 0.5, 0.25, 1.0]),
        Row([5, 6, 7], [False, False, True]),
    ]
    pack_rows(rows, tmp_path, context=7, vocab_size=40, pad_id=0, max_rows=9)
    batch = PackedRows(tmp_path).batch(np.array([0]))
    assert batch.weight_BT is not None
    assert batch.weight_BT[batch.target_BT != IGNORED].tolist() == [0.5, 0.25, 1.0]
    assert next_token.weight(batch) == pytest.approx(1.75)
    decoder = model()
    hidden = decoder.hidden(batch.tokens_BT, document_BT=batch.document_BT)
    loss = next_token.loss_sum(decoder, batch, hidden)
    loss.backward()
    ours = decoder.embed_tokens.weight.grad
    decoder.zero_grad()
    logits = decoder(batch.tokens_BT, document_BT=batch.document_BT)
    each = F.cross_entropy(logits[0], batch.target_BT[0], reduction="none", ignore_index=IGNORED)
    (each * batch.weight_BT[0]).sum().backward()
    assert loss.item() == pytest.approx((each * batch.weight_BT[0]).sum().item(), rel=1e-5)
    torch.testing.assert_close(ours, decoder.embed_tokens.weight.grad, atol=1e-5, rtol=1e-4)


def test_smoothing_is_that_of_torch() -> None:
    decoder = model()
    tokens = torch.arange(1, 21).view(2, 10)
    target = (tokens * 7) % 40
    batch = Batch(tokens, target, None)
    found = NextToken(z_loss=0.0, label_smoothing=0.2).loss_sum(decoder, batch, decoder.hidden(tokens))
    assert isinstance(found, torch.Tensor)
    found.backward()
    ours = decoder.embed_tokens.weight.grad
    decoder.zero_grad()
    theirs = F.cross_entropy(decoder(tokens).flatten(0, 1), target.flatten(), label_smoothing=0.2, reduction="sum")
    theirs.backward()
    assert found.item() == pytest.approx(theirs.item(), rel=1e-5)
    torch.testing.assert_close(ours, decoder.embed_tokens.weight.grad, atol=1e-5, rtol=1e-4)


def test_noise_has_its_size_and_only_in_training() -> None:
    decoder = model()
    tokens = torch.arange(8).view(1, 8)
    plain = decoder.embed_tokens(tokens)
    with embedding_noise(decoder, 5.0):
        decoder.eval()
        torch.testing.assert_close(decoder.embed_tokens(tokens), plain)
        decoder.train()
        noise = decoder.embed_tokens(tokens) - plain
        size = 5.0 / (8 * 32) ** 0.5
        assert 0.9 * size < float(noise.detach().abs().max()) <= size * 1.0001
    torch.testing.assert_close(decoder.embed_tokens(tokens), plain)


ROWS: list[Any] = [
    {"instruction": "Tea?", "output": "Yes, please."},
    {"instruction": "Tea?", "output": "Yes, please."},
    {"conversations": [{"from": "human", "value": "Чай?"}, {"from": "gpt", "value": "Да, пожалуйста."}]},
    {"instruction": "Empty?", "output": " "},
    {"messages": [{"role": "user", "content": "Hello?"}]},
    {"messages": [{"role": "user", "content": "Long?"}, {"role": "assistant", "content": "tea " * 300}]},
]
LOOP = {
    "tokens": 256, "context": 64, "batch_tokens": 128, "micro_batch_tokens": 128, "validations": 1, "compile": "off",
}  # fmt: skip


def test_bad_conversations_are_left_out_with_a_word_or_refused(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_rows(tmp_path / "own.jsonl", ROWS)
    options = {"label_smoothing": 0.1, "embedding_noise": 5.0, "learn_turns": "last"}
    (tmp_path / "out").mkdir()
    settings = SftSettings.model_validate(LOOP | options)
    metrics = sft(settings, base=base, out=tmp_path / "out", tasks={}, conversations=[path])
    assert metrics["conversations"] == 2
    assert metrics["too_long"] == 1
    said = capsys.readouterr().err
    for words in (
        "1 of the conversations is the same as an earlier one",
        "1 of the conversations has an empty answer and was left out (the first: 'Empty?')",
        "1 of the conversations has no turn of the assistant",
        "1 of the conversations is longer than a row and was left out (the first: 'user Long? assistant tea",
        "languages of the answers: en 67%, ru 33%",
    ):
        assert words in said
    assert all(np.isfinite(row["loss"]) for row in read_metrics(tmp_path / "out" / "metrics.jsonl"))
    (tmp_path / "no").mkdir()
    refusal = "not sound: 1 is the same as an earlier one.*1 is longer than a row"
    strict = settings.model_copy(update={"check": "refuse"})
    for _ in range(2):  # what the first run packed is not learnt from by the second
        with pytest.raises(DataError, match=refusal):
            sft(strict, base=base, out=tmp_path / "no", tasks={}, conversations=[path])


def test_where_no_held_out_conversation_fits_those_trained_on_stand_in_for_it(base: Path, tmp_path: Path) -> None:
    rows = [{"instruction": f"Tea {number}?", "output": "Yes, please."} for number in range(19)]
    path = write_rows(tmp_path / "own.jsonl", [*rows, {"instruction": "Long?", "output": "tea " * 300}])
    (tmp_path / "out").mkdir()
    settings = SftSettings.model_validate(LOOP)
    metrics = sft(settings, base=base, out=tmp_path / "out", tasks={}, conversations=[path])
    assert np.isfinite(metrics["validation_loss"])
    assert PackedRows(tmp_path / "out" / SCRATCH / "rows" / "test").counts["conversations"] == 19


def test_a_question_that_leaves_no_room_for_an_answer_is_not_shown(base: Path, tokenizer: Tokenizer) -> None:
    prompts = {name: [Message(role="user", content="tea " * count)] for name, count in (("long", 300), ("short", 1))}
    assert list(sample_lines(load_model(base), tokenizer, prompts)) == ["sample short"]
    assert sample_lines(None, tokenizer, prompts) == {}


def test_turns_that_the_template_refuses_are_counted(tokenizer: Tokenizer) -> None:
    check = ConversationCheck()
    refusal = "{% if messages | length > 4 %}{{ raise_exception('too many turns') }}{% endif %}"
    broken = Tokenizer(tokenizer.to_json(), refusal + tokenizer.chat_template)
    rows = list(render_rows([talk(*TALK)], broken, refused=lambda one, error: check.refused(one, error.what)))
    assert rows == []
    assert check.own.counts == {"refused": 1}
    assert "too many turns" in check.own.first["refused"]


class Wordy(Task):
    """Says now and then more than a row holds."""

    name = "wordy"
    languages = ("en",)

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        said = "tea " * rng.choice((1, 300))
        return Example(self.name, language, (user(f"{rng.randrange(9)}?"),), (assistant(said),), {})

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        return 0.0


def test_what_tasks_wrote_is_nobodys_mistake_and_every_conversation_counts_once(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = {"messages": [{"role": "user", "content": "Long?"}, {"role": "assistant", "content": "tea " * 300}]}
    short = [{"instruction": f"Tea {number}?", "output": "Yes, please."} for number in range(30)]
    settings = SftSettings.model_validate(
        LOOP | {"max_epochs": 5.0, "conversations_share": 0.8, "check": "refuse", "tasks": {"wordy": 1}}
    )
    for name, rows in (("short", short), ("long", [*short, long])):
        path = write_rows(tmp_path / f"{name}.jsonl", rows)
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match="not sound: 1 is longer") if name == "long" else nullcontext():
            sft(settings, base=base, out=tmp_path / name, tasks={"wordy": Wordy()}, conversations=[path])
    said = capsys.readouterr().err
    found = re.search(r"(\d+) of the tasks' own examples are longer than a row and were left out .*", said)
    assert found is not None
    assert int(found[1]) > 1
    assert "raise the context" in found[0]
    assert "of the conversations" not in said


def test_fewer_tokens_than_asked_for_are_said() -> None:
    settings = SftSettings.model_validate({"tokens": 4000, "batch_tokens": 1024, "max_epochs": 4.0, "tasks": {}})
    assert "your conversations give 1,024 tokens in 4 epochs, of the 4,000 asked for" in too_few_line(settings, 1024)
    assert too_few_line(settings, 3072) == "", "a part of a step is nothing to speak of"
    assert too_few_line(settings.model_copy(update={"tasks": {"a": 1.0}}), 1024) == ""


def test_languages() -> None:
    assert language_of(talk(("user", "x"), ("assistant", "Привет!"))) == "ru"
    assert language_of(talk(("user", "x"), ("assistant", "Hello there"))) == "en"
    assert language_of(talk(("user", "x"), ("assistant", "Это word значит слово"))) in {"ru", "mixed"}
    assert language_of(talk(("user", "x"), ("assistant", "42"))) == "other"
