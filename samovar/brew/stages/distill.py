"""Teach a smaller assistant what the larger one expects, and tell what that costs."""

from __future__ import annotations

from typing import Any

from samovar.brew.curriculum import content_fingerprint, conversation_files, load_tasks, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.preference_forecast import DECODED_SHARE_OF_TRAINING_SPEED
from samovar.brew.promotion import side_by_side
from samovar.brew.recipe import Recipe
from samovar.brew.stage import TAUGHT, Stage, StageContext, assistant_of, training_config
from samovar.brew.training_forecast import FORWARD_SHARE, forecast_training, probe_training
from samovar.train.distill_settings import DistillSettings

STUDENT = "student"
"""The model that the student begins as, where a command names one; in a brew it begins with fresh weights."""


class DistillStage(Stage):
    """The student, a Hugging Face folder."""

    name = "distill"
    needs = (*TAUGHT, "data")
    resumes = True

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the recipe has the section."""
        return recipe.distill is not None

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and on what."""
        return {"distill": training_config(_settings(recipe)), "eval": recipe.eval.max_tokens, **task_config(recipe)}

    def files(self, root: Any, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        return {"conversations": content_fingerprint(conversation_files(root, recipe))}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, and put teacher and student side by side."""
        from samovar.agent.habits import Habits
        from samovar.model.card import card_facts
        from samovar.train.distill import distill

        recipe = context.recipe
        settings, teacher, serve = _settings(recipe), assistant_of(context.inputs), recipe.serve
        settings = settings.model_copy(update={"tasks": settings.tasks or recipe.sft.tasks})
        metrics = distill(
            settings,
            teacher=teacher,
            student=context.inputs.get(STUDENT),
            out=context.out,
            tasks=load_tasks(recipe, seed=settings.seed, names=settings.tasks),
            conversations=conversation_files(context.root, recipe),
            habits=Habits(serve.tools, serve.system, serve.max_rounds, serve.announces_tools),
        )
        table = side_by_side(context, settings.gate, teacher=teacher)
        return metrics | {"comparison": table} | card_facts(teacher)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine: the student's steps, a forward pass of the teacher in each, its answers."""
        settings = _settings(recipe)
        training = forecast_training(recipe, settings, tokens=settings.tokens, outlook=outlook)
        speed = probe_training(recipe, settings, outlook)["tokens_per_second"]
        answers = settings.teacher_answers * settings.answer_tokens / 2
        seconds = FORWARD_SHARE * settings.tokens / speed + answers / (speed * DECODED_SHARE_OF_TRAINING_SPEED)
        return training._replace(seconds=training.seconds + seconds)


def _settings(recipe: Recipe) -> DistillSettings:
    return recipe.distill or DistillSettings()
