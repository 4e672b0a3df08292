"""What the stages that teach by reward share: who asks, who rewards, and the gate at the end."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from samovar.agent.habits import Habits
from samovar.brew.answering_forecast import ANSWER_SHARE, PROMPT_TOKENS, decoded_share_of_training_speed
from samovar.brew.curriculum import check_questions, load_tasks, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.habits import habits_config, habits_of
from samovar.brew.promotion import promote
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, Training, assistant_of, config_of_whole_model
from samovar.brew.training_forecast import FORWARD_SHARE, decoder_settings, forecast_training, probe_training
from samovar.core.errors import ConfigError, MissingError

if TYPE_CHECKING:
    from samovar.train.rl.rollouts import Rewarding
    from samovar.train.rl.settings import GrpoSettings, PpoSettings

REFERENCE_BYTES_PER_PARAMETER = 4
"""The assistant as it was stands beside the one that learns, in float32."""


class ReinforcementStage(Stage):
    """An assistant in, one whose answers are worth more out."""

    resumes = True

    @abstractmethod
    def settings(self, recipe: Recipe) -> GrpoSettings | PpoSettings:
        """The stage's section of the recipe."""

    def check(self, recipe: Recipe) -> None:
        """See that there is something to ask, and somebody who rewards.

        Raises:
            ConfigError: there is not.
        """
        settings = self.settings(recipe)
        check_questions(recipe, settings.tasks or recipe.sft.tasks, self.name)
        if settings.reward == "model":
            check_judge(recipe, f"{self.name}.reward is model", hint=f"or leave {self.name}.reward at tasks")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, on what, and what the gate asks."""
        training = config_of_whole_model(self.name, self.settings(recipe))
        run = habits_config(recipe, in_training=True)
        return {self.name: training, "run": run, "eval": recipe.eval.max_tokens, **task_config(recipe)}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, compare, promote."""
        from samovar.model.card import card_facts
        from samovar.train.rl.reinforce import reinforce

        recipe, settings = context.recipe, self.settings(context.recipe)
        old = assistant_of(context.inputs)
        shares = settings.tasks or recipe.sft.tasks
        metrics = reinforce(
            settings,
            base=old,
            out=context.out,
            tasks=load_tasks(recipe, seed=settings.seed, names=shares),
            shares=shares,
            habits=habits_of(recipe),
            rewarding=_rewarding(context, habits_of(recipe)) if settings.reward == "model" else None,
            is_quiet=context.is_quiet,
        )
        return metrics | promote(context, settings.gate, old=old, learnt=shares) | card_facts(old)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """The answers with their questions, as often as they are learnt from."""
        settings = self.settings(recipe)
        return Training(settings, max(1, round(_read(settings) * settings.epochs)))

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Answers decoded and trained on, by the speed that a probe of this machine found."""
        settings = self.settings(recipe)
        drawn, read = _drawn(settings), _read(settings)
        training = forecast_training(recipe, settings, tokens=max(1.0, read * settings.epochs), outlook=outlook)
        speed = probe_training(recipe, settings, outlook)["tokens_per_second"]
        asked = {*recipe.sft.tasks, *settings.tasks}
        questions = 2 * settings.gate.examples * len(asked) * len(recipe.languages)
        decoded = drawn + questions * settings.max_tokens * ANSWER_SHARE
        seconds = training.seconds + 2 * FORWARD_SHARE * read / speed
        reference_bytes = REFERENCE_BYTES_PER_PARAMETER * decoder_settings(recipe, outlook).num_parameters
        return training._replace(
            seconds=seconds + decoded / (speed * decoded_share_of_training_speed()),
            memory_bytes=training.memory_bytes + reference_bytes,
        )


def check_judge(recipe: Recipe, why: str, *, hint: str) -> None:
    """See that the recipe trains a reward model of whole answers, which a stage wants for the reason ``why``.

    Raises:
        ConfigError: it does not; ``hint`` is what else can be done.
    """
    if recipe.reward is None:
        raise ConfigError(f"{why}, and the recipe trains no reward model", hint=f"add the section reward, {hint}")
    if recipe.reward.kind == "steps":
        raise ConfigError(
            f"{why}, and the recipe's reward model judges steps of solutions",
            hint=f"leave reward.kind at answers, {hint}",
        )


def _drawn(settings: GrpoSettings | PpoSettings) -> float:
    """Tokens of all answers."""
    return settings.iterations * settings.prompts * settings.answers * settings.max_tokens * ANSWER_SHARE


def _read(settings: GrpoSettings | PpoSettings) -> float:
    """Tokens of all answers with their questions, which the answers to one share."""
    return settings.iterations * settings.prompts * PROMPT_TOKENS + _drawn(settings)


def _rewarding(context: StageContext, habits: Habits) -> Rewarding:
    """The reward model of the recipe as a judge of answers: it reads what the model was shown, as in people's votes."""
    from samovar.agent.agent import with_system
    from samovar.agent.registry import load_tools
    from samovar.chat.conversation import Conversation
    from samovar.train.rl.rollouts import Rollout
    from samovar.train.scoring import RewardModel

    folder = context.inputs.get("reward")
    if folder is None:
        raise MissingError(
            "the reward is to come from a model, and there is none",
            hint="add a section `reward` to the recipe, or name a reward model with --reward",
        )
    judge = RewardModel.load(folder)

    offered = [tool.schema for tool in load_tools(habits.tools)] if habits.announces_tools else []

    def reward(rollouts: Sequence[Rollout]) -> list[float | None]:
        conversations = [
            Conversation(messages=[*with_system(one.example.prompt, habits.system), *one.completion], tools=offered)
            for one in rollouts
        ]
        scores = judge.score_what_fits(conversations).tolist()
        return [None if math.isnan(score) else score for score in scores]

    return reward
