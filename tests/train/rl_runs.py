"""Short runs of learning by reward, of an assistant that guesses one of three words."""

from __future__ import annotations

from pathlib import Path

from samovar.agent.habits import Habits
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.settings import GrpoSettings, PpoSettings
from tests.train.rl_tasks import WordOf

HABITS = Habits(tools=())


def grpo_settings(**changes: object) -> GrpoSettings:
    return GrpoSettings.model_validate(
        {"iterations": 12, "prompts": 8, "answers": 8, "max_tokens": 8, "learning_rate": 2e-3, "context": 128,
         "adamw_learning_rate": 2e-3, "micro_batch_tokens": 2048, "held_out": 4, "validations": 1,
         "warmup_share": 0, "decay_share": 0, **changes}
    )  # fmt: skip


def run(guesser: Path, out: Path, settings: GrpoSettings | PpoSettings, **more: object) -> dict[str, object]:
    out.mkdir(exist_ok=True)
    return reinforce(
        settings, base=guesser, out=out, tasks={"word_of": WordOf()}, shares={"word_of": 1.0}, habits=HABITS,
        is_quiet=True, **more,  # type: ignore[arg-type]
    )  # fmt: skip
