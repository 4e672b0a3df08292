"""TRL's PPOTrainer on the same model, tokenizer, prompts and reward, generating with transformers.

Its settings are its own but for what the job says, and that nothing is saved or shown. Its values come from a model of
their own, as it wants that; its reward model is a stand-in that reads the share of vowels off the text, as ours does.
Nothing of Samovar's library is imported, so that it can run in an environment of its own. TRL had it up to 1.9.
"""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback
from trl.experimental.ppo import PPOConfig, PPOTrainer

from benchmarks.contestants.trl_grpo import vowels


class Vowels(nn.Module):
    """Answers as a reward model does: a number behind each token, here of the whole text."""

    base_model_prefix = "backbone"

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self.backbone = _Reader(tokenizer)
        self.score = nn.Identity()


class _Reader(nn.Module):
    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def forward(self, input_ids: Tensor, **others: Any) -> Any:
        """The share of vowels as the only number of every token's hidden state."""
        said = torch.tensor(vowels(self._tokenizer.batch_decode(input_ids, skip_special_tokens=True)))
        return SimpleNamespace(hidden_states=[said[:, None, None].expand(*input_ids.shape, 1)])


class Watch(TrainerCallback):  # type: ignore[misc]
    """Notes the time after each step."""

    def __init__(self) -> None:
        self.ended_at: list[float] = []
        self.scores: list[float] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """After the optimizer."""
        self.ended_at.append(time.perf_counter())

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
        """Every step."""
        if logs and "objective/scores" in logs:
            self.scores.append(float(logs["objective/scores"]))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count, drawing and learning together."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"], padding_side="left")
    lines = Path(job["questions"]).read_text(encoding="utf-8").splitlines()
    prompts = [json.loads(line)["prompt"] for line in lines]
    ids = [
        tokenizer.apply_chat_template(one, add_generation_prompt=True, tokenize=True, return_dict=False)
        for one in prompts
    ]
    answers, parts = job["prompts"] * job["answers"], job["minibatches"]
    policy, reference = (AutoModelForCausalLM.from_pretrained(job["model"]) for _ in range(2))
    values = AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=1)
    watch = Watch()
    with TemporaryDirectory() as out:
        config = PPOConfig(
            output_dir=out,
            use_cpu=True,
            bf16=job["bfloat16"],
            learning_rate=job["learning_rate"],
            num_ppo_epochs=job["epochs"],
            num_mini_batches=parts,
            per_device_train_batch_size=answers // parts,
            gradient_accumulation_steps=parts,
            total_episodes=answers * job["peer_steps"],
            response_length=job["max_tokens"],
            temperature=1.0,
            stop_token="eos",
            num_sample_generations=0,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            logging_steps=1,
            **job["settings"],
        )
        trainer = PPOTrainer(
            args=config, processing_class=tokenizer, model=policy, ref_model=reference, reward_model=Vowels(tokenizer),
            value_model=values, train_dataset=Dataset.from_dict({"input_ids": ids}), callbacks=[watch],
            eval_dataset=Dataset.from_dict({"input_ids": ids[:answers]}),
        )  # fmt: skip
        trainer.train()
    first = min(job["warmup_steps"], len(watch.ended_at) - 1) - 1
    seconds = watch.ended_at[-1] - watch.ended_at[first]
    counted = (len(watch.ended_at) - 1 - first) * answers
    return {
        "answers_per_second": counted / seconds,
        "answers": counted,
        "answer_tokens": float(job["max_tokens"]),
        "step_seconds": [round(end - begin, 3) for begin, end in pairwise(watch.ended_at[first:])],
        "first_reward": watch.scores[0],
        "last_reward": watch.scores[-1],
    }
