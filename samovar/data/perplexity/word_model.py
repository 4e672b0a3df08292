"""How many bits a text takes: runs of words, and below them, for words that were never seen, runs of letters.

Words are folded to lower case and digits to 0; a run of one sign is a word; blanks between words cost nothing. Every
text has a probability: what the model of words leaves for unknown words is shared out by how likely they are spelt.
So perplexities of texts with many unknown words, Russian ones above all, compare with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from samovar.data.classify.features import character_table
from samovar.data.perplexity.kneser_ney import NgramTable, train_ngrams

LETTERS_ORDER = 6
# All letters that there are, and the end of a word, alike.
_UNKNOWN_LETTER = -float(np.log2(0x110001))
MOST_BITS_A_WORD = 40.0


class Score(NamedTuple):
    """What a text takes."""

    bits: float
    words: int
    """Signs count as words."""
    unknown_words: int
    characters: int

    @property
    def bits_a_word(self) -> float:
        """Bits by words; at most 40, which only what is no text takes."""
        return min(MOST_BITS_A_WORD, self.bits / self.words) if self.words else 0.0

    @property
    def perplexity(self) -> float:
        """Among how many equally likely words one would have to choose each time."""
        return float(2.0**self.bits_a_word)

    @property
    def bits_a_character(self) -> float:
        """Bits by characters, blanks counted."""
        return self.bits / self.characters if self.characters else 0.0


class _Words(NamedTuple):
    """The words of a text."""

    codes: np.ndarray
    hashes: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class WordModel:
    """A model of the words of some texts and of their letters. It holds two tables, and none of the texts."""

    def __init__(self, words: NgramTable, letters: NgramTable, num_words: int) -> None:
        self.words, self.letters = words, letters
        self.num_words = num_words
        """Of the texts that it was trained on."""

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        return self.words.size_bytes + self.letters.size_bytes

    def score(self, text: str) -> Score:
        """What ``text`` takes."""
        from samovar.data.perplexity.kernels import score

        words = _cut(text)
        table, letters = self.words, self.letters
        log, unknown = score(
            *(words.codes, character_table(), words.hashes, words.begins, words.ends),
            *(table.past(), table.backoffs(), table.empty_backoff, table.slots, table.values),
            *(letters.past(), letters.backoffs(), letters.empty_backoff, _UNKNOWN_LETTER),
            *(letters.slots, letters.values),
        )
        return Score(max(0.0, -log), len(words.hashes), unknown, len(text))


def train_words(texts: Iterable[str], *, order: int) -> WordModel:
    """The model of ``texts``: runs of up to ``order`` words, and of up to 6 letters of the different words.

    The texts in any order give the same model, up to the last digits of floats.
    """
    from samovar.data.perplexity.kernels import BEGIN, spellings

    cut = [_cut(text) for text in texts]
    lengths = np.array([len(words.hashes) + 1 for words in cut], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    symbols_S = np.full(int(lengths.sum()), BEGIN, dtype=np.uint64)
    for begin, words in zip(begins.tolist(), cut, strict=True):
        symbols_S[begin + 1 : begin + 1 + len(words.hashes)] = words.hashes
    distances_S = np.arange(symbols_S.size) - np.repeat(begins, lengths)
    vocabulary = _vocabulary(cut)
    letters = _train_letters(vocabulary)
    logs = np.empty(len(vocabulary.hashes))
    spellings(
        *(vocabulary.codes, character_table(), vocabulary.begins, vocabulary.ends),
        *(letters.past(), letters.backoffs(), letters.empty_backoff, _UNKNOWN_LETTER),
        *(letters.slots, letters.values, logs),
    )

    def base(places: np.ndarray) -> np.ndarray:
        numbers = np.searchsorted(vocabulary.hashes, symbols_S[places])
        # The mark of the beginning is no word; it may have any number, as it is never predicted.
        return np.exp2(logs[np.minimum(numbers, len(logs) - 1)]) if len(logs) else np.zeros(len(places))

    words_table = train_ngrams(symbols_S, distances_S, order, base)
    return WordModel(words_table, letters, int(symbols_S.size - len(cut)))


def _cut(text: str) -> _Words:
    from samovar.data.classify.kernels import cut_words

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hashes = np.empty(codes.size, dtype=np.uint64)
    begins, ends = np.empty(codes.size, dtype=np.int64), np.empty(codes.size, dtype=np.int64)
    count = cut_words(codes, character_table(), hashes, begins, ends)
    return _Words(codes, hashes[:count].copy(), begins[:count].copy(), ends[:count].copy())


def _vocabulary(cut: list[_Words]) -> _Words:
    """Every word once, by its hash."""
    if not cut:
        return _cut("")
    offsets = np.cumsum([0, *(words.codes.size for words in cut)])[:-1]
    hashes, firsts = np.unique(np.concatenate([words.hashes for words in cut]), return_index=True)
    begins = np.concatenate([words.begins + offset for words, offset in zip(cut, offsets, strict=True)])[firsts]
    ends = np.concatenate([words.ends + offset for words, offset in zip(cut, offsets, strict=True)])[firsts]
    return _Words(np.concatenate([words.codes for words in cut]), hashes, begins, ends)


def _train_letters(vocabulary: _Words) -> NgramTable:
    sequences = list(_spelt(vocabulary))
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    symbols_S = np.concatenate(sequences) if sequences else np.empty(0, dtype=np.uint64)
    distances_S = np.arange(symbols_S.size) - np.repeat(begins, lengths)

    def base(places: np.ndarray) -> np.ndarray:
        return np.full(len(places), 2.0**_UNKNOWN_LETTER)

    return train_ngrams(symbols_S, distances_S, LETTERS_ORDER, base)


def _spelt(vocabulary: _Words) -> Iterator[np.ndarray]:
    """The letters of every word, folded, between the marks of beginning and end."""
    from samovar.data.classify.kernels import SYMBOL, TABLE_SIZE
    from samovar.data.perplexity.kernels import BEGIN, END, SHOWN_OF_SYMBOLS

    table = character_table()
    folded = vocabulary.codes.copy()
    is_low = folded < TABLE_SIZE
    folded[is_low] = table[folded[is_low]] & ((1 << 24) - 1)
    for begin, end in zip(vocabulary.begins.tolist(), vocabulary.ends.tolist(), strict=True):
        code = vocabulary.codes[begin]
        if code < TABLE_SIZE and (table[code] >> 24) & 7 == SYMBOL:
            end = min(end, begin + SHOWN_OF_SYMBOLS)
        yield np.concatenate(([BEGIN], folded[begin:end], [END])).astype(np.uint64)
