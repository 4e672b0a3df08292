"""Settings of the stages that ask the assistant questions and learn from its answers."""

from __future__ import annotations

from pydantic import Field

from samovar.model.adapters.settings import AdapterSettings
from samovar.train.preference_settings import GateSettings
from samovar.train.settings import LoopSettings, Shares


class QuestionSettings(LoopSettings):
    """What they share: which questions are asked, of what difficulty, and what is measured in the end."""

    tasks: Shares = {}
    """Checkable tasks whose questions are asked, and their shares; none: those of sft."""
    max_tokens: int = Field(128, ge=1)
    """Longest answer."""
    easiest: float = Field(0.8, gt=0, le=1)
    """Kinds of questions that are answered better than this are asked less often."""
    hardest: float = Field(0.2, ge=0, lt=1)
    """And those that are answered worse."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter beside the frozen model instead of all weights; {} takes its defaults."""
    gate: GateSettings = GateSettings()
    """What is measured before and after, and when the new model is kept."""
