"""A whole training by preferences ends where TRL's does: the same weights, pairs and rates give the same curve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from samovar.train.dpo import dpo
from samovar.train.journal import read_metrics
from samovar.train.preference_settings import DpoSettings
from tests.train.tiny_preferences import pairs, tiny_model, write_rows

STEPS, PAIRS, CONTEXT = 24, 8, 128
RATE, BETA = 5e-5, 0.3


def our_curve(base: Path, preferences: Path, out: Path, loss: str) -> tuple[list[float], list[float]]:
    """Loss and accuracy of every step, all pairs in each."""
    settings = DpoSettings.model_validate({
        "loss": loss, "beta": BETA, "optimizer": "adamw", "learning_rate": RATE, "adamw_learning_rate": RATE,
        "schedule": "wsd", "warmup_share": 0.0, "decay_share": 0.0, "epochs": STEPS,
        "context": CONTEXT, "batch_tokens": 64 * CONTEXT, "micro_batch_tokens": 64 * CONTEXT,
        "held_out_every": 10**9, "validations": 1, "compile": "off",
    })  # fmt: skip
    out.mkdir()
    dpo(settings, base=base, out=out, preferences=[preferences])
    rows = read_metrics(out / "metrics.jsonl")
    return [row["loss"] for row in rows], [row["accuracy"] for row in rows]


def trl_curve(base: Path, preferences: Path, out: Path, loss: str) -> tuple[list[float], list[float]]:
    """The same of ``DPOTrainer``, by our AdamW's constants."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    rows = [json.loads(line) for line in preferences.read_text(encoding="utf-8").splitlines()]
    turns = [
        {
            "prompt": [{"role": "user", "content": row["prompt"]}],
            "chosen": [{"role": "assistant", "content": row["chosen"]}],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }
        for row in rows
    ]
    tokenizer = AutoTokenizer.from_pretrained(base)
    # TRL counts the line break behind an answer's end mark as well, which no engine draws.
    ends = "{%- endfor -%}\n        {{- '<|im_end|>\\n' -}}"
    assert ends in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(ends, ends.replace("\\n", ""))
    config = DPOConfig(
        output_dir=str(out), loss_type=loss, beta=BETA, learning_rate=RATE, lr_scheduler_type="constant",
        adam_beta2=0.95, adam_epsilon=1e-10, max_grad_norm=1.0, per_device_train_batch_size=PAIRS,
        num_train_epochs=STEPS, max_length=CONTEXT, logging_steps=1, save_strategy="no", report_to=[], bf16=False,
        use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=str(base), args=config, train_dataset=Dataset.from_list(turns), processing_class=tokenizer
    )
    trainer.train()
    steps = [row for row in trainer.state.log_history if "loss" in row]
    return [row["loss"] for row in steps], [row["rewards/accuracies"] for row in steps]


@pytest.mark.filterwarnings("ignore")  # TRL's, of what transformers will drop
@pytest.mark.parametrize("loss", ["dpo", "ipo"])
def test_learning_by_preferences_takes_trl_s_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    pytest.importorskip("trl", reason="part of the extra 'bench'")
    for module in ("dpo", "loop"):
        monkeypatch.setattr(f"samovar.train.{module}.training_dtype", lambda device: torch.float32)
    base = tiny_model(tmp_path / "base", is_tied=False)
    preferences = write_rows(tmp_path / "pairs.jsonl", pairs(PAIRS))
    ours, our_accuracies = our_curve(base, preferences, tmp_path / "ours", loss)
    theirs, their_accuracies = trl_curve(base, preferences, tmp_path / "trl", {"dpo": "sigmoid"}.get(loss, loss))
    assert len(ours) == len(theirs) == STEPS
    assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert our_accuracies[1:] == pytest.approx(their_accuracies[1:])
    assert ours[-1] < 0.5 * ours[0]
