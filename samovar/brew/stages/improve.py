"""Teach the assistant by its own right answers to questions that can be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samovar.brew.answering_forecast import ANSWER_SHARE, PROMPT_TOKENS, decoded_share_of_training_speed
from samovar.brew.curriculum import (
    check_questions,
    conversation_files,
    conversations_fingerprint,
    load_tasks,
    task_config,
)
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.habits import habits_config, habits_of
from samovar.brew.promotion import promote
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, Training, assistant_of, config_of_whole_model
from samovar.brew.training_forecast import forecast_training, probe_training
from samovar.train.improve_settings import ImproveSettings

_UNSOLVED_SHARE = 0.5
"""Of the questions: the curriculum keeps to those that are answered sometimes."""


class ImproveStage(Stage):
    """An assistant, a Hugging Face folder: the new one, or the one before where the gate refused it."""

    name = "improve"
    is_optional = True
    needs = ("sft", "dpo", "data")
    resumes = True

    def check(self, recipe: Recipe) -> None:
        """See that there is something to ask.

        Raises:
            ConfigError: there is not.
        """
        check_questions(recipe, _settings(recipe).tasks or recipe.sft.tasks, self.name)

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """What is asked, how it is trained, what it learnt before, and what the gate asks."""
        return {
            "improve": config_of_whole_model(self.name, _settings(recipe)),
            "run": habits_config(recipe, in_training=True),
            "conversations_share": recipe.sft.conversations_share,
            "eval": {"max_tokens": recipe.eval.max_tokens, "seed": recipe.eval.seed},
            **task_config(recipe),
        }

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        return conversations_fingerprint(root, recipe)

    def run(self, context: StageContext) -> dict[str, Any]:
        """Ask and train by turns, compare, promote."""
        from samovar.model.card import card_facts
        from samovar.train.improve import Old, improve

        recipe, settings = context.recipe, _settings(context.recipe)
        before, sft = assistant_of(context.inputs), recipe.sft
        shares = settings.tasks or sft.tasks
        metrics = improve(
            settings,
            base=before,
            out=context.out,
            # Other questions than the gate's: the best model is chosen by some of them.
            tasks=load_tasks(recipe, seed=settings.seed + recipe.eval.seed + 1, names=shares),
            shares=shares,
            habits=habits_of(recipe),
            old=Old(
                load_tasks(recipe, seed=sft.seed),
                sft.tasks,
                conversation_files(context.root, recipe),
                sft.conversations_share,
                sft.seed,
            ),
            is_quiet=context.is_quiet,
        )
        return metrics | promote(context, settings.gate, old=before, learnt=shares) | card_facts(before)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """What is learnt from, as often as it is gone through, an iteration after the other."""
        settings = _settings(recipe)
        each = _learnt_tokens(settings)
        return Training(settings.fine_tuning(each), settings.iterations * each, runs=settings.iterations)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Answers decoded, and what is learnt from them, by the speed of this machine's probe."""
        settings = _settings(recipe)
        each = _learnt_tokens(settings)
        training = forecast_training(recipe, settings.fine_tuning(each), tokens=each, outlook=outlook)
        names = {*recipe.sft.tasks, *settings.tasks}
        asked = settings.iterations * settings.questions * (1 + _UNSOLVED_SHARE * settings.rationalises)
        examined = (settings.iterations + 1) * settings.held_out + 2 * settings.gate.examples
        answers = asked * settings.answers + examined * len(names) * len(recipe.languages)
        speed = probe_training(recipe, settings, outlook)["tokens_per_second"] * decoded_share_of_training_speed()
        seconds = answers * settings.max_tokens * ANSWER_SHARE / speed
        return training._replace(seconds=settings.iterations * training.seconds + seconds)


def _learnt_tokens(settings: ImproveSettings) -> int:
    """Tokens that an iteration goes through on average: half of the questions are taken to be learnt from."""
    # Where earlier answers are kept, the second iteration learns from twice as many, the third from three times.
    times = (settings.iterations + 1) / 2 if settings.keeps_earlier else 1
    rows = settings.questions * (1 - _UNSOLVED_SHARE) * times / (1 - settings.remember)
    return max(1, round(rows * settings.epochs * (PROMPT_TOKENS + settings.max_tokens * ANSWER_SHARE)))


def _settings(recipe: Recipe) -> ImproveSettings:
    return recipe.improve or ImproveSettings()
