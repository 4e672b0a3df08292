"""The benchmark of fine-tuning counts as it says; how fast anything is belongs to its result."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks import contest, sft_throughput
from benchmarks.contest import Contestant
from benchmarks.contestants import samovar_sft
from benchmarks.conversations import MARKED_TEMPLATE, take
from benchmarks.rates import verdicts
from samovar.chat.read import read_conversations
from samovar.chat.rows import render_rows
from samovar.core.errors import DataError, MissingError
from samovar.tokenizer.tokenizer import Tokenizer

OPTIONS = argparse.Namespace(
    size="tiny", vocab_size=512, context=128, batch_tokens=512, epochs=3, seconds=0.5, warmup_steps=1, threads=1,
    trl_rows=4, eager=True, without=[],
)  # fmt: skip


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    conversations = take("tasks", 60, data=Path("nowhere"))
    return sft_throughput.prepare(tmp_path_factory.mktemp("sft"), conversations, OPTIONS)


def test_conversations_of_tasks_are_text_alone() -> None:
    conversations = take("tasks", 40, data=Path("nowhere"))
    assert conversations == take("tasks", 40, data=Path("nowhere"))
    assert len({conversation.meta["task"] for conversation in conversations}) == 4
    messages = [message for conversation in conversations for message in conversation.messages]
    assert all(message.content and not message.tool_calls for message in messages)


def test_absent_conversations_are_said(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no conversations of the kind 'personas'"):
        take("personas", 1, data=tmp_path)


def test_those_too_long_for_a_row_are_left_out(job: dict[str, object]) -> None:
    tokenizer = Tokenizer.load(Path(str(job["model"])))
    conversations = list(read_conversations(Path(str(job["conversations"]))))
    assert 0 < len(conversations) == job["num_conversations"] < 60
    assert all(len(row.ids) <= 128 for row in render_rows(conversations, tokenizer))


@pytest.mark.filterwarnings("ignore")  # of others' imports
def test_the_peer_sees_the_same_tokens_and_targets(job: dict[str, object]) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(job["model"])
    ours = Tokenizer.load(Path(str(job["model"])))
    conversations = list(read_conversations(Path(str(job["conversations"]))))
    for conversation, row in zip(conversations, render_rows(conversations, ours), strict=True):
        found = theirs.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in conversation.messages],
            chat_template=MARKED_TEMPLATE,
            return_assistant_tokens_mask=True,
            return_dict=True,
        )
        assert list(found["input_ids"]) == row.ids
        assert [bool(one) for one in found["assistant_masks"]] == row.is_target


def test_ours_learns_and_counts(job: dict[str, object]) -> None:
    outcome = samovar_sft.run(job)
    tokenizer = Tokenizer.load(Path(str(job["model"])))
    rows = list(render_rows(read_conversations(Path(str(job["conversations"]))), tokenizer))
    assert outcome["targets_of_the_set"] == sum(sum(row.is_target) for row in rows)
    assert outcome["conversations"] == len(rows)
    assert outcome["last_loss"] < outcome["first_loss"] - 0.3
    assert outcome["steps"] == len(outcome["step_seconds"])
    # Three times through the rows, less the first step.
    assert 2 * outcome["targets_of_the_set"] < outcome["targets"] < 3 * outcome["targets_of_the_set"]


def test_speed_by_hand() -> None:
    found = samovar_sft.speed([20.0, 21.0, 23.0], [100, 150, 400], 1)
    assert found["target_tokens_per_second"] == 100.0
    assert (found["targets"], found["steps"], found["step_seconds"]) == (300, 2, [1.0, 2.0])


def test_unlike_targets_are_no_contest() -> None:
    def outcome(speed: float, targets: int = 7) -> list[dict[str, float]]:
        return [{"target_tokens_per_second": speed, "targets_of_the_set": targets, "peak_memory_bytes": 1,
                 "seconds_to_prepare": 1, "first_step_seconds": 1, "first_loss": 2, "last_loss": 1}]  # fmt: skip

    rounds = {
        "samovar": outcome(30),
        "TRL default": outcome(10),
        "TRL packing": outcome(15),
        "TRL packing, rows of 8": outcome(20),
    }
    summary = sft_throughput.summarize(rounds)
    found = verdicts(summary, sft_throughput.TARGETS)
    assert found["times TRL default"] == {"measured": 3.0, "target": 3.0, "is_met": True}
    assert found["times TRL packing"] == {"measured": 1.5, "target": 1.3, "is_met": True}
    assert "TRL packing, rows of 8" in sft_throughput.table(summary)
    with pytest.raises(DataError, match="unlike targets"):
        sft_throughput.summarize({**rounds, "TRL default": outcome(10, targets=8)})


def test_an_absent_peer_is_said(
    job: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert [one.label for one in sft_throughput.contestants(job, OPTIONS)] == ["samovar"]
    assert "TRL is left out" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="TRL is in the extra bench")
def test_trl_counts_the_same_targets(job: dict[str, object]) -> None:
    ours = samovar_sft.run(job)
    for settings in ({}, {"packing": True, "max_length": 128, "per_device_train_batch_size": 4}):
        outcome = contest.run_alone(Contestant("TRL", "trl_sft", {**job, "settings": settings}), threads=1)
        assert outcome["targets_of_the_set"] == ours["targets_of_the_set"], json.dumps(settings)
        assert outcome["first_loss"] == pytest.approx(ours["first_loss"], abs=0.1)
        assert outcome["target_tokens_per_second"] > 0
