"""What the lists of a language consist of."""

from __future__ import annotations

from typing import NamedTuple

Groups = dict[str, dict[str, str]]
"""Words by kind of group (religion, age) and group, in the notation of ``samovar.data.lexicon.notation``. An entry that
begins with ``^`` counts only where it is capitalised: Polish, and not polish."""


class GroupList(NamedTuple):
    """The words of one language."""

    groups: Groups
    negative: str
    """Words of contempt, disgust, crime, violence and threat, in the same notation."""
