"""Runs of words that texts share with the parts of items, found by their hashes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from samovar.data.duplicates.kernels import hash_shingles
from samovar.data.duplicates.shingles import Hashes

_GATE_BITS_A_KEY = 16


class Hits(NamedTuple):
    """Runs that a text shares with items; all int64, of one length."""

    at: np.ndarray
    """Where in the text, in words."""
    parts: np.ndarray
    places: np.ndarray
    """Where in the part, in words."""
    runs: np.ndarray
    """Which run it is: equal runs have equal numbers."""


class RunTable:
    """Where each run of ``size`` words stands in the parts of items."""

    def __init__(self, texts: list[Hashes], size: int) -> None:
        self._size, self._num_parts = size, len(texts)
        runs = [run_hashes(text, size) for text in texts]
        keys = np.concatenate([np.empty(0, dtype=np.uint64), *runs])
        order = np.argsort(keys, kind="stable")
        self._parts = np.repeat(np.arange(len(runs)), [len(own) for own in runs])[order].astype(np.int32)
        places = [np.arange(len(own), dtype=np.int32) for own in runs]
        self._places = np.concatenate([np.empty(0, dtype=np.int32), *places])[order]
        self._keys, self._starts = np.unique(keys[order], return_index=True)
        self._ends = np.append(self._starts[1:], len(keys))
        # Nearly every run of a text is in no item: one look into this table says so.
        self._mask = np.uint64((1 << max(16, (_GATE_BITS_A_KEY * len(self._keys)).bit_length())) - 1)
        self._gate = np.zeros(int(self._mask) + 1, dtype=bool)
        self._gate[self._keys & self._mask] = True

    def hits(self, words: Hashes) -> Hits | None:
        """The runs that a text of these words shares with items; None when there are none."""
        runs = run_hashes(words, self._size)
        at = np.flatnonzero(self._gate[runs & self._mask])
        if not len(at):
            return None
        slots = np.searchsorted(self._keys, runs[at])
        is_there = self._keys[np.minimum(slots, len(self._keys) - 1)] == runs[at]
        at, slots = at[is_there], slots[is_there]
        if not len(at):
            return None
        starts, counts = self._starts[slots], self._ends[slots] - self._starts[slots]
        first = np.cumsum(counts) - counts
        chosen = np.arange(int(counts.sum())) + np.repeat(starts - first, counts)
        return Hits(
            np.repeat(at, counts),
            self._parts[chosen].astype(np.int64),
            self._places[chosen].astype(np.int64),
            np.repeat(slots, counts),
        )

    def different_runs(self) -> np.ndarray:
        """How many different runs each part has."""
        slots = np.repeat(np.arange(len(self._keys)), self._ends - self._starts)
        pairs = np.unique(np.stack([self._parts, slots], axis=1), axis=0)
        return np.bincount(pairs[:, 0], minlength=self._num_parts)


def run_hashes(words: Hashes, size: int) -> Hashes:
    """A hash of every ``size`` words in a row."""
    hashes = np.empty(max(0, len(words) - size + 1), dtype=np.uint64)
    if len(hashes):
        hash_shingles(words, size, hashes)
    return hashes
