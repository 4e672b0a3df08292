"""FineWeb's rules: lists, menus and broken lines, told by how lines end and how long they are.

Source: Penedo et al. 2024 (FineWeb), arXiv:2406.17557, section 3.6; counted as datatrove does, over lines that are not
blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from samovar.data.quality.rules import Rule
from samovar.data.quality.text_shape import TextShape

SENTENCE_ENDS = ".!?؟۔।॥։።‼⁇⁈⁉。．！？｡"
"""The marks that end a sentence, by Unicode's property Sentence_Terminal, in the larger scripts."""


def punctuated_lines(marks: tuple[str, ...], shape: TextShape) -> float:
    """Share of the lines that end with one of ``marks``; 1 where there is no line."""
    lines = shape.lines
    return sum(line.endswith(marks) for line in lines) / len(lines) if lines else 1.0


def short_lines(max_characters: int, shape: TextShape) -> float:
    """Share of the lines of at most ``max_characters``."""
    lines = shape.lines
    return sum(len(line) <= max_characters for line in lines) / len(lines) if lines else 0.0


def repeated_characters(shape: TextShape) -> float:
    """Share of the characters, line ends aside, in lines that repeat an earlier one."""
    lines = shape.lines
    seen = set(lines)
    if len(seen) == len(lines):
        return 0.0
    repeated = sum(map(len, lines)) - sum(map(len, seen))
    return repeated / (len(shape.text) - shape.text.count("\n"))


def line_ends_a_word(shape: TextShape) -> float:
    """Line ends, blank lines among them, by the number of words, punctuation among them."""
    return shape.text.count("\n") / max(1, shape.num_words)


def fineweb_rules(bounds: Mapping[str, float | None], *, marks: str, short_line_characters: int) -> list[Rule]:
    """The rules in the order in which they are asked."""
    punctuated = partial(punctuated_lines, tuple(marks))
    short = partial(short_lines, short_line_characters)
    return [
        Rule(
            "min_punctuated_lines",
            punctuated,
            "at least",
            bounds["min_punctuated_lines"],
            "few lines end as sentences do",
        ),
        Rule("max_short_lines", short, "at most", bounds["max_short_lines"], "many short lines"),
        Rule(
            "max_repeated_characters",
            repeated_characters,
            "at most",
            bounds["max_repeated_characters"],
            "repeated lines",
        ),
        Rule(
            "max_line_ends_a_word",
            line_ends_a_word,
            "at most",
            bounds["max_line_ends_a_word"],
            "a list rather than text",
        ),
    ]
