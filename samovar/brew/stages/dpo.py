"""Teach the assistant what people prefer, and keep the new one if it is no worse at anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.alone import identify
from samovar.brew.base_model import with_model
from samovar.brew.curriculum import (
    check_preferences,
    content_fingerprint,
    named_files,
    preference_files,
    task_config,
)
from samovar.brew.feedback import give_notice, judging_files, open_ledger
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.on_policy_forecast import forecast_on_policy, on_policy_tokens
from samovar.brew.preference_forecast import forecast_preferences, preference_tokens
from samovar.brew.promotion import promote
from samovar.brew.recipe import Recipe
from samovar.brew.reinforcement import check_judge
from samovar.brew.stage import Stage, StageContext, Training, config_of_whole_model
from samovar.core.errors import ConfigError
from samovar.train.parallel.world import number_of_processes, refuse_several
from samovar.train.preference_settings import DpoSettings

if TYPE_CHECKING:
    from samovar.train.choosing import Chooser
    from samovar.train.feedback.settings import JudgingSettings


_OTHER_JUDGES = "name dpo.on_policy.judge, or give dpo.on_policy.feedback: {} for a judge by constitution.md"


class DpoStage(Stage):
    """An assistant, a Hugging Face folder: the new one, or the one before where the gate refused it."""

    name = "dpo"
    is_optional = True
    needs = ("sft", "data", "reward", "rlaif")
    resumes = True
    is_parallel = True

    def check(self, recipe: Recipe) -> None:
        """See that there is something to learn from, and on its own answers somebody who judges.

        Raises:
            ConfigError: there is not.
        """
        settings = _settings(recipe)
        check_preferences(recipe, settings.preferences, self.name)
        how = settings.on_policy
        if how is not None:
            refuse_several(number_of_processes(), "answers are drawn")
        if how is not None and how.judge is None and how.feedback is None:
            check_judge(recipe, "dpo.on_policy names no judge", hint=_OTHER_JUDGES)

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and what the gate asks."""
        settings = _settings(recipe)
        config = config_of_whole_model(self.name, settings)
        feedback = _feedback(settings)
        if feedback is not None:
            config["on_policy"]["feedback"] = feedback.what_counts()
        return {"dpo": config, "eval": recipe.eval.max_tokens, **task_config(recipe)}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The preferences, and who judges answers."""
        settings = _settings(recipe)
        found = {"preferences": content_fingerprint(named_files(root, settings.preferences, "dpo.preferences"))}
        if settings.on_policy is not None and settings.on_policy.judge is not None:
            found["judge"] = identify(_judge_folder(root, settings.on_policy.judge))
        feedback = _feedback(settings)
        if feedback is not None:
            found |= judging_files(root, feedback, "dpo.on_policy.feedback")
        return found

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, compare, promote."""
        from samovar.model.card import card_facts
        from samovar.train.dpo import dpo

        settings, old = _settings(context.recipe), context.inputs["sft"]
        files = preference_files(context.root, settings.preferences, "dpo.preferences", context.inputs)
        cache = context.state / "reference" if context.state else None
        if settings.on_policy is None:
            metrics = dpo(settings, base=old, out=context.out, preferences=files, cache=cache, world=context.world)
        else:
            from samovar.train.on_policy import on_policy_dpo

            with _choosing(context) as (chooser, facts):
                metrics = facts | on_policy_dpo(
                    settings, base=old, out=context.out, preferences=files, chooser=chooser, world=context.world
                )
        if context.world.is_first:
            metrics |= promote(context, settings.gate, old=old)
        return metrics | card_facts(old)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """By the size of the files, as often as they are gone through; on its own answers a round after the other."""
        settings = _settings(recipe)
        if settings.on_policy is not None:
            tokens = on_policy_tokens(settings, outlook)
            return Training(settings, round(tokens), runs=settings.on_policy.rounds)
        return Training(settings, round(preference_tokens(settings, outlook)))

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, and the gate's questions."""
        settings = _settings(recipe)
        if settings.on_policy is not None:
            return forecast_on_policy(recipe, settings, outlook)
        return forecast_preferences(recipe, settings, outlook, gate=settings.gate)


@contextmanager
def _choosing(context: StageContext) -> Iterator[tuple[Chooser, dict[str, Any]]]:
    """Who says which answers are better, and what the manifest is to say of that.

    Raises:
        ConfigError: nobody is named, or the reward model is none.
        ResourceError: a server does not answer.
    """
    from samovar.train.choosing import ByConstitution, ByReward
    from samovar.train.feedback.advisers import open_adviser
    from samovar.train.feedback.constitution import read_constitution
    from samovar.train.feedback.judge import Judge
    from samovar.train.feedback.ledger import Asker
    from samovar.train.scoring import RewardModel

    settings, root = _settings(context.recipe), context.root
    how = _feedback(settings)
    if how is None:
        yield ByReward(RewardModel.load(_judge(context))), {}
        return
    adviser = open_adviser(how.judge, root=root, otherwise=context.inputs["sft"], identify=identify)
    give_notice(context, [adviser])
    constitution = read_constitution(root / how.constitution)
    with open_ledger(context) as ledger:
        judge = Judge.of(how, Asker(adviser, ledger, is_quiet=context.is_quiet))
        facts = {"judge": adviser.name, "left_machine": adviser.leaves_machine}
        yield ByConstitution(judge, constitution, rules=how.rules, seed=settings.seed), facts


def _feedback(settings: DpoSettings) -> JudgingSettings | None:
    """How a judge compares answers, where one does."""
    return None if settings.on_policy is None else settings.on_policy.feedback


def _judge(context: StageContext) -> Path:
    """The reward model's folder.

    Raises:
        ConfigError: none is named, and none was made.
    """
    how = _settings(context.recipe).on_policy
    if how is not None and how.judge is not None:
        return _judge_folder(context.root, how.judge)
    if "reward" in context.inputs:
        return context.inputs["reward"]
    raise ConfigError(
        "dpo.on_policy has no judge",
        hint=f"add the section reward, {_OTHER_JUDGES}",
    )


def _judge_folder(root: Path, judge: str) -> Path:
    return with_model(root / judge, "dpo.on_policy.judge", hint="name a reward model's folder")


def _settings(recipe: Recipe) -> DpoSettings:
    return recipe.dpo or DpoSettings()
