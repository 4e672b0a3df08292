"""How much of a text repeats itself: lines, paragraphs and runs of words.

Source: Rae et al. 2021 (Gopher), arXiv:2112.11446, appendix A.1, table A1; counted as datatrove does, on whose counts
the thresholds of FineWeb and FineWeb-2 were found. All values are shares of the text's characters, line ends and
blanks included, but where "lines" or "paragraphs" is said.

Legend: N words of the text, G = N - n + 1 runs of n words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from samovar.data.quality.rules import Measure, Rule
from samovar.data.quality.text_shape import TextShape

TOP_RUNS = (2, 3, 4)
REPEATED_RUNS = (5, 6, 7, 8, 9, 10)

_STEP = np.uint64(0x9FB21C651E98DF25)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def _repeats(parts: list[str]) -> tuple[int, int]:
    """How many parts occurred before, and their characters."""
    if len(set(parts)) == len(parts):
        return 0, 0
    seen: set[str] = set()
    count = characters = 0
    for part in parts:
        if part in seen:
            count += 1
            characters += len(part)
        seen.add(part)
    return count, characters


def _lines(text: str) -> list[str]:
    """The text between runs of line ends; an end that the text begins or ends with leaves an empty line there."""
    lines = [line for line in text.split("\n") if line]
    return [""] * text.startswith("\n") + lines + [""] * text.endswith("\n") or [""]


def _paragraphs(text: str) -> list[str]:
    """The text between blank lines; blanks on a line don't make it blank."""
    parts = (part.strip("\n") for part in text.strip().split("\n\n"))
    return [part for part in parts if part] or [""]


def _repeated(shape: TextShape, parts: str, of: str) -> float:
    """The share of the lines or paragraphs that repeat earlier ones, or of their characters; found once a text."""
    if f"repeated {parts}" not in shape.memo:
        found = _lines(shape.text) if parts == "lines" else _paragraphs(shape.text)
        count, characters = _repeats(found)
        shape.memo[f"repeated {parts}"] = count / len(found)
        shape.memo[f"characters in repeated {parts}"] = characters / max(1, len(shape.text))
    return shape.memo[of]


def repeated_lines(shape: TextShape) -> float:
    """Share of the lines that repeat an earlier one."""
    return _repeated(shape, "lines", "repeated lines")


def repeated_line_characters(shape: TextShape) -> float:
    """Share of the characters that stand in lines that repeat an earlier one."""
    return _repeated(shape, "lines", "characters in repeated lines")


def repeated_paragraphs(shape: TextShape) -> float:
    """Share of the paragraphs that repeat an earlier one."""
    return _repeated(shape, "paragraphs", "repeated paragraphs")


def repeated_paragraph_characters(shape: TextShape) -> float:
    """Share of the characters that stand in paragraphs that repeat an earlier one."""
    return _repeated(shape, "paragraphs", "characters in repeated paragraphs")


def run_hashes(hashes_N: np.ndarray, n: int) -> np.ndarray:
    """A hash of each run of ``n`` words; uint64, G of them."""
    num_runs = len(hashes_N) - n + 1
    if num_runs <= 0:
        return hashes_N[:0]
    hashes_G = hashes_N[:num_runs].copy()
    for offset in range(1, n):
        hashes_G *= _STEP
        hashes_G += hashes_N[offset : offset + num_runs]
    hashes_G ^= hashes_G >> _HALF
    hashes_G *= _MIX
    return hashes_G


def _run_lengths(shape: TextShape, n: int) -> np.ndarray:
    """Characters of each run of ``n`` words, without blanks."""
    ends_N = shape.ends_N
    lengths_G = ends_N[n - 1 :].copy()
    lengths_G[1:] -= ends_N[:-n]
    return lengths_G


def _count_of_commonest(hashes_G: np.ndarray) -> int:
    """How often the commonest hash occurs."""
    ordered_G = np.sort(hashes_G)
    borders = np.flatnonzero(ordered_G[1:] != ordered_G[:-1])
    if len(borders) == len(ordered_G) - 1:
        return 1
    return int(np.diff(borders, prepend=-1, append=len(ordered_G) - 1).max())


def _top_run_ceiling(n: int, shape: TextShape) -> float:
    """A value that ``top_run`` can't exceed: no longer run is commoner than the commonest pair."""
    num_runs = shape.num_words - n + 1
    if num_runs <= 0:
        return 0.0
    if "pair_count" not in shape.memo:
        shape.memo["pair_count"] = _count_of_commonest(run_hashes(shape.words.hashes_N, 2))
    return shape.memo["pair_count"] * (int(_run_lengths(shape, n).max()) + n - 1) / max(1, len(shape.text))


def top_run(n: int, shape: TextShape) -> float:
    """Share of the characters in the commonest run of ``n`` words, its words joined by single blanks.

    Of equally common runs the first counts. A run that occurs once counts too: so it is in the source of the numbers.
    """
    hashes_G = run_hashes(shape.words.hashes_N, n)
    if not len(hashes_G):
        return 0.0
    _, first_U, counts_U = np.unique(hashes_G, return_index=True, return_counts=True)
    commonest = np.flatnonzero(counts_U == counts_U.max())
    first = int(first_U[commonest].min())
    characters = int(_run_lengths(shape, n)[first]) + n - 1
    return characters * int(counts_U.max()) / max(1, len(shape.text))


def _recurring(hashes_G: np.ndarray) -> np.ndarray:
    """For each hash whether it occurred before; bool."""
    order = np.argsort(hashes_G, kind="stable")
    ordered_G = hashes_G[order]
    recurs_G = np.zeros(len(hashes_G), dtype=bool)
    recurs_G[order[1:]] = ordered_G[1:] == ordered_G[:-1]
    return recurs_G


def _repeated_runs_ceiling(shape: TextShape) -> float:
    """A value that ``repeated_runs`` can't exceed for five words and more: all words in a run of five seen before."""
    if "recurring" not in shape.memo:
        shape.memo["recurring"] = _covered_by_recurring(shape, 5) / max(1, len(shape.text))
    return shape.memo["recurring"]


def _covered_by_recurring(shape: TextShape, n: int) -> int:
    """Characters of the words that lie in a run of ``n`` words that occurred before."""
    hashes_G = run_hashes(shape.words.hashes_N, n)
    ordered_G = np.sort(hashes_G)
    if not (ordered_G[1:] == ordered_G[:-1]).any():
        return 0
    changes_N = np.zeros(shape.num_words + 1, dtype=np.int32)
    recurring = np.flatnonzero(_recurring(hashes_G))
    changes_N[recurring] += 1
    changes_N[recurring + n] -= 1
    covered_N = np.cumsum(changes_N[:-1]) > 0
    return int(shape.words.lengths_N[covered_N].sum())


def repeated_runs(n: int, shape: TextShape) -> float:
    """Share of the characters in runs of ``n`` words that occurred before, no word counted twice.

    Read from the left: after a run that occurred before, reading goes on behind it, and the runs that were passed over
    are not remembered.
    """
    hashes_G = run_hashes(shape.words.hashes_N, n)
    if not len(hashes_G):
        return 0.0
    recurs_G = _recurring(hashes_G)
    first_recurring = int(recurs_G.argmax())
    if not recurs_G[first_recurring]:
        return 0.0
    lengths_G = _run_lengths(shape, n).tolist()
    hashes = hashes_G.tolist()
    seen = set(hashes[:first_recurring])
    characters, index = 0, first_recurring
    while index < len(hashes):
        if hashes[index] in seen:
            characters += lengths_G[index]
            index += n
        else:
            seen.add(hashes[index])
            index += 1
    return characters / max(1, len(shape.text))


def line_rules(bounds: Mapping[str, float | None]) -> list[Rule]:
    """The rules on lines and paragraphs, in the order in which they are asked."""
    measures: dict[str, tuple[Measure, str]] = {
        "repeated_paragraphs": (repeated_paragraphs, "repeated paragraphs"),
        "repeated_paragraph_characters": (repeated_paragraph_characters, "long repeated paragraphs"),
        "repeated_lines": (repeated_lines, "repeated lines"),
        "repeated_line_characters": (repeated_line_characters, "long repeated lines"),
    }
    return [Rule(name, measure, "at most", bounds[name], reason) for name, (measure, reason) in measures.items()]


def run_rules(bounds: Mapping[str, float | None]) -> list[Rule]:
    """The rules on runs of words: the commonest of 2 to 4, and all that occurred before of 5 to 10."""
    rules = []
    for n in TOP_RUNS:
        name = f"top_{n}_words"
        ceiling = partial(_top_run_ceiling, n)
        rules.append(
            Rule(name, partial(top_run, n), "at most", bounds[name], f"one run of {n} words again and again", ceiling)
        )
    for n in REPEATED_RUNS:
        name = f"repeated_{n}_words"
        measure = partial(repeated_runs, n)
        rules.append(
            Rule(name, measure, "at most", bounds[name], f"repeated runs of {n} words", _repeated_runs_ceiling)
        )
    return rules
