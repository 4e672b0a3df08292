"""Encoding a whole corpus: many texts at once, by a faster library where it gives the very same ids.

The reference is the tokenizers library. gigatoken encodes ten times as fast and more; it is used where it is installed,
and only as long as it agrees: on a sample beforehand, and on a piece of a text of every batch.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samovar.core.errors import CorruptError
from samovar.tokenizer.tokenizer import TOKENIZER_FILE, Tokenizer, whole_unicode

_CHECKED_CHARACTERS = 2000
BatchEncoder = Callable[[list[str]], Sequence[Sequence[int] | np.ndarray]]


class DisagreementError(CorruptError):
    """The faster library gave other ids than the reference."""


def load_encoder(folder: Path, *, is_fast: bool) -> BatchEncoder:
    """What encodes texts with the tokenizer in ``folder``; a function of plain arguments, for worker processes.

    Raises:
        MissingError: there is no tokenizer.
        DisagreementError: when it is called and the faster library disagrees with the reference.
    """
    tokenizer = Tokenizer.load(folder)
    encode = _FastEncoder(folder, tokenizer) if is_fast else tokenizer.encode_batch
    return _beginning(encode, tokenizer.begin_ids) if tokenizer.begin_ids else encode


def can_be_fast(folder: Path, sample: Sequence[str]) -> bool:
    """Whether the faster library is installed, reads this tokenizer, and gives its ids for every text of ``sample``."""
    if importlib.util.find_spec("gigatoken") is None:
        return False
    tokenizer = Tokenizer.load(folder)
    if not tokenizer.is_byte_level or tokenizer.can_be_forged:
        return False
    try:
        encoder = _FastEncoder(folder, tokenizer)
        return _is_equal(encoder.encode(list(sample)), tokenizer.encode_batch(list(sample)))
    # A tokenizer that it does not know, or not yet: it says so by errors of its own, of many kinds.
    except Exception:
        return False


def _beginning(encode: BatchEncoder, begin_ids: Sequence[int]) -> BatchEncoder:
    """Put the beginning of a text before each, where the family has learnt one."""
    return lambda texts: [[*begin_ids, *ids] for ids in encode(texts)]


class _FastEncoder:
    """gigatoken, checked against the reference on a piece of a text of every batch."""

    def __init__(self, folder: Path, tokenizer: Tokenizer) -> None:
        import gigatoken

        parts = json.loads((Path(folder) / TOKENIZER_FILE).read_text(encoding="utf-8"))
        # Special tokens written out in a text stay text.
        plain = json.dumps({**parts, "added_tokens": []})
        self._backend: Any = gigatoken.Tokenizer.from_json(plain)
        self._reference = tokenizer
        self._batches = 0

    def __call__(self, texts: list[str]) -> Sequence[np.ndarray]:
        """The ids of each text, as arrays.

        Raises:
            DisagreementError: the checked text got other ids than the reference gives.
        """
        if not texts:
            return []
        self._batches += 1
        checked = texts[self._batches % len(texts)][:_CHECKED_CHARACTERS]
        *found, of_checked = self.encode([*texts, checked])
        if not _is_equal([of_checked], [self._reference.encode(checked)]):
            raise DisagreementError(
                f"gigatoken encodes {checked[:80]!r} in another way than tokenizers",
                hint="encode without it: pip uninstall gigatoken",
            )
        return found

    def encode(self, texts: list[str]) -> list[np.ndarray]:
        """The same, unchecked."""
        layout = self._backend.encode_batch([whole_unicode(text) for text in texts]).layout
        ends = np.asarray(layout.offsets.data)
        ids = np.asarray(layout.content.data)
        return [ids[start:end] for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


def _is_equal(found: Sequence[np.ndarray], expected: Sequence[Sequence[int]]) -> bool:
    return len(found) == len(expected) and all(
        np.array_equal(one, other) for one, other in zip(found, expected, strict=True)
    )
