"""A filter for toxic texts that was trained from a file with labels, applied piece by piece.

Words on a list are easily found; an insult without any, or a word that is harmless here and an insult there, needs
examples. What a filter learns is what its examples were labelled by: tweets of one year and place teach that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from samovar.core.errors import ConfigError, DataError
from samovar.data.classify.classifier import TextClassifier
from samovar.data.classify.examples import labelled_examples
from samovar.data.classify.training import train
from samovar.data.toxicity.word_list import LEVELS, Level

PIECE_CHARACTERS = 400
_CLEAN = "clean"
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


class Judged(NamedTuple):
    """A piece of a text with its probabilities."""

    start: int
    end: int
    probabilities: Mapping[str, float]


def train_filter(
    paths: Sequence[str],
    levels: Mapping[str, Level],
    *,
    text_field: str = "",
    label_field: str = "label",
    seed: int = 0,
) -> TextClassifier:
    """A classifier of levels from files of labelled rows; a label that ``levels`` doesn't name is a clean one.

    Labels that are themselves called hate, obscene or insult need not be named.

    Raises:
        ConfigError: no row has a label that is a level.
        DataError: there are too few examples, or a file can't be read.
    """
    meaning: dict[str, Level] = dict(levels)
    for level in LEVELS:
        meaning.setdefault(level, level)
    examples = list(labelled_examples(paths, text_field=text_field, label_field=label_field))
    found = {example.label for example in examples}
    wanted = [level for level in LEVELS if any(meaning.get(label) == level for label in found)]
    if not examples:
        raise DataError(f"{', '.join(paths)}: no labelled rows", hint="give a text and a label in every row")
    if not wanted:
        raise ConfigError(
            f"none of the labels is a level of toxicity: {', '.join(sorted(found))[:200]}",
            hint="say what they mean with label_levels: {offensive: insult, hate_speech: hate}",
        )
    mapped = [example._replace(label=meaning.get(example.label, _CLEAN)) for example in examples]
    return train(mapped, wanted, seed=seed)


def judge_pieces(classifier: TextClassifier, text: str) -> Iterator[Judged]:
    """The probabilities of every piece of ``text``: sentences together, up to 400 characters."""
    for start, end in pieces(text):
        yield Judged(start, end, classifier.probabilities(text[start:end]))


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of pieces that cover all but blanks between them; only a longer sentence is cut."""
    start = end = 0
    for sentence_start, sentence_end in _sentences(text):
        if sentence_end - start > PIECE_CHARACTERS and end > start:
            yield start, end
            start = sentence_start
        end = sentence_end
        while end - start > PIECE_CHARACTERS:
            yield start, start + PIECE_CHARACTERS
            start += PIECE_CHARACTERS
    if text[start:end].strip():
        yield start, end


def _sentences(text: str) -> Iterable[tuple[int, int]]:
    start = 0
    for gap in _SENTENCE_END.finditer(text):
        if gap.start() > start:
            yield start, gap.start()
        start = gap.end()
    if start < len(text):
        yield start, len(text)
