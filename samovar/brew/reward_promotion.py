"""Whether a newly trained reward model takes the place of an earlier one: both judge the same held-out preferences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.base_model import with_model
from samovar.brew.lineage import artifacts_in
from samovar.brew.project import Project
from samovar.brew.promotion import put_back, tell

if TYPE_CHECKING:
    from samovar.brew.stage import StageContext
    from samovar.evals.reward import RewardQuality
    from samovar.train.preference_settings import RewardSettings


def promote_reward(context: StageContext, settings: RewardSettings, preferences: Sequence[Path]) -> dict[str, Any]:
    """Measure the reward model in ``context.out``, beside an earlier one where there is one; keep the better, and tell.

    Returns:
        metrics: the quality of what the folder holds in the end, whether it is the new one, and the table.
    """
    from samovar.evals.comparison import Comparison
    from samovar.evals.reward import held_out_quality, reward_changes

    new = held_out_quality(context.out, preferences, settings)
    previous = previous_reward(context, settings)
    old = None if previous is None else held_out_quality(previous, preferences, settings)
    comparison = Comparison(reward_changes(old, new, max_fall=settings.gate.max_accuracy_fall))
    headings = ("chance", "now") if old is None else ("before", "after")
    tell(context, comparison.table(*headings), *_words(comparison, new, has_old=old is not None))
    if previous is not None and not comparison.is_promoted:
        put_back(previous, context.out, folders="model-*")
    kept = new if old is None or comparison.is_promoted else old
    return {
        "quality": kept.to_json(),
        "promoted": old is None or comparison.is_promoted,
        "compared_with": "chance" if previous is None else previous.name,
        "comparison": comparison.to_json(),
    }


def previous_reward(context: StageContext, settings: RewardSettings) -> Path | None:
    """The reward model that the recipe names, else the newest one that this project has made before.

    Raises:
        MissingError: what the recipe names is not there.
    """
    if settings.previous is not None:
        return earlier_reward(context.root, settings.previous)
    made = artifacts_in(Project(context.root).artifacts.glob("reward-*"))
    others = [one for one in made if one.folder.resolve() != context.out.resolve()]
    newest = max(others, key=lambda one: one.manifest.made_at, default=None)
    return None if newest is None else newest.folder


def earlier_reward(root: Path, previous: str) -> Path:
    """The folder of the reward model that the recipe names.

    Raises:
        MissingError: it is not there.
    """
    return with_model(root / previous, "reward.previous", hint="leave it out, or name another")


def _words(comparison: Any, new: RewardQuality, *, has_old: bool) -> list[str]:
    if has_old:
        return [comparison.words()]
    if new.low <= 0.5:
        return ["It tells held-out answers apart no better than chance, as far as so few can show: more are needed."]
    return []
