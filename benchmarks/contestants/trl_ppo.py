"""TRL's PPOTrainer on the same model, tokenizer, prompts and reward, generating with transformers.

Its settings are its own but for what the job says, and that nothing is saved or shown. Its values come from a model of
their own, as it wants that; its reward model is a stand-in that reads the share of vowels off the text, as ours does.
Nothing of Samovar's library is imported, so that it can run in an environment of its own. TRL had it up to 1.9.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl.experimental.ppo import PPOConfig, PPOTrainer

from benchmarks.contestants.trl_parts import QUIETLY, Watch, read_rows, vowels


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


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count, drawing and learning together."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"], padding_side="left")
    ids = [
        tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, tokenize=True, return_dict=False)
        for row in read_rows(job["questions"])
    ]
    answers, parts = job["prompts"] * job["answers"], job["minibatches"]
    policy, reference = (AutoModelForCausalLM.from_pretrained(job["model"]) for _ in range(2))
    values = AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=1)
    watch = Watch()
    with TemporaryDirectory() as out:
        config = PPOConfig(
            output_dir=out,
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
            **QUIETLY,
            **job["settings"],
        )
        trainer = PPOTrainer(
            args=config, processing_class=tokenizer, model=policy, ref_model=reference, reward_model=Vowels(tokenizer),
            value_model=values, train_dataset=Dataset.from_dict({"input_ids": ids}), callbacks=[watch],
            eval_dataset=Dataset.from_dict({"input_ids": ids[:answers]}),
        )  # fmt: skip
        trainer.train()
    counted, scores = watch.counted(job["warmup_steps"]), watch.logged("objective/scores")
    return {
        "answers_per_second": counted.steps * answers / counted.seconds,
        "answers": counted.steps * answers,
        "answer_tokens": float(job["max_tokens"]),
        "step_seconds": counted.step_seconds,
        "first_reward": scores[0],
        "last_reward": scores[-1],
    }
