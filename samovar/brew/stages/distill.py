"""Teach a smaller assistant what the larger one expects, and tell what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samovar.brew.curriculum import content_fingerprint, conversation_files, load_tasks, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.habits import habits_config, habits_of
from samovar.brew.lineup import line_up
from samovar.brew.recipe import Recipe
from samovar.brew.stage import TAUGHT, Stage, StageContext, Training, assistant_of, training_config
from samovar.brew.students import distilling
from samovar.brew.training_forecast import decoder_settings
from samovar.core.errors import ConfigError
from samovar.train.distill_settings import DistillSettings

STUDENT = "student"
"""The model that the student begins as, where a command names one; in a brew it begins with fresh weights."""


class DistillStage(Stage):
    """The student, a Hugging Face folder; or its teacher, where the gate refused it."""

    name = "distill"
    is_optional = True
    needs = (*TAUGHT, "data", "shards")
    resumes = True

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and on what."""
        settings = _settings(recipe)
        answers = settings.teacher_answers or settings.on_policy
        run = {"run": habits_config(recipe, in_training=True)} if answers else {}
        return {"distill": training_config(settings), "eval": recipe.eval.max_tokens, **run, **task_config(recipe)}

    def check(self, recipe: Recipe) -> None:
        """A fresh student is to be smaller than the model of the recipe; of a base that is seen when it is there.

        Raises:
            ConfigError: it is not, or documents are to be learnt that the recipe's model does not read.
        """
        if _settings(recipe).documents_share and not recipe.is_pretrained_here:
            raise ConfigError(
                "distill.documents_share repeats the documents of pretraining, and the recipe's base does not read any",
                hint="give the section pretrain, or leave distill.documents_share out",
            )
        if recipe.base is None:
            from samovar.train.students import check_smaller, student_shape

            settings, vocab_size = _settings(recipe), recipe.tokenizer.vocab_size
            teacher = recipe.model.decoder(vocab_size)
            check_smaller(student_shape(settings, teacher, vocab_size), teacher, settings.size)

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        return {"conversations": content_fingerprint(conversation_files(root, recipe))}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, put teacher and student side by side, and take the student unless it is too much worse."""
        from samovar.model.card import card_facts
        from samovar.train.distill import ALONE, distill

        recipe = context.recipe
        settings, teacher = _settings(recipe), assistant_of(context.inputs)
        settings = settings.model_copy(update={"tasks": settings.tasks or recipe.sft.tasks})
        metrics = distill(
            settings,
            teacher=teacher,
            student=context.inputs.get(STUDENT),
            out=context.out,
            tasks=load_tasks(recipe, seed=settings.seed, names=settings.tasks),
            conversations=conversation_files(context.root, recipe),
            shards=context.inputs.get("shards"),
            habits=habits_of(recipe),
            cache=_cache(context),
        )
        folders = {"teacher": teacher, "student": context.out}
        if settings.alone:
            folders[ALONE] = context.out / ALONE
        return metrics | line_up(context, settings.gate, folders) | card_facts(teacher)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """The student, on as many tokens as the recipe says."""
        from samovar.train.students import student_shape

        settings, teacher = _settings(recipe), decoder_settings(recipe, outlook)
        return Training(settings, settings.tokens, student_shape(settings, teacher, teacher.vocab_size))

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From probes of this machine with both shapes: what the student does, and what its teacher has to."""
        from samovar.train.students import student_shape

        settings, teacher = _settings(recipe), decoder_settings(recipe, outlook)
        return distilling(recipe, settings, student_shape(settings, teacher, teacher.vocab_size), outlook)


def _cache(context: StageContext) -> Path | None:
    """Where what the teacher expects is kept for other students and runs: in the project, where there is one."""
    return context.state / "expected" if context.state else None


def _settings(recipe: Recipe) -> DistillSettings:
    return recipe.distill or DistillSettings()
