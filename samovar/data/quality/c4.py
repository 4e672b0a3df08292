"""C4's rules: lines that are no sentences go, then pages with too few sentences left.

Source: Raffel et al. 2020 (T5), JMLR 21(140), section 2.2, and the published code of C4; the rule on paragraphs is
mC4's (Xue et al. 2021, arXiv:2010.11934). The list of bad words is left to the toxicity step.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TERMINAL_MARKS = (".", "?", "!", '"', "'", "”", "»")
POLICY_PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
    "политика конфиденциальности",
    "политикой конфиденциальности",
    "политику конфиденциальности",
    "пользовательское соглашение",
    "использует cookie",
    "использует файлы cookie",
    "использование файлов cookie",
)

_CITATION = re.compile(r"\[(?:\d*|edit|citation needed|править|источник не указан[^\]]{0,40})\]")
# A sentence doesn't end before a small letter or, as in a dialogue, a dash.
_SENTENCE_END = re.compile(r"""([.!?…。！？]+)["'»”’)\]]*(?=\s+[^\sa-zа-яё—–-]|\s*$)""")
# Nor does it with a full stop after a title, an initial, or the last letter of "т.е.".
_SHORTENED = re.compile(r"(?:\b(?:[A-ZА-ЯЁ]|Mrs?|Dr|St|г|ул|им)|\.[а-яё])$")
_SHORTENED_CHARACTERS = 5


class LineRules(NamedTuple):
    """What a line must be to stay."""

    needs_terminal_mark: bool = True
    min_words: int = 3
    max_word_characters: int = 1000
    without_javascript: bool = True
    without_policy: bool = True
    without_citations: bool = True


class Sifted(NamedTuple):
    """The lines that stay, how many sentences they hold, and why the others went."""

    lines: list[str]
    num_sentences: int
    lost: dict[str, int]


def sift_lines(text: str, rules: LineRules) -> Sifted:
    """The lines of ``text`` that keep the rules, stripped, and without citations."""
    kept: list[str] = []
    lost: dict[str, int] = {}
    num_sentences = 0
    has_brackets = "[" in text
    for line in text.splitlines():
        line = line.strip()
        if has_brackets and rules.without_citations:
            line = _without_citations(line)
        if reason := _flaw(line, rules):
            lost[reason] = lost.get(reason, 0) + 1
            continue
        num_sentences += count_sentences(line)
        kept.append(line)
    return Sifted(kept, num_sentences, lost)


def _without_citations(line: str) -> str:
    while (shorter := _CITATION.sub("", line).strip()) != line:
        line = shorter
    return line


def _flaw(line: str, rules: LineRules) -> str:
    if rules.needs_terminal_mark and (not line.endswith(TERMINAL_MARKS) or line.endswith("...")):
        return "lines without a terminal mark" if line else "blank lines"
    words = line.split()
    if len(words) < rules.min_words:
        return "lines of few words" if line else "blank lines"
    if len(line) > rules.max_word_characters and max(map(len, words)) > rules.max_word_characters:
        return "lines with a very long word"
    lowered = line.lower()
    if rules.without_javascript and "javascript" in lowered:
        return "lines that speak of JavaScript"
    if rules.without_policy and any(phrase in lowered for phrase in POLICY_PHRASES):
        return "lines on cookies and terms of use"
    return ""


def count_sentences(line: str) -> int:
    """Sentences of a line: one for each end, and one more where the line doesn't end with an end."""
    if not line.strip():
        return 0
    ends = [match.end() for match in _SENTENCE_END.finditer(line) if not _is_shortened(line, match)]
    return len(ends) + (not ends or ends[-1] < len(line.rstrip()))


def _is_shortened(line: str, match: re.Match[str]) -> bool:
    begin = match.start()
    return match[1] == "." and _SHORTENED.search(line[max(0, begin - _SHORTENED_CHARACTERS) : begin]) is not None


def third_longest_line(lines: list[str]) -> int:
    """Characters of the third longest line; 0 where there are fewer than three."""
    return sorted(map(len, lines))[-3] if len(lines) >= 3 else 0
