"""What the report shows of perplexities: by language, and at each quantile what lies about there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import partial

from samovar.data.document import Document
from samovar.data.perplexity.scores import Scored, Scores
from samovar.data.samples import Reservoir, shown
from samovar.data.steps.step import Table

QUANTILES = (0.0, 0.05, 0.1, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 0.9, 0.95, 0.99)
_EXAMPLE_CHARACTERS = 160
_SUMMARY = (0.05, 1 / 3, 0.5, 2 / 3, 0.95)


class Examples:
    """A few documents of every language between one quantile and the next. Bounded: 11 times ``most`` a language."""

    def __init__(self, scores: Scores, most: int, seed: str) -> None:
        self._most, self._seed = most, seed
        self._limits = {
            language: [scores.floor(language, share) for share in QUANTILES] for language in scores.languages
        }
        self._kept: dict[tuple[str, int], Reservoir[str]] = {}
        self._above: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.bits: Counter[str] = Counter()
        """Bits a character, summed over documents, in millionths."""

    def offer(self, document: Document, scored: Scored) -> None:
        """Count a document, and keep it if it is chosen."""
        limits = self._limits[scored.language]
        place = max((at for at, limit in enumerate(limits) if scored.bits_a_word >= limit), default=0)
        self._above[scored.language][place] += 1
        self.bits[scored.language] += round(scored.bits_a_character * 1e6)
        if self._most:
            key = (scored.language, place)
            if key not in self._kept:
                self._kept[key] = Reservoir(self._most, f"{self._seed}:{scored.language}:{place}")
            self._kept[key].offer(document.id, partial(_shown, document, scored))

    def table(self, language: str) -> Table:
        """The quantiles of one language."""
        counts = self._above[language]
        rows: list[tuple[str, ...]] = []
        for place, (share, limit) in enumerate(zip(QUANTILES, self._limits[language], strict=True)):
            num_above = sum(counts[further] for further in range(place, len(QUANTILES)))
            examples = self._kept[language, place].items if (language, place) in self._kept else []
            rows.append((f"{share:.0%}", f"{2**limit:,.0f}", f"{num_above:,}", " ⏐ ".join(examples)))
        note = "Examples are of documents between this row and the next."
        head = ("quantile", "perplexity", "documents from here on", "examples")
        return Table(f"Perplexity of documents in '{language}'", head, rows, note)


def summary(
    scores: Scores, examples: Examples, trained_words: Mapping[str, int], num_unjudged: int, *, is_own: bool
) -> Table:
    """All languages, a row each."""
    rows: list[tuple[str, ...]] = []
    for language, count in scores.languages.items():
        quantiles = [f"{2 ** scores.quantile(language, share):,.0f}" for share in _SUMMARY]
        bits = examples.bits[language] / 1e6 / count
        rows.append((language, f"{count:,}", f"{trained_words[language]:,}", f"{bits:.2f}", *quantiles))
    head = ("language", "documents", "words learnt from", "bits a character", *(f"{share:.0%}" for share in _SUMMARY))
    note = (
        "Perplexity a word at quantiles: among how many equally likely words the model would have to choose. Compare "
        "it within a language only. "
    )
    if is_own:
        note += (
            "Learnt from the corpus itself, no good texts being named: a high one means unlike the rest. Each half is "
            "judged by a model of the other. "
        )
    if num_unjudged:
        note += (
            f"{num_unjudged:,} documents were not judged: too short, or in a language with too little to learn from."
        )
    return Table("Perplexity by language", head, rows, note)


def _shown(document: Document, scored: Scored) -> str:
    text = " ".join(shown(document.text, limit=_EXAMPLE_CHARACTERS).split())
    return f"{document.id} ({scored.perplexity:,.0f}): {text}"
