"""Interpolated modified Kneser-Ney smoothing, for runs of any symbols.

    p(w | h) = (a(hw) - D(a(hw))) / a(h.) + g(h) p(w | h'),    g(h) = (D1 n1 + D2 n2 + D3 n3) / a(h.)

Where ``a`` is the count of the longest runs, and of shorter ones the number of different symbols before them; of runs
at the beginning of a sequence, which have none before them, the count too. D is one of three discounts, for 1, 2 and
more, of each length; n1, n2 and n3 count the symbols behind ``h`` with such ``a``; h' is h without its first symbol.
Below single symbols stands a distribution that the caller gives.

Source: Chen and Goodman 1998, "An empirical study of smoothing techniques for language modeling", TR-10-98 of Harvard
University, sections 2.7 and 3; kept as probabilities and back-off weights as Heafield 2011, "KenLM", does.

Legend: S symbols of all sequences together, O lengths of runs, T different runs of one length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Where counts are too few to estimate from, as KenLM's --discount_fallback has them.
_USUAL_DISCOUNTS = (0.5, 1.0, 1.5)
_LEAST_SLOTS = 8
_MOST_LOAD = 0.6
_LEAST = 2.0**-100


class NgramTable(NamedTuple):
    """A smoothed model. Memory: 16 bytes a slot, at most 27 a run on average and 53 at worst."""

    order: int
    slots: np.ndarray
    """uint64, the hash of a run; 0 where there is none."""
    values: np.ndarray
    """float32, two a slot: log2 of the probability of the last symbol, and of the weight of what is shorter."""
    empty_backoff: float
    """log2 of the weight of the distribution below single symbols."""
    num_runs: int

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        return self.slots.nbytes + self.values.nbytes

    def past(self) -> np.ndarray:
        """Room for the symbols before, as ``kernels.step`` wants it."""
        return np.zeros(self.order - 1, dtype=np.uint64)

    def backoffs(self) -> np.ndarray:
        """Room for the weights of contexts, likewise."""
        return np.zeros(self.order, dtype=np.float64)


class _Runs(NamedTuple):
    """The different runs of one length."""

    keys_T: np.ndarray
    """Sorted."""
    places_T: np.ndarray
    """Where one of each ends."""
    counts_T: np.ndarray
    """Adjusted, as above; 0 for the mark of the beginning, which is nowhere predicted."""


def train_ngrams(
    symbols_S: np.ndarray, distances_S: np.ndarray, order: int, base: Callable[[np.ndarray], np.ndarray]
) -> NgramTable:
    """The model of runs of up to ``order`` symbols.

    Args:
        symbols_S: uint64; every sequence begins with a mark.
        distances_S: int64, how far each is from the beginning of its sequence; 0 for the mark.
        order: the longest run, 1 at least.
        base: gives the probability, below all runs, of the symbols at some positions; float64.
    """
    from samovar.data.perplexity.kernels import run_keys

    keys_SO = np.empty((symbols_S.size, order), dtype=np.uint64)
    run_keys(symbols_S, distances_S, keys_SO)
    runs = _counted_runs(keys_SO, distances_S)
    logs: list[np.ndarray] = []
    backoffs: list[np.ndarray] = []
    lower_T = base(runs[0].places_T)
    contexts_T = np.zeros(len(lower_T), dtype=np.int64)
    num_contexts = 1
    for length, one in enumerate(runs, 1):
        probabilities_T, weights = _smoothed(one.counts_T, contexts_T, num_contexts, lower_T)
        logs.append(_logs(probabilities_T))
        backoffs.append(_logs(weights))
        if length < order:
            longer = runs[length]
            lower_T = probabilities_T[np.searchsorted(one.keys_T, keys_SO[longer.places_T, length - 1])]
            contexts_T = np.searchsorted(one.keys_T, keys_SO[longer.places_T - 1, length - 1])
            num_contexts = len(one.keys_T)
    # The weights of contexts of one length come with the runs that are one longer.
    empty_backoff, *by_context = backoffs
    by_context.append(np.zeros(len(runs[-1].keys_T)))
    return _table(runs, logs, by_context, float(empty_backoff[0]))


def _counted_runs(keys_SO: np.ndarray, distances_S: np.ndarray) -> list[_Runs]:
    """The runs of every length, the shortest first."""
    found: list[_Runs] = []
    for length in range(keys_SO.shape[1], 0, -1):
        ends = np.flatnonzero(distances_S >= length - 1)
        keys_T, firsts, counts_T = np.unique(keys_SO[ends, length - 1], return_index=True, return_counts=True)
        places_T = ends[firsts]
        if found:
            longer = found[-1]
            number = np.searchsorted(keys_T, keys_SO[longer.places_T, length - 1])
            num_before_T = np.bincount(number, minlength=len(keys_T))
            counts_T = np.where(distances_S[places_T] == length - 1, counts_T, num_before_T)
        if length == 1:
            counts_T = np.where(distances_S[places_T] == 0, 0, counts_T)
        found.append(_Runs(keys_T, places_T, counts_T))
    return found[::-1]


def _smoothed(
    counts_T: np.ndarray, contexts_T: np.ndarray, num_contexts: int, lower_T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The probability of every run's last symbol, and for every context the weight of what is shorter."""
    discounts = np.array((0.0, *discounts_of(counts_T)))
    taken_T = discounts[np.minimum(counts_T, 3)]
    totals = np.bincount(contexts_T, weights=counts_T, minlength=num_contexts)
    given = np.bincount(contexts_T, weights=taken_T, minlength=num_contexts)
    # Behind a context that only ends sequences nothing is known, and all is left to what is shorter.
    weights = np.divide(given, totals, out=np.ones(num_contexts), where=totals > 0)
    kept_T = np.divide(counts_T - taken_T, totals[contexts_T], out=np.zeros(len(counts_T)), where=counts_T > 0)
    return kept_T + weights[contexts_T] * lower_T, weights


def discounts_of(counts_T: np.ndarray) -> tuple[float, float, float]:
    """D1, D2 and D3 by Chen and Goodman's formula; the usual ones where counts from one to four are not all there."""
    n1, n2, n3, n4 = (int(np.count_nonzero(counts_T == count)) for count in range(1, 5))
    if not (n1 and n2 and n3 and n4):
        return _USUAL_DISCOUNTS
    share = n1 / (n1 + 2 * n2)
    found = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    return (min(max(found[0], 0.0), 1.0), min(max(found[1], 0.0), 2.0), min(max(found[2], 0.0), 3.0))


def _logs(values: np.ndarray) -> np.ndarray:
    """Of base 2; of nothing, which is asked for nowhere or weighs nothing, one that is as good as minus infinity."""
    return np.log2(np.maximum(values, _LEAST))


def _table(runs: list[_Runs], logs: list[np.ndarray], backoffs: list[np.ndarray], empty_backoff: float) -> NgramTable:
    from samovar.data.perplexity.kernels import fill

    keys = np.concatenate([one.keys_T for one in runs])
    rows = np.stack((np.concatenate(logs), np.concatenate(backoffs)), axis=1)
    num_slots = max(_LEAST_SLOTS, 1 << math.ceil(math.log2(max(1, len(keys)) / _MOST_LOAD)))
    slots, values = np.zeros(num_slots, dtype=np.uint64), np.zeros((num_slots, 2), dtype=np.float32)
    fill(keys, rows, slots, values)
    return NgramTable(len(runs), slots, values, empty_backoff, len(keys))
