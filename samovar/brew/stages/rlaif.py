"""Make rows to learn from by a constitution: answers revised, and preferences of a judge."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.alone import identify
from samovar.brew.answering_forecast import ANSWER_SHARE, decoded_share_of_training_speed
from samovar.brew.curriculum import MADE_PREFERENCES, content_fingerprint, load_tasks, named_files, task_config
from samovar.brew.feedback import give_notice, judging_files, open_ledger
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.on_policy_forecast import SERVER_SECONDS
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.brew.training_forecast import forecast_training, probe_training
from samovar.train.feedback.settings import AdviserSettings, RlaifSettings

if TYPE_CHECKING:
    from samovar.chat.preferences import Messages
    from samovar.train.feedback.asking import Adviser

PROMPTS_OF_TASKS = 200
"""Where neither files nor a number are given."""
_ANSWER_BYTES = 4.0
"""Of a token of an answer in a file."""


class RlaifStage(Stage):
    """Three files of rows: revisions, preferences, and every verdict."""

    name = "rlaif"
    is_optional = True
    needs = ("sft",)
    resumes = True

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """What is asked, and of whom; how patiently it is waited for does not count."""
        settings = _settings(recipe)
        return {"rlaif": settings.what_counts()} | ({} if settings.prompts else task_config(recipe))

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The constitution, the prompts, and models that are named.

        Raises:
            DataError: the constitution has no rule, which is better said now than after hours.
        """
        settings = _settings(recipe)
        found = judging_files(root, settings, "rlaif")
        if settings.prompts:
            found["prompts"] = content_fingerprint(named_files(root, settings.prompts, "rlaif.prompts"))
        return found

    def run(self, context: StageContext) -> dict[str, Any]:
        """Ask, revise, judge; what was said is kept at once, so that an interrupted run asks nothing twice."""
        from samovar.train.feedback.advisers import open_adviser
        from samovar.train.feedback.constitution import read_constitution
        from samovar.train.feedback.ledger import Asker
        from samovar.train.feedback.own_model import OwnModel
        from samovar.train.feedback.rlaif import Advice, rlaif

        settings, root, base = _settings(context.recipe), context.root, context.inputs["sft"]
        constitution = read_constitution(root / settings.constitution)
        prompts = _prompts(context.recipe, root)
        assistant: Adviser = OwnModel.load(base, identify(base))
        opened: dict[AdviserSettings | str | None, Adviser] = {None: assistant}
        for who in (settings.reviser, settings.judge):
            if _place(who) not in opened:
                opened[_place(who)] = open_adviser(who, root=root, otherwise=base, identify=identify)
        give_notice(context, opened.values())
        with open_ledger(context) as ledger:
            askers = [
                Asker(opened[_place(who)], ledger, is_quiet=context.is_quiet)
                for who in (AdviserSettings(), settings.reviser, settings.judge)
            ]
            metrics = rlaif(settings, constitution, prompts, Advice(*askers), context.out)
        size_bytes = (context.out / MADE_PREFERENCES).stat().st_size
        return metrics | {
            "preference_bytes": size_bytes,
            "left_machine": any(one.leaves_machine for one in opened.values()),
        }

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Answers decoded here by the speed that a probe of this machine found; a server's are guessed."""
        settings = _settings(recipe)
        prompts = settings.num_prompts or PROMPTS_OF_TASKS
        speed = probe_training(recipe, recipe.sft, outlook)["tokens_per_second"] * decoded_share_of_training_speed()
        seconds = prompts * settings.answers * settings.max_tokens * ANSWER_SHARE / speed
        judged = 2 * min(settings.pairs, (settings.answers + 1) * settings.answers // 2)
        asked = ((settings.reviser, 2 * settings.revisions), (settings.judge, judged))
        for who, times in asked:
            each = who.max_tokens * ANSWER_SHARE / speed if who.url is None else SERVER_SECONDS / who.at_once
            seconds += prompts * times * each
        memory = forecast_training(recipe, recipe.sft, tokens=1.0, outlook=outlook).memory_bytes
        size = prompts * (judged + settings.revisions) * 2 * settings.max_tokens * _ANSWER_BYTES
        return Forecast(seconds, memory, 3 * size, {"preference_bytes": size})


def _place(who: AdviserSettings) -> AdviserSettings | str | None:
    """What has to be alike for one adviser to serve two: of a server all settings, of a folder nothing but itself."""
    return who if who.url is not None else who.model


def _prompts(recipe: Recipe, root: Path) -> list[Messages]:
    from samovar.train.conversations import task_conversations
    from samovar.train.feedback.prompts import choose_prompts, distinct, read_prompt, read_prompts

    settings = _settings(recipe)
    if settings.prompts:
        found = read_prompts(named_files(root, settings.prompts, "rlaif.prompts"))
        return choose_prompts(found, settings.num_prompts, seed=settings.seed)
    tasks = load_tasks(recipe, seed=settings.seed)
    drawn = task_conversations(tasks, recipe.sft.tasks, split="train", seed=settings.seed)
    some = islice(drawn, settings.num_prompts or PROMPTS_OF_TASKS)
    return choose_prompts(distinct(read_prompt(one.to_openai()) for one in some), None, seed=settings.seed)


def _settings(recipe: Recipe) -> RlaifSettings:
    return recipe.rlaif or RlaifSettings()
