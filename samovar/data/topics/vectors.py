"""Documents as points: counts of words, rare ones weighing more, in the few directions in which they differ most."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from samovar.data.topics.words import Vocabulary

_EXTRA_DIRECTIONS = 8
_POWER_ROUNDS = 3
_BLOCK_BYTES = 32 << 20


class Counts(NamedTuple):
    """Rows of weighted word counts of length 1, by the words that are not zero."""

    starts: Any
    """int64, where each row begins; one more at the end."""
    words: Any
    """int32, numbers of words."""
    weights: Any
    """float32."""


def rarities(vocabulary: Vocabulary) -> Any:
    """float32, the logarithm of how rare each word is among documents."""
    documents_with = np.array(vocabulary.documents_with, dtype=np.float64)
    return np.log((1 + vocabulary.num_documents) / (1 + documents_with)).astype(np.float32) + 1


def weighted_counts(stem_counts: Iterable[Mapping[str, int]], vocabulary: Vocabulary, rarity: Any) -> Counts:
    """A row a document: (1 + ln count) * rarity, of length 1."""
    starts, words, weights = array("q", [0]), array("i"), array("f")
    numbers = vocabulary.numbers
    for counts in stem_counts:
        known = sorted((numbers[one], count) for one, count in counts.items() if one in numbers)
        row = np.array([number for number, _ in known], dtype=np.int32)
        values = (1 + np.log(np.array([count for _, count in known], dtype=np.float32))) * rarity[row]
        length = float(np.linalg.norm(values))
        words.extend(row.tolist())
        weights.extend((values / length if length else values).tolist())
        starts.append(len(words))
    return Counts(*(np.array(part) for part in (starts, words, weights)))


def main_directions(rows: Counts, num_words: int, count: int, *, seed: int) -> Any:
    """The directions that say most of the rows: float32, a row a word, ``count`` columns.

    Latent semantic analysis by a random projection with power iterations (Halko, Martinsson and Tropp 2011,
    arXiv:0909.4061, algorithm 4.4). Holds two tables of documents or words by directions and blocks of 32 MB.
    """
    columns = _transposed(rows, num_words)
    num_rows = len(rows.starts) - 1
    width = min(count + _EXTRA_DIRECTIONS, num_words, num_rows)
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(_times(rows, rng.standard_normal((num_words, width)).astype(np.float32)))[0]
    for _ in range(_POWER_ROUNDS):
        basis = np.linalg.qr(_times(rows, np.linalg.qr(_times(columns, basis))[0]))[0]
    left, _, _ = np.linalg.svd(_times(columns, basis), full_matrices=False)
    return np.ascontiguousarray(left[:, : min(count, width)], dtype=np.float32)


def points(rows: Counts, directions: Any) -> Any:
    """float32, the rows seen along ``directions``, of length 1; zeros where nothing is to be seen."""
    projected = _times(rows, directions)
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    return np.divide(projected, lengths, out=np.zeros_like(projected), where=lengths > 1e-6)


def _times(rows: Counts, matrix: Any) -> Any:
    """The product of the rows with a dense matrix, some rows at a time."""
    result = np.zeros((len(rows.starts) - 1, matrix.shape[1]), dtype=np.float32)
    step = max(1, _BLOCK_BYTES // (4 * matrix.shape[1]))
    begin = 0
    while begin < len(result):
        end = int(np.searchsorted(rows.starts, rows.starts[begin] + step, side="right")) - 1
        end = min(max(begin + 1, end), len(result))
        first, last = int(rows.starts[begin]), int(rows.starts[end])
        products = matrix[rows.words[first:last]] * rows.weights[first:last, None]
        filled = np.flatnonzero(np.diff(rows.starts[begin : end + 1]))
        if filled.size:
            result[begin + filled] = np.add.reduceat(products, rows.starts[begin:end][filled] - first, axis=0)
        begin = end
    return result


def _transposed(rows: Counts, num_words: int) -> Counts:
    order = np.argsort(rows.words, kind="stable")
    row_of = np.repeat(np.arange(len(rows.starts) - 1, dtype=np.int32), np.diff(rows.starts))
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows.words, minlength=num_words))]).astype(np.int64)
    return Counts(starts, row_of[order], rows.weights[order])
