"""Which groups of people are mentioned beside negative words, and how often: a report that removes nothing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.steps.step import Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.bias.mentions import Mention
    from samovar.data.toxicity.finder import Finding, ToxicityFinder


class BiasSettings(StepSettings):
    """Counts which groups of people stand beside negative words, in Russian and English; changes and drops nothing.

    Groups by nationality and ethnicity, religion, gender, orientation, disability, age, wealth. It shows what a model
    will read; whether that is unjust, the examples must tell.
    """

    step: Literal["bias"] = "bias"
    """Name of the step."""
    window: int = Field(10, ge=1, le=100)
    """How near counts as beside, in words on each side."""
    groups: dict[str, list[str]] = {}
    """Groups of your own by name; `*` stands for any letters, `(а|б)` for one of them, `_` for a gap between words, and
    `^` in front for words that count only where they are capitalised."""
    negative: list[str] = []
    """Further negative words, in the same notation."""
    min_mentions: int = Field(20, ge=1)
    """Groups mentioned less often are left out of the table: few mentions say nothing."""
    show: int = Field(2, ge=0, le=20)
    """Examples of every group in the report."""


class Bias(Step):
    """Counts, and keeps a few examples a group; the documents stay as they are.

    Negative are the words of a list, and, where the step ``toxicity`` ran before and found something, what its lists
    find: its own further words are not known here. Memory: 10 MB for the lists, and 500 words a group.

    Source: counting sentiment words in the company of demographic terms, as Dodge et al. 2021, arXiv:2104.08758, do
    for C4; and that removing texts instead takes away those of minorities first, the same paper. Windows of words, as
    Bordia and Bowman 2019, arXiv:1904.03035, count words beside those of a gender.
    """

    settings_class = BiasSettings

    def __init__(self, settings: BiasSettings, *, seed: int = 0) -> None:
        from samovar.data.bias.mentions import MentionFinder

        super().__init__(settings, seed=seed)
        self._finder = MentionFinder(own=settings.groups, negative=settings.negative)

    @cached_property
    def _toxic(self) -> ToxicityFinder:
        from samovar.data.toxicity.finder import ToxicityFinder

        return ToxicityFinder()

    def judge(self, document: Document) -> Verdict:
        """Count it."""
        from samovar.data.bias.counting import windows
        from samovar.data.bias.report import count
        from samovar.data.toxicity.verdicts import starred

        toxic = self._toxic.find(document.text) if document.meta.get("toxicity") else []
        found = self._finder.find(document.text)
        mentions = [one for one in found if one.group is not None]
        negative = [one for one in found if one.group is None] + _further(found, toxic)
        negative.sort(key=lambda one: one.start)
        seen = windows(document.text, mentions, negative, self.settings.window)
        count(self.tally.found, document, seen, starred(document.text, toxic), self.settings.show)
        return None

    def most_of(self, title: str) -> int | None:
        """As many examples as are shown."""
        from samovar.data.bias.report import is_of_examples

        return self.settings.show if is_of_examples(title) else None

    def tables(self) -> list[Table]:
        """Groups with their counts and ratios, and examples."""
        from samovar.data.bias.report import tables

        wanted = self.settings
        return tables(self.tally.found, least=wanted.min_mentions, examples=wanted.show, window=wanted.window)


def _further(found: list[Mention], toxic: list[Finding]) -> list[Mention]:
    """What the step ``toxicity`` finds, but for what is on the list of negative words too; as its masks are."""
    from samovar.data.bias.mentions import Mention

    known = {one.start for one in found if one.group is None}
    return [Mention(one.start, one.end, None) for one in toxic if one.start not in known]
