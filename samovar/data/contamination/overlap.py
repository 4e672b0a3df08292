"""Which items of evaluation sets stand in a text: by runs of words, compared without case, punctuation, diacritics.

A question and its answers are compared each by itself. One of eight words or more is found when a text shares any 13
words in a row with it; when runs of 8 words that the text shares cover over half of it; or, where many single words
were changed, when a stretch of the text no longer than twice its length holds two fifths of its runs of 4 words. A
question under eight words is found when a line of the text is just that question (with its answer or without), or when
both together are found as above; an answer under eight words alone says nothing.

Sources: 13 words, Brown et al. 2020, arXiv:2005.14165, appendix C; 8 words and coverage, Chowdhery et al. 2022,
arXiv:2204.02311, section 8 (70 % there; over half here).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from samovar.data.contamination.items import EvalItem
from samovar.data.contamination.runs import Hits, RunTable, run_hashes
from samovar.data.duplicates.shingles import Hashes, word_hashes

LONG_RUN, RUN, SHORT_RUN = 13, 8, 4
COVERED_SHARE, NEAR_SHARE = 0.5, 0.4
LEAST_WORDS_A_LINE, LEAST_WORDS_IN_SHORT_TEXT, SHORT_TEXT = 5, 3, 50
"""A line of fewer words, such as 'Who are you?', says something in a text under 50 words only: any story has it. One
of less than three does so only when it is all of the text."""
# A character that is a word by itself (an ideograph that no text has: the last code of its block) marks line ends.
_LINE_MARK = "\u9fff"


class Match(NamedTuple):
    """An item found in a text."""

    item: int
    """Its number in ``ItemIndex.items``."""
    how: str


class ItemName(NamedTuple):
    """Which item of which set."""

    set: str
    id: str


class ItemIndex:
    """The items of evaluation sets, ready to be looked for. It takes about 60 bytes of memory a word of the items."""

    def __init__(self, items: Iterable[EvalItem], *, near_share: float = NEAR_SHARE) -> None:
        self.items: list[ItemName] = []
        self._near_share = near_share
        self._owners: list[int] = []
        self._sizes: list[int] = []
        self._lines: defaultdict[int, dict[int, list[int]]] = defaultdict(dict)
        texts: list[Hashes] = []
        for item in items:
            self.items.append(ItemName(item.set, item.id))
            texts += self._parts(item)
        self._runs = {size: RunTable(texts, size) for size in (LONG_RUN, RUN, SHORT_RUN)}
        self._owner = np.array(self._owners, dtype=np.int64)
        self._size = np.array(self._sizes, dtype=np.int64)
        self._different = self._runs[SHORT_RUN].different_runs()

    def _parts(self, item: EvalItem) -> list[Hashes]:
        """What of ``item`` is compared by runs of words; short questions are noted as lines."""
        question = word_hashes(item.question)
        answers = [word_hashes(answer) for answer in item.answers]
        wholes = [question, *answers]
        if 0 < len(question) < RUN:
            together = [np.concatenate([question, answer]) for answer in answers]
            for line in (question, *together):
                if len(line) < RUN:
                    self._add_line(line)
            wholes += together
        parts = [whole for whole in wholes if len(whole) >= RUN]
        self._owners += [len(self.items) - 1] * len(parts)
        self._sizes += map(len, parts)
        return parts

    def _add_line(self, words: Hashes) -> None:
        key = int(run_hashes(words, len(words))[0])
        self._lines[len(words)].setdefault(key, []).append(len(self.items) - 1)

    def find(self, text: str) -> list[Match]:
        """The items that stand in ``text``, each once, in their order."""
        marked = word_hashes(text.replace("\n", _LINE_MARK))
        mark = word_hashes(_LINE_MARK)[0]
        found: dict[int, str] = {}
        for item in self._items_on_lines(marked, np.flatnonzero(marked == mark)):
            found.setdefault(item, "a line is the question")
        for part, how in self._parts_in(marked[marked != mark]).items():
            found.setdefault(self._owners[part], how)
        return [Match(item, found[item]) for item in sorted(found)]

    def _items_on_lines(self, words: Hashes, ends: np.ndarray) -> list[int]:
        """Items whose short question is a line; ``ends`` are the places of line marks among ``words``."""
        if not self._lines:
            return []
        starts, ends = np.append(0, ends + 1), np.append(ends, len(words))
        sizes = ends - starts
        least = LEAST_WORDS_IN_SHORT_TEXT if sizes.sum() < SHORT_TEXT else LEAST_WORDS_A_LINE
        if np.count_nonzero(sizes) == 1:
            least = 1
        found: list[int] = []
        for size, by_key in self._lines.items():
            places = starts[sizes == size]
            if len(places) and size >= least:
                for key in run_hashes(words, size)[places].tolist():
                    found += by_key.get(key, ())
        return found

    def _parts_in(self, words: Hashes) -> dict[int, str]:
        """The parts of items that stand in a text of these words, and how each was found."""
        # Whatever shares 8 or 13 words shares 4.
        near = self._runs[SHORT_RUN].hits(words)
        if near is None:
            return {}
        found: dict[int, str] = {}
        if (hits := self._runs[LONG_RUN].hits(words)) is not None:
            found |= dict.fromkeys(np.unique(hits.parts).tolist(), f"{LONG_RUN} words in a row")
        if (hits := self._runs[RUN].hits(words)) is not None:
            for part, share in self._covered(hits):
                found.setdefault(part, f"{share:.0%} of it")
        if self._near_share:
            for part in self._near(near):
                found.setdefault(part, "nearly the same words")
        return found

    def _covered(self, hits: Hits) -> list[tuple[int, float]]:
        """Parts of which over half lies in shared runs, with the share."""
        places = np.unique(np.stack([hits.parts, hits.places], axis=1), axis=0)
        parts, starts = np.unique(places[:, 0], return_index=True)
        # A run adds its words up to where the next one in the same part begins.
        added = np.minimum(np.diff(places[:, 1], append=0), RUN)
        added[np.append(starts[1:], len(places)) - 1] = RUN
        shares = np.add.reduceat(added, starts) / self._size[parts]
        chosen = shares > COVERED_SHARE
        return list(zip(parts[chosen].tolist(), shares[chosen].tolist(), strict=True))

    def _near(self, hits: Hits) -> list[int]:
        """Parts that have enough of their short runs within a stretch of the text.

        Different runs are counted, so that rows of one number are not like each other for that.
        """
        pairs = np.unique(np.stack([hits.parts, hits.runs], axis=1), axis=0)
        parts, counts = np.unique(pairs[:, 0], return_counts=True)
        needed = np.ceil(self._near_share * self._different[parts])
        is_candidate = (counts >= needed) & (self._different[parts] > LONG_RUN - SHORT_RUN)
        found = []
        for part, least in zip(parts[is_candidate].tolist(), needed[is_candidate].tolist(), strict=True):
            own = hits.parts == part
            order = np.argsort(hits.at[own], kind="stable")
            if _most_in_stretch(hits.at[own][order], hits.runs[own][order], 2 * self._sizes[part]) >= least:
                found.append(part)
        return found


def _most_in_stretch(at: np.ndarray, runs: np.ndarray, size: int) -> int:
    """The most different runs within ``size`` words of the text; ``at`` ascends."""
    counts: defaultdict[int, int] = defaultdict(int)
    most = different = first = 0
    for position, run in zip(at.tolist(), runs.tolist(), strict=True):
        counts[run] += 1
        different += counts[run] == 1
        while position - int(at[first]) >= size:
            left = int(runs[first])
            counts[left] -= 1
            different -= counts[left] == 0
            first += 1
        most = max(most, different)
    return most
